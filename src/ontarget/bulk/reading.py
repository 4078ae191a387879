"""Reads the segments of an input one after another: lines of text, or a text column of Parquet."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any, cast

from ontarget.bulk.inputs import STANDARD_INPUT, BulkInput
from ontarget.corpora.opening import digest, opened, raw, standard_input, unpacked
from ontarget.corpora.plain import lines_in
from ontarget.errors import UserError, nearest

_PARQUET = b"PAR1"
ROWS = 10_000
"""Rows of Parquet that are read at a time."""


def no_columns(name: str) -> UserError:
    """The error for a column of a file that is not a table."""
    return UserError(
        f"--column is for Parquet and tab-separated columns (.tsv), but {name} is neither; save it as one of "
        "them, or omit --column"
    )


@dataclass(frozen=True, slots=True)
class Survey:
    """What a first pass over an input found.

    Attributes:
        lines: number of segments.
        sha256: of the file, before decompression.
    """

    lines: int
    sha256: str


@dataclass(frozen=True, slots=True)
class BulkFile:
    """A file to read.

    Attributes:
        path: the file.
        name: its name in messages.
        column: the column to translate if it is Parquet; None for its only text column.
    """

    path: Path
    name: str
    column: str | None = None

    def survey(self) -> Survey:
        """Reads the whole file, so that a fault in its last line is found before hours of work.

        Raises:
            UserError: it is broken, not UTF-8, or has no such column.
        """
        if self.is_parquet:
            with self.parquet() as table:
                self.text_column(table)
                return Survey(table.metadata.num_rows, digest(self.path))
        if self.column is not None:
            raise no_columns(self.name)
        return Survey(sum(1 for _ in self.segments()), digest(self.path))

    def segments(self) -> Iterator[str]:
        """Each segment; a missing value of Parquet is an empty text."""
        if self.is_parquet:
            yield from self._cells()
            return
        with opened(self.path) as file:
            if cast(BufferedReader, file).peek(1):  # an empty file among others has an empty translation
                yield from lines_in(file, self.name)

    @property
    def is_parquet(self) -> bool:
        """Whether the first bytes are those of Parquet."""
        with raw(self.path) as file:
            return file.peek(len(_PARQUET)).startswith(_PARQUET)

    @contextmanager
    def parquet(self) -> Iterator[Any]:
        """The open `pyarrow.parquet.ParquetFile`.

        Raises:
            UserError: it is broken, or pyarrow is not installed.
        """
        try:
            from pyarrow import ArrowException, parquet
        except ModuleNotFoundError:
            raise UserError("reading Parquet needs pyarrow: pip install 'ontarget[data]'") from None
        with raw(self.path) as file:
            try:
                yield parquet.ParquetFile(file)
            except (ArrowException, OSError, UnicodeDecodeError) as error:
                reason = str(error).strip().split("\n")[0]
                raise UserError(f"{self.name} is a broken Parquet file ({reason}); copy it again") from None

    def text_column(self, table: Any) -> tuple[str, ...]:
        """The path of the column to translate: `translation.de` is a field of a column, or a name with a dot.

        Raises:
            UserError: there is no such column, or more than one; or none is given and there are several
                columns of text.
        """
        schema = table.schema_arrow
        paths = list(_text_columns(schema))
        known = [".".join(path) for path in paths]
        if not known:
            raise UserError(f"{self.name} has no columns of text; give another file")
        if self.column is None and len(set(known)) > 1:
            several = f"{len(known)} columns of text ({', '.join(known)})"
            raise UserError(f"{self.name} has {several}; choose one with --column")
        column = known[0] if self.column is None else self.column
        if column not in known:
            has = f"no column '{column}', but"
            if column in schema.names:
                has = f"no text in the column '{column}' ({schema.field(column).type}), but in"
            hint = nearest(column, known) or "; choose one"
            raise UserError(f"{self.name} has {has} {', '.join(known)}{hint}")
        path = paths[known.index(column)]
        if known.count(column) > 1 or schema.names.count(path[0]) > 1:
            raise UserError(f"{self.name} has several columns named '{column}'; rename all but one")
        return path

    def _cells(self) -> Iterator[str]:
        with self.parquet() as table:
            column, *fields = path = self.text_column(table)
            for batch in table.iter_batches(ROWS, columns=[".".join(path)]):
                cells = batch.column(column)
                for field in fields:
                    cells = cells.field(field)
                yield from (cell or "" for cell in cells.to_pylist())


def _text_columns(fields: Any, *above: str) -> Iterator[tuple[str, ...]]:
    from pyarrow import types

    for field in fields:
        kind = field.type.value_type if types.is_dictionary(field.type) else field.type
        if types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind):
            yield (*above, field.name)
        elif types.is_struct(kind):
            yield from _text_columns(kind, *above, field.name)


def keep_stream(one: BulkInput, copy: Path) -> None:
    """Copies standard input or a pipe to a file, decompressed, because a bulk translation reads it twice.

    Raises:
        UserError: the stream is closed, or broken.
    """
    if str(one.path) == STANDARD_INPUT:
        with standard_input() as stream, copy.open("wb") as file:
            shutil.copyfileobj(stream, file)
    else:
        with raw(one.path) as pipe, unpacked(pipe, one.name) as stream, copy.open("wb") as file:
            shutil.copyfileobj(stream, file)
