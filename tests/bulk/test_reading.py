import gzip
import os
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from ontarget.bulk.inputs import BulkInput
from ontarget.bulk.reading import BulkFile, keep_stream
from ontarget.corpora.opening import digest
from ontarget.errors import UserError


def file_of(path: Path, column: str | None = None) -> BulkFile:
    return BulkFile(path, f"'{path.name}'", column)


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "a.de.gz"
    path.write_bytes(gzip.compress("\ufeffein\r\n\nzwei\u2028drei".encode()))
    return path


def test_lines_of_a_compressed_file(text: Path) -> None:
    assert list(file_of(text).segments()) == ["ein", "", "zwei\u2028drei"]
    survey = file_of(text).survey()
    assert (survey.lines, survey.sha256) == (3, digest(text))


def test_an_empty_file_has_no_segments(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    assert list(file_of(tmp_path / "empty").segments()) == []
    assert file_of(tmp_path / "empty").survey().lines == 0


def test_a_fault_in_the_last_line_is_found_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"gut\n" * 5000 + b"\xff\n")
    with pytest.raises(UserError, match="'a' is not UTF-8: line 5001"):
        file_of(tmp_path / "a").survey()


def test_text_has_no_columns(text: Path) -> None:
    with pytest.raises(UserError, match=r"but 'a\.de\.gz' is neither"):
        file_of(text, "de").survey()


def table(path: Path, columns: Mapping[str, Sequence[Any]]) -> BulkFile:
    pyarrow = pytest.importorskip("pyarrow", reason="comes with the extra `data`")
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pyarrow.table(dict(columns)), path)
    return file_of(path)


def test_the_only_text_column_of_parquet(tmp_path: Path) -> None:
    file = table(tmp_path / "a", {"id": [1, 2, 3], "de": ["ein", None, "zwei\nZeilen"]})
    assert list(file.segments()) == ["ein", "", "zwei\nZeilen"]
    assert file.survey().lines == 3


def test_a_field_of_a_column(tmp_path: Path) -> None:
    rows = [{"de": "ein", "en": "one"}, None, {"de": "zwei", "en": "two"}]
    table(tmp_path / "a", {"translation": rows})
    assert list(file_of(tmp_path / "a", "translation.de").segments()) == ["ein", "", "zwei"]


def test_several_columns_of_text_need_a_choice(tmp_path: Path) -> None:
    file = table(tmp_path / "a", {"de": ["ein"], "en": ["one"], "n": [1]})
    with pytest.raises(UserError, match=r"'a' has 2 columns of text \(de, en\); choose one with --column"):
        file.survey()
    with pytest.raises(UserError, match="'a' has no column 'ed', but de, en"):
        file_of(tmp_path / "a", "ed").survey()
    with pytest.raises(UserError, match="has no columns of text; give another file"):
        table(tmp_path / "b", {"n": [1]}).survey()


def test_names_with_dots(tmp_path: Path) -> None:
    table(tmp_path / "a", {"a.b": ["ein", None], "a": [{"c.d": "un", "n": 1}, None], "n": [1, 2]})
    assert list(file_of(tmp_path / "a", "a.b").segments()) == ["ein", ""]
    assert list(file_of(tmp_path / "a", "a.c.d").segments()) == ["un", ""]


@pytest.mark.parametrize("kind", ["dictionary", "string_view", "large_string"])
def test_text_in_other_forms(tmp_path: Path, kind: str) -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="comes with the extra `data`")
    types = {"dictionary": pyarrow.dictionary(pyarrow.int32(), pyarrow.string())}
    wanted = types.get(kind) or getattr(pyarrow, kind)()
    cells = pyarrow.array(["ein", None, "ein", "zwei"]).cast(wanted)
    file = table(tmp_path / "a", {"de": cells, "n": [1, 2, 3, 4]})
    assert list(file.segments()) == ["ein", "", "ein", "zwei"]


def test_a_column_without_text_is_named_with_its_type(tmp_path: Path) -> None:
    table(tmp_path / "a", {"de": ["ein"], "raw": [b"ein"], "all": [["ein"]]})
    with pytest.raises(
        UserError, match=r"^'a' has no text in the column 'raw' \(binary\), but in de; choose one$"
    ):
        file_of(tmp_path / "a", "raw").survey()
    with pytest.raises(UserError, match=r"'a' has no text in the column 'all' \(list<.*>\), but in de"):
        file_of(tmp_path / "a", "all").survey()
    table(tmp_path / "b", {"raw": [b"ein"]})
    with pytest.raises(UserError, match="'b' has no columns of text; give another file"):
        file_of(tmp_path / "b", "raw").survey()


@pytest.mark.parametrize("column", [None, "de"])
@pytest.mark.parametrize("other", [["zwei"], [2]])
def test_two_columns_of_the_same_name_are_refused(
    tmp_path: Path, column: str | None, other: list[str] | list[int]
) -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="comes with the extra `data`")
    both = pyarrow.Table.from_arrays([pyarrow.array(["ein"]), pyarrow.array(other)], ["de", "de"])
    pytest.importorskip("pyarrow.parquet").write_table(both, tmp_path / "a")
    with pytest.raises(UserError, match=r"^'a' has several columns named 'de'; rename all but one$"):
        file_of(tmp_path / "a", column).survey()


def test_a_column_is_not_confused_with_a_field(tmp_path: Path) -> None:
    table(tmp_path / "a", {"a.b": ["ein"], "a": [{"b": "un"}]})
    with pytest.raises(UserError, match=r"has several columns named 'a\.b'"):
        file_of(tmp_path / "a", "a.b").survey()


def test_broken_parquet_is_one_sentence(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow")
    (tmp_path / "a").write_bytes(b"PAR1 and no more")
    with pytest.raises(UserError, match="'a' is a broken Parquet file"):
        file_of(tmp_path / "a").survey()


def test_a_pipe_is_kept_decompressed(tmp_path: Path) -> None:
    pipe, copy = tmp_path / "pipe", tmp_path / "copy"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(gzip.compress(b"ein\nzwei\n")))
    writer.start()
    keep_stream(BulkInput(pipe, "'pipe'", tmp_path / "out", "out"), copy)
    writer.join()
    assert copy.read_bytes() == b"ein\nzwei\n"
