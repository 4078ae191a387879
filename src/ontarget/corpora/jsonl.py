"""JSON lines: a record in each line."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from ontarget.corpora.corpus import Segment
from ontarget.corpora.plain import lines_of
from ontarget.corpora.rows import Columns, reader_of_records
from ontarget.errors import UserError
from ontarget.languages import Language


def read_jsonl(path: Path, languages: Sequence[Language], columns: Columns | None) -> Iterator[Segment]:
    """Records such as {"de": ..., "fr": ...}, {"translation": {"de": ..., "fr": ...}}, or with named keys.

    Raises:
        UserError: a line is no JSON, or no such record, or see `opening.opened`.
    """
    segment_of = reader_of_records(languages, columns)
    for number, line in enumerate(lines_of(path), start=1):
        if not line.strip():
            continue
        where = f"'{path}', line {number}"
        try:
            record = json.loads(line)
        except ValueError as error:
            raise UserError(f"{where} is no JSON ({error}); write one record a line") from None
        except RecursionError:
            raise UserError(f"{where} is nested too deeply; write one record a line") from None
        yield segment_of(record, where)
