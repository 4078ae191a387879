"""Reads tables with one segment per row: TSV without quoting, as usual in machine translation, and CSV."""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path

from ontarget.corpora.corpus import Segment
from ontarget.corpora.plain import lines_of
from ontarget.corpora.rows import Columns, columns_of, language_called
from ontarget.errors import UserError, counted
from ontarget.languages import Language
from ontarget.text import is_empty

Rows = Iterator[tuple[int, list[str]]]
"""Each row with the number of its first line; a blank row has no cells."""

csv.field_size_limit(1 << 24)  # a segment may be longer than the default of 128 kB

SEPARATORS = ",;\t|"  # in CSV files
NAMED_SEPARATOR = "sep="  # beginning of a first line in which Excel names the separator
_BEGINNING = 50  # lines from which the separator is detected

# Part of an error message of the module csv -> the remedy.
_REMEDIES = {
    "unexpected end of data": "close the quote that opens there; a quote within quotes is written twice",
    "new-line character": "a carriage return (CR) is outside quotes; remove it, or end lines with LF",
    "field larger": "a cell is too long; check whether a quote that opens there is never closed",
}


def read_tsv(path: Path, languages: Sequence[Language], columns: Columns | None) -> Iterator[Segment | None]:
    """Segments of a file with tab-separated cells: a line is a row, and quotes are text.

    The first line names the columns, unless `columns` are given by number, from 1. If all names are in
    quotes, the file is read as CSV with tabs. Blank lines, also those with only tabs, give None.

    Raises:
        UserError: a row does not have the expected number of cells, the first row names the languages of
            numbered columns, or as in `opening.opened`.
    """
    begun, lines = _begun(path)
    names = next((line.split("\t") for line in begun if not is_empty(line)), [])
    if not _numbered(columns) and all(len(name) > 2 and name[0] == name[-1] == '"' for name in names):
        rows = _csv_rows(path, lines, "\t")
    else:
        rows = _tab_separated(lines)
    yield from _segments(path, rows, languages, columns)


def read_csv(path: Path, languages: Sequence[Language], columns: Columns | None) -> Iterator[Segment | None]:
    """Segments of a file of comma-separated values (RFC 4180): commas and line breaks in quotes are text.

    The separator may also be a semicolon, a tab or a bar, detected from the beginning of the file, or any
    character named in its first line (`sep=;`). Blank lines, also those with only separators, give None.

    Raises:
        UserError: as in `read_tsv`, or a quote is never closed.
    """
    rows = _rows(path, lambda begun: _separator(begun, languages, columns))
    yield from _segments(path, rows, languages, columns)


def csv_records(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Places and records of a file of comma-separated values; the first line has the names of the keys.

    Separators are those of `read_csv`. Blank lines are skipped.

    Raises:
        UserError: two columns have the same name, a row has another number of cells than the first line, or
            as in `read_csv`.
    """
    rows = ((number, cells) for number, cells in _rows(path, _widest) if cells)
    number, names = next(rows, (1, []))
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise UserError(
            f"'{path}', line {number}: {names.count(twice)} columns are called '{twice}'; rename one of them"
        )
    for number, cells in rows:
        if len(cells) != len(names):
            raise _ragged(path, number, len(cells), f"{len(names)}, like the first line")
        yield f"'{path}', line {number}", dict(zip(names, cells, strict=True))


def _rows(path: Path, separator: Callable[[Sequence[str]], str]) -> Rows:
    """The rows of a file of comma-separated values; `separator` detects the separator if no line names it."""
    begun, lines = _begun(path)
    if begun[0].startswith(NAMED_SEPARATOR) and len(begun[0]) == len(NAMED_SEPARATOR) + 1:
        next(lines)
        return _csv_rows(path, lines, begun[0][-1], first=2)
    return _csv_rows(path, lines, separator(begun))


def _begun(path: Path) -> tuple[list[str], Iterator[str]]:
    """The first lines of a file, and all its lines."""
    lines = lines_of(path)
    begun = list(islice(lines, _BEGINNING))
    return begun, chain(begun, lines)


def _segments(
    path: Path, rows: Rows, languages: Sequence[Language], columns: Columns | None
) -> Iterator[Segment | None]:
    number, cells = next(rows, (0, None))
    while cells == []:
        yield None
        number, cells = next(rows, (0, None))
    if columns is not None and _numbered(columns):
        places = {int(column) - 1: language for column, language in columns.items()}
        width = None
        if names := _header(cells or [], places):
            raise UserError(
                f"'{path}', line {number} names the languages ({', '.join(names)}), but numbered `columns` "
                "are for files without such a line; leave `columns` out, or write the names in place of the "
                "numbers"
            )
        rows = chain([(number, cells)] if cells else [], rows)
    else:
        if cells is None:
            raise UserError(f"'{path}' is empty; its first line must name the columns")
        names = [name.rstrip("\r") for name in cells]
        found = columns_of(names, languages, columns, f"'{path}', line {number}", countable=True)
        places = {names.index(name): language for name, language in found.items()}
        width = len(names)
    for number, cells in rows:
        if not cells:
            yield None
            continue
        if (width is not None and len(cells) != width) or max(places) >= len(cells):
            needed = f"{width}, like the first line" if width else f"at least {max(places) + 1}"
            raise _ragged(path, number, len(cells), needed)
        yield {language: cells[place] for place, language in places.items()}


def _header(cells: Sequence[str], places: Mapping[int, Language]) -> list[str]:
    """The cells in these places if each names its language, by code or in English; otherwise none."""
    names = [cells[place].strip(' \r"') for place in places if place < len(cells)]
    called = map(language_called, names)
    named = [
        name
        for name, of, language in zip(names, called, places.values(), strict=False)
        if of and language.covers(of)
    ]
    return named if len(named) == len(places) else []


def _ragged(path: Path, number: int, columns: int, needed: str) -> UserError:
    return UserError(
        f"'{path}', line {number} has {counted(columns, 'column')} but must have {needed}; "
        "correct or remove the line"
    )


def _numbered(columns: Columns | None) -> bool:
    return columns is not None and all(column.isdecimal() for column in columns)


def _tab_separated(lines: Iterable[str]) -> Rows:
    for number, line in enumerate(lines, start=1):
        cells = line.split("\t")
        yield number, [] if all(map(is_empty, cells)) else cells


def _csv_rows(path: Path, lines: Iterable[str], separator: str, first: int = 1) -> Rows:
    """`first` is the number of the first line."""
    read: list[str] = []  # the lines of a row
    rows = _csv(_noting(lines, read), separator)
    begin = first
    while True:
        begin += len(read)
        read.clear()
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            remedy = next((to_do for what, to_do in _REMEDIES.items() if what in str(error)), None)
            raise UserError(
                f"'{path}', line {begin} is not CSV ({error}); "
                f"{remedy or 'a quote within quotes is written twice'}"
            ) from None
        # `"",""` is a segment without text; spreadsheets write `,` for a blank line.
        blank = all(map(is_empty, cells)) and not any('"' in line for line in read)
        yield begin, [] if blank else cells


def _csv(lines: Iterable[str], separator: str) -> Iterator[list[str]]:
    return csv.reader((f"{line}\n" for line in lines), strict=True, delimiter=separator)


def _noting(lines: Iterable[str], read: list[str]) -> Iterator[str]:
    for line in lines:
        read.append(line)
        yield line


def _separator(begun: Sequence[str], languages: Sequence[Language], columns: Columns | None) -> str:
    """The first separator that gives the needed columns; if there is none, that with the most columns."""
    for separator in SEPARATORS:
        rows = _first_rows(begun, separator)
        if rows and _fits(rows, languages, columns):
            return separator
    return _widest(begun)


def _widest(begun: Sequence[str]) -> str:
    """The separator that gives the first row the most columns."""
    return max(SEPARATORS, key=lambda separator: len(next(iter(_first_rows(begun, separator)), [])))


def _first_rows(begun: Sequence[str], separator: str) -> list[list[str]]:
    """The rows in the beginning of a file, up to one that is not CSV or is not complete."""
    rows, read = list[list[str]](), _csv(begun, separator)
    while True:
        try:
            cells = next(read)
        except (StopIteration, csv.Error):
            return rows
        if not all(map(is_empty, cells)):
            rows.append(cells)


def _fits(rows: Sequence[list[str]], languages: Sequence[Language], columns: Columns | None) -> bool:
    if columns is not None and _numbered(columns):
        return len({len(cells) for cells in rows}) == 1 and len(rows[0]) >= max(map(int, columns))
    try:
        columns_of(rows[0], languages, columns, "")
    except UserError:
        return False
    return True
