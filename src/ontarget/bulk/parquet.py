"""Writes translations as a new column beside the columns of a Parquet file."""

from itertools import islice
from pathlib import Path

from ontarget.bulk.reading import ROWS, BulkFile
from ontarget.errors import UserError
from ontarget.files import whole_file


def check_parquet(file: BulkFile, target: Path, column: str) -> None:
    """Checks that a file can have its translation as a new column, before any work.

    Args:
        file: the input.
        target: the Parquet file to write.
        column: the name of the new column.
    Raises:
        UserError: the input is not Parquet, or has a column of this name.
    """
    if not file.is_parquet:
        raise UserError(
            f"{file.name} is not Parquet, so '{target}' cannot be; choose a name such as "
            f"'{target.with_suffix('.txt')}'"
        )
    with file.parquet() as table:
        if column in table.schema_arrow.names:
            raise UserError(
                f"{file.name} already has a column '{column}', as the translation would; "
                "rename it, or write text (-o FILE.txt)"
            )


def write_parquet(file: BulkFile, translations: Path, target: Path, column: str) -> None:
    """Writes the rows of a Parquet file with their translations in a last column.

    Args:
        file: the input.
        translations: a file of text, one line for each row.
        target: the Parquet file to write.
        column: the name of the new column.
    """
    import pyarrow
    from pyarrow import parquet

    with file.parquet() as table, translations.open("rb") as lines, whole_file(target) as temporary:
        schema = table.schema_arrow.append(pyarrow.field(column, pyarrow.string()))
        # Python opens the file, because pyarrow takes no name that is not UTF-8.
        with temporary.open("wb") as file_to_write, parquet.ParquetWriter(file_to_write, schema) as writer:
            for batch in table.iter_batches(ROWS):
                texts = [line.decode().removesuffix("\n") for line in islice(lines, batch.num_rows)]
                columns = [*batch.columns, pyarrow.array(texts, pyarrow.string())]
                writer.write_batch(pyarrow.RecordBatch.from_arrays(columns, schema=schema))
