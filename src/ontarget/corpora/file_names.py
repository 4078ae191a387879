"""Which file a pattern such as `train.{language}` means: as the recipe wrote the code, or spelt otherwise."""

import re
from glob import escape
from pathlib import Path

from ontarget.errors import UserError
from ontarget.files import expanded
from ontarget.languages import Direction, Language

_PLACE = re.compile(r"(\{language\}|\{direction\})")


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
            f"{', '.join(map(repr, map(str, others)))}; write its code in `languages` as in the name of the "
            "file that is meant"
        )
    return others[0] if others else written


def _filled(pattern: str, codes: dict[str, str]) -> str:
    return _PLACE.sub(lambda match: codes.get(match[0], match[0]), pattern)


def _spelt_otherwise(pattern: Path, language: Language, direction: Direction | None) -> list[Path]:
    """The files whose names fit the pattern and have some code of the language, and of the direction."""
    pieces = _PLACE.split(str(pattern))
    wildcard = "".join("*" if _PLACE.fullmatch(piece) else escape(piece) for piece in pieces)
    seen, expression = set[str](), ""
    for piece in pieces:
        group = piece.strip("{}")
        if not _PLACE.fullmatch(piece):
            expression += re.escape(piece)
        elif group in seen:
            expression += f"(?P={group})"
        else:
            expression += f"(?P<{group}>[^/]+?)"
            seen.add(group)
    fitting = []
    folder = Path(pattern.anchor)  # empty where the pattern is relative
    for path in sorted(folder.glob(wildcard.removeprefix(pattern.anchor))):
        named = re.fullmatch(expression, str(path))
        if named is not None and _means(named.groupdict(), language, direction):
            fitting.append(path)
    return fitting


def _means(codes: dict[str, str], language: Language, direction: Direction | None) -> bool:
    try:
        return Language(codes["language"]) == language and (
            "direction" not in codes or Direction.parse(codes["direction"]) == direction
        )
    except UserError:
        return False
