"""The texts in a file that is handed to a scorer, whatever its form: told by its content, not its name."""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from ontarget.corpora.json_text import named_json, text_or_records
from ontarget.corpora.opening import opened
from ontarget.corpora.plain import lines_in
from ontarget.errors import UserError
from ontarget.scoring.keys import Wanted, reader_of
from ontarget.scoring.wmt import is_markup, texts_of
from ontarget.text import in_one_line


def texts_of_file(path: Path, wanted: Wanted) -> Iterator[str]:
    """The texts of a file, compressed or not.

    Raises:
        UserError: it cannot be read, or see `texts_in`.
    """
    with opened(path) as file:
        yield from texts_in(file, f"'{path}'", wanted, surely_json=named_json(path.name))


def texts_in(file: BinaryIO, name: str, wanted: Wanted, *, surely_json: bool = False) -> Iterator[str]:
    """The lines of plain text, or the wanted texts of JSON, of WMT's XML, or of SGM.

    Plain text and JSON lines are read as they come; anything else is in memory as a whole.

    Args:
        file: open, decompressed.
        name: what messages call it.
        wanted: which texts, where there are several by name.
        surely_json: it is called JSON, so anything else in it is a mistake.
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
    read, empty = reader_of(wanted), True
    for where, record in records:
        empty = False
        yield in_one_line(read(record, where))
    if empty:
        raise UserError(f"{name} has no records; it must hold one for each segment")
