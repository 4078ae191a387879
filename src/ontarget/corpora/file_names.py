"""Which file a pattern such as `train.{language}` means: as the recipe wrote the code, or spelt otherwise."""

import re
from collections.abc import Mapping
from glob import escape
from pathlib import Path

from ontarget.errors import UserError, nearest
from ontarget.files import expanded
from ontarget.languages import Direction, Language

CODE = r"[a-z]{2,3}(?:[-_][A-Za-z]{4})?(?:[-_](?:[A-Z]{2}|[0-9]{3}))?"
"""A language's code as it stands in names of files: `de`, `deu_Latn`, `zh-TW`; not every such text is one."""
_PLACES = {"language": "[^/]+?", "direction": "[^/]+?"}
_PLACES_OF_OUTPUTS = {  # strict, so that what is left for the system is clear: `{system}_{language}`
    "language": f"{CODE}|[A-Z]{{2,3}}|[A-Za-z]{{4,}}",
    "direction": f"(?:{CODE})-(?:{CODE})",
    "system": "[^/]+?",
}
_PLACE = re.compile(r"(\{(?:language|direction)\})")


def path_of(pattern: str, language: Language, direction: Direction | None = None) -> Path:
    """The file of one language: variables, `~`, `{language}` and `{direction}` of the pattern filled in.

    The code stands there as the recipe wrote it. Where there is no such file, one whose name has another code
    of the same language is taken: `train.deu_Latn` for `de`. Where there is none at all, the path is the one
    with the recipe's own code.

    Raises:
        UserError: the pattern has no `{language}`, or names a variable that is not set; or several files have
            another code of the language in their names.
    """
    if "{language}" not in pattern:
        raise UserError(f"the path '{pattern}' needs {{language}} where the language's code stands")
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
            f"{', '.join(map(repr, map(str, others)))}; write its code as in the name of the file that is "
            "meant"
        )
    return others[0] if others else written


def is_pattern(name: str) -> bool:
    """Whether a name leaves something open, such as `{language}`, and no file is called so.

    Raises:
        UserError: what it leaves open is none of `{language}`, `{direction}` and `{system}`.
    """
    places = re.findall(r"(?<!\$)\{(\w*)\}", name)  # `${NAME}` is a variable
    if not places or Path(name).exists():
        return False
    known = [f"{{{place}}}" for place in _PLACES_OF_OUTPUTS]
    for place in (f"{{{place}}}" for place in places):
        if place not in known:
            hint = nearest(place, known) or f"; there are {', '.join(known)}"
            raise UserError(f"'{place}' in '{name}' is not a placeholder{hint}")
    return True


def files_that_fit(pattern: str) -> list[tuple[Path, dict[str, str]]]:
    """The files that a pattern with `{language}`, `{direction}` and `{system}` may mean, sorted.

    Returns:
        Each with what stands in its places: text, which may not be a language.
    """
    return [
        (path, places) for path, places in _fitting(expanded(pattern), _PLACES_OF_OUTPUTS) if path.is_file()
    ]


def _filled(pattern: str, codes: dict[str, str]) -> str:
    return _PLACE.sub(lambda match: codes.get(match[0], match[0]), pattern)


def _spelt_otherwise(pattern: Path, language: Language, direction: Direction | None) -> list[Path]:
    """The files whose names fit the pattern and have some code of the language, and of the direction."""
    return [path for path, codes in _fitting(pattern, _PLACES) if _means(codes, language, direction)]


def _fitting(pattern: Path, places: Mapping[str, str]) -> list[tuple[Path, dict[str, str]]]:
    """The paths that fit a pattern, and what stands in its places, each given with its regular expression."""
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
    folder = Path(pattern.anchor)  # empty where the pattern is relative
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
