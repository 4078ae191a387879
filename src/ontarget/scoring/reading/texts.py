"""The texts in a file that is handed to a scorer, whatever its form: told by its content, not its name."""

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
    """The texts of a file, compressed or not; a file called .csv is a table whose first line names columns.

    Raises:
        UserError: it cannot be read, or see `texts_in`.
    """
    if _CSV.search(path.name):
        from ontarget.corpora.tables import csv_records

        yield from _of_records(csv_records(path), f"'{path}'", wanted, folded)
        return
    with opened(path) as file:
        yield from texts_in(file, f"'{path}'", wanted, surely_json=named_json(path.name), folded=folded)


def texts_in(
    file: BinaryIO, name: str, wanted: Wanted, *, surely_json: bool = False, folded: bool = True
) -> Iterator[str]:
    """The lines of plain text, or the wanted texts of JSON, of WMT's XML, or of SGM.

    Plain text and JSON lines are read as they come; anything else is in memory as a whole.

    Args:
        file: open, decompressed.
        name: what messages call it.
        wanted: which texts, where there are several by name.
        surely_json: it is called JSON, so anything else in it is a mistake.
        folded: a line break within a text of JSON becomes a space. Else a text of several lines (at LF) is
            given as it is.
    Raises:
        UserError: it is empty, broken, not UTF-8, or does not say which texts are wanted.
    """
    lines = lines_in(file, name)
    first = next(lines)  # there is one, or `lines_in` raises
    if is_markup(first):
        yield from texts_of("\n".join(chain([first], lines)), name, wanted)
        return
    text, records = text_or_records(chain([first], lines), name, surely=surely_json)
    if records is None:
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
        raise UserError(f"{name} has no records; it must hold one for each segment")
