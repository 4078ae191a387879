"""Reads JSON lines, with one record per line."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ontarget.corpora.corpus import Segment
from ontarget.corpora.json_text import parsed
from ontarget.corpora.plain import lines_of
from ontarget.corpora.rows import Columns, names_in, reader_of_records
from ontarget.languages import Language


def read_jsonl(path: Path, languages: Sequence[Language], columns: Columns | None) -> Iterator[Segment]:
    """Segments of records such as {"de": ..., "fr": ...}, {"translation": {"de": ..., "fr": ...}}, or others.

    Raises:
        UserError: a line is not JSON or not such a record, or as in `opening.opened`.
    """
    segment_of = reader_of_records(languages, columns)
    for record, where in _records(path):
        yield segment_of(record, where)


def keys_of(path: Path) -> list[str]:
    """The keys of the first record that may be languages, for messages."""
    return next((names_in(record) for record, _ in _records(path)), [])


def _records(path: Path) -> Iterator[tuple[Any, str]]:
    """Each record with its place in the file."""
    for number, line in enumerate(lines_of(path), start=1):
        if line.strip():
            where = f"'{path}', line {number}"
            yield parsed(line, where, "write one record per line"), where
