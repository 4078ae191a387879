"""Tables with a segment in each row: TSV as machine translation writes it, and CSV with its quotes."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from ontarget.corpora.corpus import Segment
from ontarget.corpora.plain import lines_of
from ontarget.corpora.rows import Columns, columns_of
from ontarget.errors import UserError, counted
from ontarget.languages import Language

csv.field_size_limit(1 << 24)  # a segment may be longer than the 128 kB that csv allows


def read_tsv(path: Path, languages: Sequence[Language], columns: Columns | None) -> Iterator[Segment]:
    """Rows of a file whose cells are parted by tabs; a quote is a quote, and a line is a row.

    The first line names the columns, unless `columns` are given by number, from 1.

    Raises:
        UserError: a row has not the cells that it should have, or see `opening.opened`.
    """
    yield from _segments(path, _tab_parted(path), languages, columns)


def read_csv(path: Path, languages: Sequence[Language], columns: Columns | None) -> Iterator[Segment]:
    """Rows of a file of comma-separated values (RFC 4180): what stands in quotes may hold commas and lines.

    Raises:
        UserError: as for `read_tsv`, or a quote is never closed.
    """
    yield from _segments(path, _comma_parted(path), languages, columns)


def _segments(
    path: Path, rows: Iterator[tuple[int, list[str]]], languages: Sequence[Language], columns: Columns | None
) -> Iterator[Segment]:
    numbered = columns is not None and all(column.isdecimal() for column in columns)
    if numbered:
        assert columns is not None
        places = {int(column) - 1: language for column, language in columns.items()}
        width = None
    else:
        number, header = next(rows, (0, []))
        if not header:
            raise UserError(f"'{path}' is empty; its first line should name the columns")
        found = columns_of(header, languages, columns, f"'{path}', line {number}")
        places = {header.index(name): language for name, language in found.items()}
        width = len(header)
    for number, cells in rows:
        if (width is not None and len(cells) != width) or max(places) >= len(cells):
            needed = f"{width}, like the first line" if width else f"at least {max(places) + 1}"
            raise UserError(
                f"'{path}', line {number} has {counted(len(cells), 'column')} and should have {needed}; "
                "mend the line or leave it out"
            )
        yield {language: cells[place] for place, language in places.items()}


def _tab_parted(path: Path) -> Iterator[tuple[int, list[str]]]:
    for number, line in enumerate(lines_of(path), start=1):
        yield number, line.split("\t")


def _comma_parted(path: Path) -> Iterator[tuple[int, list[str]]]:
    rows = csv.reader((f"{line}\n" for line in lines_of(path)), strict=True)
    while True:
        begin = rows.line_num + 1
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            raise UserError(
                f"'{path}', line {begin} is not CSV ({error}); a quote within quotes is written twice"
            ) from None
        if cells:
            yield begin, cells
