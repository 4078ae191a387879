"""Finds the files for a pattern such as `train.{language}`, also with other codes of the language."""

import re
from collections.abc import Mapping
from glob import escape
from pathlib import Path

from ontarget.errors import UserError, nearest
from ontarget.files import expanded
from ontarget.languages import Direction, Language

CODE = r"[a-z]{2,3}(?:[-_][A-Za-z]{4})?(?:[-_](?:[A-Z]{2}|[0-9]{3}))?"
"""A language code in file names: `de`, `deu_Latn`, `zh-TW`; not every text that matches is a code."""
_PLACES = {"language": "[^/]+?", "direction": "[^/]+?"}
_PLACES_OF_OUTPUTS = {  # strict, so that the rest is clearly the system: `{system}_{language}`
    "language": f"{CODE}|[A-Z]{{2,3}}|[A-Za-z]{{4,}}",
    "direction": f"(?:{CODE})-(?:{CODE})",
    "system": "[^/]+?",
}
_PLACE = re.compile(r"(\{(?:language|direction)\})")


def path_of(pattern: str, language: Language, direction: Direction | None = None) -> Path:
    """The file of one language, with variables, `~`, `{language}` and `{direction}` filled in.

    The recipe's own code is tried first, then other codes of the same language: `train.deu_Latn` for `de`. If
    no file exists, the result is the path with the recipe's own code.

    Raises:
        UserError: the pattern has no `{language}`, or a variable that is not set; or several files have other
            codes of the language in their names.
    """
    if "{language}" not in pattern:
        raise UserError(f"the path '{pattern}' needs {{language}} in the place of the language's code")
    own = {"{language}": language.written}
    if direction is not None:
        own["{direction}"] = direction.written
    written = expanded(_filled(pattern, own))
    if written.exists():
        return written
    others = _spelt_otherwise(expanded(pattern), language, direction)
    if len(others) > 1:
        raise UserError(
            f"there is no file '{written}', but several for {language.name()}: "
            f"{', '.join(map(repr, map(str, others)))}; write the code as in the name of the right file"
        )
    return others[0] if others else written


def is_pattern(name: str) -> bool:
    """Whether a name has placeholders such as `{language}`, and is not the name of an existing file.

    Raises:
        UserError: a placeholder is not one of `{language}`, `{direction}` and `{system}`.
    """
    places = re.findall(r"(?<!\$)\{(\w*)\}", name)  # `${NAME}` is a variable
    if not places or Path(name).exists():
        return False
    known = [f"{{{place}}}" for place in _PLACES_OF_OUTPUTS]
    for place in (f"{{{place}}}" for place in places):
        if place not in known:
            hint = nearest(place, known) or f"; choose from {', '.join(known)}"
            raise UserError(f"'{place}' in '{name}' is not a placeholder{hint}")
    return True


def files_that_fit(pattern: str) -> list[tuple[Path, dict[str, str]]]:
    """The files that match a pattern with `{language}`, `{direction}` and `{system}`, sorted.

    Returns:
        Each file with the text at each placeholder, which may not be a language.
    """
    return [
        (path, places) for path, places in _fitting(expanded(pattern), _PLACES_OF_OUTPUTS) if path.is_file()
    ]


def _filled(pattern: str, codes: dict[str, str]) -> str:
    return _PLACE.sub(lambda match: codes.get(match[0], match[0]), pattern)


def _spelt_otherwise(pattern: Path, language: Language, direction: Direction | None) -> list[Path]:
    """The files that match the pattern with any code of the language and the direction."""
    return [path for path, codes in _fitting(pattern, _PLACES) if _means(codes, language, direction)]


def _fitting(pattern: Path, places: Mapping[str, str]) -> list[tuple[Path, dict[str, str]]]:
    """The paths that match a pattern, and the texts at its placeholders; `places` has their expressions."""
    pieces = re.split(rf"(\{{(?:{'|'.join(places)})\}})", str(pattern))
    wildcard, expression, seen = "", "", set[str]()
    for number, piece in enumerate(pieces):
        place = piece.strip("{}")
        if number % 2 == 0:  # between two places
            wildcard += escape(piece)
            expression += re.escape(piece)
            continue
        wildcard += "*"
        expression += f"(?P={place})" if place in seen else f"(?P<{place}>{places[place]})"
        seen.add(place)
    folder = Path(pattern.anchor)  # empty if the pattern is relative
    found = []
    for path in sorted(folder.glob(wildcard.removeprefix(pattern.anchor))):
        if named := re.fullmatch(expression, str(path)):
            found.append((path, named.groupdict()))
    return found


def _means(codes: dict[str, str], language: Language, direction: Direction | None) -> bool:
    try:
        return Language(codes["language"]) == language and (
            "direction" not in codes or Direction.parse(codes["direction"]) == direction
        )
    except UserError:
        return False
