"""Derives language, direction and system of a file of translations from its name.

It understands names such as `hyp.de`, `system/en-de.txt` and `deu_Latn.txt.gz`, and those of WMT's releases
and of mt-metrics-eval: `en-de/SystemA.txt`, `newstest2019.SystemA.6926.en-de`, `newstest2019-ende-ref.de`,
`generaltest2023.en-de.hyp.SystemA.de`. An ambiguous name is an error; a pattern resolves it.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

from ontarget.corpora.file_names import CODE, files_that_fit, is_pattern
from ontarget.errors import UserError
from ontarget.languages import Direction, Language

STDIN = "-"
EXAMPLES = "hyp.de, en-de.txt or de/hyp.txt"
_FORMATS = frozenset(
    ["bz2", "csv", "gz", "json", "jsonl", "sgm", "sgml", "text", "tsv", "txt", "xml", "xz", "zst"]
)
_WORDS = frozenset(["bin", "min", "new", "run", "src", "tok"])
"""Language codes that are usually words in file names (`src` is also Sardinian)."""
_MACHINE_TRANSLATION = "mt"  # means Maltese only if the name has no other code
_INSTRUCTED = "-it"  # in gemma-2-9b-it it means tuned on instructions, not Italian
_AT_DOT = re.compile(r"(?<!\d)\.|\.(?!\d)")  # but not the dot in v1.2
_Code = TypeVar("_Code", Language, Direction)


@dataclass(frozen=True, slots=True)
class Named:
    """A file and the information in its name.

    Attributes:
        path: the path as the user may write it.
        system: the parts of the path without codes and formats; the part of the file name is last.
        language: the language of the text, if the name has a single code.
        direction: the direction, if the name has one.
    """

    path: str
    system: tuple[str, ...]
    language: Language | None = None
    direction: Direction | None = None

    @property
    def tells(self) -> bool:
        """Whether the name contains a language."""
        return self.language is not None or self.direction is not None

    @property
    def target(self) -> Language | None:
        """The target language of translations with this name."""
        return self.language or (self.direction.target if self.direction else None)

    @property
    def source(self) -> Language | None:
        """The source language of translations with this name."""
        return self.direction.source if self.direction else None


def files_of(name: str) -> list[Named]:
    """The files that the user names: one file, all files of a folder, or those that match a pattern.

    Sub-folders are included, hidden files are not.

    Raises:
        UserError: there are no files, or a file's name is ambiguous.
    """
    if name == STDIN:
        return [Named(STDIN, (STDIN,))]
    if is_pattern(name):
        fitting = (_of_pattern(name, *fit) for fit in files_that_fit(name))
        found = sorted((file for file in fitting if file is not None), key=_by_system)
        if not found:
            hint = "; * is not a wildcard, use {system}" if "*" in name else ""
            raise UserError(f"no file fits '{name}'; check the folder and the names of its files{hint}")
        return found
    path = Path(name)
    if not path.exists():
        raise UserError(f"there is no file '{name}'")
    if not path.is_dir():
        return [named(path, path.absolute().parent.parts[-1:])]
    inside = [file.relative_to(path) for file in sorted(path.rglob("*")) if file.is_file()]
    shown = [file for file in inside if not any(part.startswith(".") for part in file.parts)]
    if not shown:
        raise UserError(
            f"'{name}' has no outputs; put files there whose names contain the language ({EXAMPLES}); "
            "a run writes them to outputs/<system>/<direction>.jsonl, such as outputs/mt/it-nl.jsonl"
        )
    own = path.absolute().name
    return sorted((named(path / file, (own, *file.parts[:-1])) for file in shown), key=_by_system)


def named(path: Path, folders: Sequence[str]) -> Named:
    """Interprets a file's name and, where the name is not enough, the names of its folders.

    Args:
        path: the file.
        folders: names of the folders that may contain its language, the innermost last.

    Raises:
        UserError: the name is ambiguous.
    """
    tokens = _without_format(path.name)
    found = [code for code in map(_read, tokens) if code is not None]
    above = [code for code in map(_read, reversed(folders)) if code is not None]
    if not found and above:
        found = above[:1]
    if not found:
        tokens, found = _by_ending(tokens)
    direction = _only(path, [code for code in found if isinstance(code, Direction)])
    direction = direction or _joined(path.name)
    languages = [code for code in found if isinstance(code, Language)]
    if direction is not None:  # its codes are the better evidence: `en-de.gemma.it`
        languages = [language for language in languages if language in direction.sides]
    else:
        languages = [code for code in languages if not _is_weak(code)] or languages
    language = _only(path, languages)
    if direction is None and language is not None:
        around = (code for code in above if isinstance(code, Direction) and language in code.sides)
        direction = next(around, None)
    used = {language, direction, *(direction.sides if direction else ())} - {None}
    left = [token for token in tokens if token and _read(token) not in used]
    depth = len(folders)
    outer = path.absolute().parts[1 : -1 - depth]
    inner = [folder for folder in folders if _read(folder) not in used]
    return Named(str(path), _system(*outer, *inner, ".".join(left)), language, direction)


def short_names(systems: Iterable[tuple[str, ...]]) -> dict[tuple[str, ...], str]:
    """Short names for systems: the parts of their paths that not all systems share."""
    different = list(dict.fromkeys(systems))
    if len(different) == 1:
        return {system: system[-1] for system in different}
    shared = _shared(different)
    rest = {system: list(system[shared:] or system[-1:]) for system in different}
    if all(len(left) == 1 for left in rest.values()):
        tokens = {system: _AT_DOT.split(left[0]) for system, left in rest.items()}
        first = _shared([one[:-1] for one in tokens.values()])
        last = _shared([one[:first:-1] for one in tokens.values()])
        rest = {system: [".".join(one[first : len(one) - last])] for system, one in tokens.items()}
    names = {system: "/".join(left) for system, left in rest.items()}
    return names if len(set(names.values())) == len(names) else {one: "/".join(one) for one in different}


def _shared(lists: Sequence[Sequence[str]]) -> int:
    """The number of items with which all lists begin."""
    return next(
        (n for n, items in enumerate(zip(*lists, strict=False)) if len(set(items)) > 1), min(map(len, lists))
    )


def _by_system(file: Named) -> tuple[tuple[str, ...], str]:
    return file.system, file.path


def _of_pattern(pattern: str, path: Path, places: dict[str, str]) -> Named | None:
    """A file that matches a pattern; None if the text at a place is not a language."""
    try:
        language = Language(places["language"]) if "language" in places else None
        direction = Direction.parse(places["direction"]) if "direction" in places else None
    except UserError:
        return None
    if "system" in places:
        return Named(str(path), (places["system"],), language, direction)
    closed = re.sub(r"\{\w+\}", "", str(Path(pattern).absolute()))
    *outer, last = closed.split("/")
    kept = [token.strip("-_") for token in _without_format(last)]
    return Named(str(path), _system(*outer, ".".join(filter(None, kept))), language, direction)


def _system(*parts: str) -> tuple[str, ...]:
    """Drops empty parts, which were only a code; if no part is left, the root of the disk is the name."""
    return tuple(filter(None, parts)) or ("/",)


def _without_format(name: str) -> list[str]:
    tokens = name.split(".")
    while len(tokens) > 1 and tokens[-1].lower() in _FORMATS:
        tokens.pop()
    return tokens


@cache
def _read(token: str) -> Language | Direction | None:
    """The language or direction whose code the whole token is."""
    try:
        if re.fullmatch(CODE, token):
            language = Language(token)
            bare = len(token) == 3  # there are thousands of such codes; only codes with a name in CLDR count
            return None if token in _WORDS or (bare and language.name() == token) else language
        if re.fullmatch(f"{CODE}-{CODE}", token):
            direction = Direction.parse(token)
            return direction if all(_read(side.written) for side in direction.sides) else None
    except UserError:
        pass
    return None


def _is_weak(code: Language | Direction) -> bool:
    """Whether a code counts only if there is no other: three letters are often a word, `mt` a system."""
    return isinstance(code, Language) and (
        code.written == _MACHINE_TRANSLATION or (len(code.written) == 3 and code.written.isalpha())
    )


def _by_ending(tokens: list[str]) -> tuple[list[str], list[Language | Direction]]:
    """The code that the last token ends in, as in `nllb_deu_Latn`, and the tokens without it."""
    *before, last = tokens
    for separator in re.finditer("[-_]", last):
        code = _read(last[separator.end() :])
        if code and not _is_weak(code) and last[separator.start() :] != _INSTRUCTED:
            return [*before, last[: separator.start()]], [code]
    return tokens, []


def _joined(name: str) -> Direction | None:
    """The direction in names of WMT's references and sources until 2020: `newstest2019-ende-ref.de`."""
    found = re.search("-([a-z]{2})([a-z]{2})-(?:ref|src)", name)
    direction = _read(f"{found[1]}-{found[2]}") if found else None
    return direction if isinstance(direction, Direction) else None


def _only(path: Path, codes: Sequence[_Code]) -> _Code | None:
    different = list(dict.fromkeys(codes))
    if len(different) > 1:
        raise UserError(
            f"the name of '{path}' may mean {' or '.join(str(code) for code in different)}; give a pattern "
            f"that marks the place of the code, such as '{_suggested(path, different[-1])}'"
        )
    return different[0] if different else None


def _suggested(path: Path, code: Language | Direction) -> str:
    place = "{direction}" if isinstance(code, Direction) else "{language}"
    before, _, after = str(path).rpartition(code.written)
    return f"{before}{place}{after}"
