"""Reads Parquet files with pyarrow."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from ontarget.corpora.corpus import Segment
from ontarget.corpora.opening import raw
from ontarget.corpora.rows import Columns, columns_of, reader_of_records
from ontarget.errors import UserError
from ontarget.languages import Language

_ROWS = 10_000  # read at a time


def read_parquet(path: Path, languages: Sequence[Language], columns: Columns | None) -> Iterator[Segment]:
    """Segments of rows whose columns are languages, or with a struct of languages called `translation`.

    Raises:
        UserError: the file is broken or truncated, has no such columns, or pyarrow is not installed.
    """
    try:
        from pyarrow import ArrowException, parquet
    except ModuleNotFoundError:
        raise UserError("reading Parquet needs pyarrow: pip install 'ontarget[data]'") from None
    segment_of = reader_of_records(languages, columns)
    with raw(path) as file:
        try:
            table = parquet.ParquetFile(file)
            names = table.schema_arrow.names
            if "translation" in names and columns is None:
                wanted = ["translation"]
            else:
                given = columns and {key.split(".")[0]: language for key, language in columns.items()}
                wanted = list(columns_of(names, languages, given, f"'{path}'"))
            number = 0
            for batch in table.iter_batches(_ROWS, columns=wanted):
                for row in batch.to_pylist():
                    number += 1
                    yield segment_of(row, f"'{path}', row {number}")
        except (ArrowException, OSError, UnicodeDecodeError) as error:
            reason = str(error).strip().split("\n")[0]
            raise UserError(f"'{path}' is a broken Parquet file ({reason}); copy it again") from None
