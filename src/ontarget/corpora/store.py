"""Stores lines on disk and reads them on access, so that corpora of any size need little memory.

The segments from a reader are written once, as text and offsets of line ends, to a folder in the cache. Its
name is a fingerprint of all inputs. The files are then mapped into memory.
"""

import json
import mmap
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import overload

from ontarget.corpora.corpus import Part, Segment
from ontarget.errors import UserError
from ontarget.files import full_disk_said, whole_folder, write_json
from ontarget.languages import Direction, Language
from ontarget.text import in_one_line

# A segment (None: a blank line of a table), and the only direction that it serves, if any.
Serving = tuple[Segment | None, Direction | None]
Watch = Callable[[Iterator[Serving]], Iterator[Serving]]  # passes segments through, to show progress

# Raise it when the same files give other segments than before, so that the cache is rebuilt.
FORMAT = 3

_CONTENTS = "contents.json"
_BLOCK = 10_000  # lines that are read or written at a time


@dataclass(frozen=True, slots=True)
class Stored:
    """The content of a folder, and counts from when it was written.

    Attributes:
        parts: the parts of a split.
        left_out: number of segments in fewer than two of the languages.
        blank: number of blank lines in tables.
        line_breaks: number of segments in which line breaks became spaces.
    """

    parts: list[Part]
    left_out: int
    blank: int
    line_breaks: int


def write(folder: Path, languages: Sequence[Language], segments: Iterator[Serving]) -> None:
    """Stores segments, each text in one line (see text.py).

    Segments with the same languages and direction become a part. Segments in fewer than two of the languages,
    and blank lines of tables, are only counted.

    Raises:
        UserError: a text is not Unicode, or the disk is full.
    """
    with full_disk_said(folder), whole_folder(folder) as temporary:
        parts: dict[tuple[tuple[Language, ...], Direction | None], list[_Column]] = {}
        left_out = blank = line_breaks = 0
        for segment, direction in segments:
            if segment is None:
                blank += 1
                continue
            there = tuple(language for language in languages if language in segment)
            if len(there) < 2:
                left_out += 1
                continue
            if (there, direction) not in parts:
                number = len(parts)
                parts[there, direction] = [_Column(temporary / f"{number}.{language}") for language in there]
            broken = False
            for column, language in zip(parts[there, direction], there, strict=True):
                line = in_one_line(segment[language])
                broken |= line != segment[language]
                column.append(line)
            line_breaks += broken
        for column in chain.from_iterable(parts.values()):
            column.write()
        contents = [
            {"languages": list(map(str, there)), "direction": direction and str(direction)}
            for there, direction in parts
        ]
        noticed = {"left_out": left_out, "blank": blank, "line_breaks": line_breaks}
        write_json(temporary / _CONTENTS, {"parts": contents, **noticed})


def read(folder: Path) -> Stored:
    """Reads a folder made by `write`."""
    contents = json.loads((folder / _CONTENTS).read_text(encoding="utf-8"))
    parts = []
    for number, part in enumerate(contents["parts"]):
        lines = {Language(code): StoredLines(folder / f"{number}.{code}") for code in part["languages"]}
        parts.append(Part(lines, Direction.parse(part["direction"]) if part["direction"] else None))
    return Stored(parts, contents["left_out"], contents["blank"], contents["line_breaks"])


def mapped(path: Path) -> mmap.mmap | bytes:
    """The bytes of a file, mapped into memory."""
    if not path.stat().st_size:
        return b""  # nothing to map
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def numbers(path: Path) -> Sequence[int]:
    """64-bit integers of a file, mapped into memory."""
    return memoryview(mapped(path)).cast("q")


class StoredLines(Sequence[str]):
    """The lines of one language in one part."""

    def __init__(self, stem: Path) -> None:
        self._text = mapped(_text_of(stem))
        self._ends = numbers(_ends_of(stem))

    def __len__(self) -> int:
        return len(self._ends)

    def __iter__(self) -> Iterator[str]:
        for begin in range(0, len(self), _BLOCK):
            yield from self[begin : begin + _BLOCK]

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            begin, end, step = index.indices(len(self))
            if step != 1:
                return [self._line(number) for number in range(begin, end, step)]
            ends = list(self._ends[begin:end])
            begins = [self._ends[begin - 1] if begin else 0, *ends]
            return [str(self._text[a:b], "utf-8") for a, b in zip(begins, ends, strict=False)]
        return self._line(range(len(self))[index])

    def _line(self, number: int) -> str:
        return str(self._text[self._ends[number - 1] if number else 0 : self._ends[number]], "utf-8")


class _Column:
    """Writes the lines of one language block by block, so that no file stays open."""

    def __init__(self, stem: Path) -> None:
        self._stem, self._end = stem, 0
        self._text, self._ends = bytearray(), array("q")

    def append(self, line: str) -> None:
        try:
            text = line.encode("utf-8")
        except UnicodeEncodeError as error:
            raise UserError(
                f"a text has half of a surrogate pair at its character {error.start + 1} and is not Unicode: "
                f"'{line[:60].encode('ascii', 'backslashreplace').decode()}'; correct or remove it"
            ) from None
        self._text += text
        self._end += len(text)
        self._ends.append(self._end)
        if len(self._ends) == _BLOCK:
            self.write()

    def write(self) -> None:
        """Writes the current block."""
        for path, waiting in ((_text_of(self._stem), self._text), (_ends_of(self._stem), self._ends)):
            with path.open("ab") as file:
                file.write(waiting)
        self._text, self._ends = bytearray(), array("q")


def _text_of(stem: Path) -> Path:
    return stem.with_name(f"{stem.name}.text")


def _ends_of(stem: Path) -> Path:
    return stem.with_name(f"{stem.name}.ends")
