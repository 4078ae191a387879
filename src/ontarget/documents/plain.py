"""Plain text and tables of tab-separated columns."""

import re
from pathlib import Path

from ontarget.documents.parts import Slot, Unit, written
from ontarget.documents.text_file import Decoded, TextDocument, decoded
from ontarget.errors import UserError, nearest

# Without the anchor, a file of blanks takes the square of its size.
PARAGRAPH = re.compile(r"^[^\S\n]*\S[^\n]*(?:\n[^\S\n]*\S[^\n]*)*", re.MULTILINE)
"""Lines without an empty one between them."""

_LINE = re.compile(r"[^\r\n]+")


def read_plain(data: bytes, path: Path) -> TextDocument:
    """A text file: its paragraphs, which empty lines separate."""
    file = decoded(data, path)
    slots, line, place = list[Slot](), 1, 0
    for found in PARAGRAPH.finditer(file.text):
        line += file.text.count("\n", place, found.start())
        place = found.start()
        slots.append(Slot(*found.span(), Unit((found[0],), f"line {line}", line=line), written()))
    return TextDocument(file, slots)


def read_columns(data: bytes, path: Path, column: str) -> TextDocument:
    """A file of tab-separated columns: the cells of one column.

    Args:
        data: the bytes of the file.
        path: its name in messages.
        column: the number of the column from 1, or its name in the first line, which is then not translated.
    Raises:
        UserError: there is no such column.
    """
    file = decoded(data, path)
    lines = list(_LINE.finditer(file.text))
    names = lines[0][0].split("\t") if lines else []
    if column in names:
        place, lines = names.index(column), lines[1:]
    elif column.isdecimal() and 0 < int(column) <= len(names):
        place = int(column) - 1
    else:
        raise UserError(
            f"'{path}' has no column '{column}'{nearest(column, names)}; it has {len(names)}, the first line "
            f"is {' | '.join(names)!r}"
        )
    return TextDocument(
        file, [slot for number, line in _numbered(file, lines) if (slot := _cell(line, place, number))]
    )


def _numbered(file: Decoded, lines: list[re.Match[str]]) -> list[tuple[int, re.Match[str]]]:
    numbered, number, place = [], 1, 0
    for line in lines:
        number += file.text.count("\n", place, line.start())
        place = line.start()
        numbered.append((number, line))
    return numbered


def _cell(line: re.Match[str], place: int, number: int) -> Slot | None:
    cells = line[0].split("\t")
    if place >= len(cells) or not cells[place]:
        return None
    start = line.start() + sum(len(cell) + 1 for cell in cells[:place])
    unit = Unit((cells[place],), f"line {number}")
    return Slot(start, start + len(cells[place]), unit, written(_in_cell))


def _in_cell(text: str) -> str:
    return re.sub(r"[\t\r\n]+", " ", text)
