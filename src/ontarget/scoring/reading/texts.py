"""Reads the texts of a file to score; the content decides the format, not the file's name."""

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from ontarget.corpora.json_text import Records, named_json, text_or_records
from ontarget.corpora.opening import opened
from ontarget.corpora.plain import lines_in
from ontarget.errors import UserError
from ontarget.scoring.reading.json_keys import Wanted, reader_of
from ontarget.scoring.reading.wmt import is_markup, texts_of
from ontarget.text import in_one_line

_CSV = re.compile(r"\.csv(\.\w+)?$", re.IGNORECASE)


def texts_of_file(path: Path, wanted: Wanted, *, folded: bool = True) -> Iterator[str]:
    """The texts of a file, compressed or not; the first line of a .csv file names its columns.

    Raises:
        UserError: the file cannot be read, or as in `texts_in`.
    """
    if _CSV.search(path.name):
        from ontarget.corpora.tables import csv_records

        yield from _of_records(csv_records(path), f"'{path}'", wanted, folded)
        return
    with opened(path) as file:
        yield from texts_in(file, f"'{path}'", wanted, surely_json=named_json(path.name), folded=folded)


def is_plain_text(path: Path) -> bool:
    """Whether a file is plain text, which holds a single text; JSON, CSV and WMT XML may hold several.

    A path that is not a regular file is not read: its content may be readable only once.

    Raises:
        UserError: the file cannot be read.
    """
    if not path.is_file() or _CSV.search(path.name) or named_json(path.name):
        return False
    with opened(path) as file:
        lines = lines_in(file, f"'{path}'")
        first = next(lines)
        return not is_markup(first) and text_or_records(chain([first], lines), f"'{path}'")[1] is None


def texts_in(
    file: BinaryIO, name: str, wanted: Wanted, *, surely_json: bool = False, folded: bool = True
) -> Iterator[str]:
    """The lines of plain text, or the wanted texts of JSON, WMT's XML or SGM.

    Plain text and JSON lines are streamed; other formats are read into memory as a whole.

    Args:
        file: the open, decompressed file.
        name: the file's name in messages.
        wanted: which texts to read if the format names several.
        surely_json: the file's name says JSON, so any other content is a mistake.
        folded: replaces a line break within a JSON text by a space. Otherwise a text of several lines (at LF)
            is given unchanged.
    Raises:
        UserError: the file is empty, broken or not UTF-8, or it is unclear which of its texts are wanted.
    """
    lines = lines_in(file, name)
    first = next(lines)  # `lines_in` raises if there is no line
    if is_markup(first):
        yield from texts_of("\n".join(chain([first], lines)), name, wanted)
        return
    text, records = text_or_records(chain([first], lines), name, surely=surely_json)
    if records is None:
        if wanted.keys and wanted.alone:
            raise UserError(f"{name} is plain text, which has no keys; omit {wanted.option}")
        yield from text
        return
    yield from _of_records(records, name, wanted, folded)


def _of_records(records: Records, name: str, wanted: Wanted, folded: bool) -> Iterator[str]:
    read, empty = reader_of(wanted), True
    for where, record in records:
        empty = False
        text = read(record, where)
        yield in_one_line(text) if folded or "\n" not in text else text
    if empty:
        raise UserError(f"{name} has no records; it must have one for each segment")
