from pathlib import Path

import pytest

from ontarget.corpora.parquet import read_parquet
from ontarget.errors import UserError
from ontarget.languages import Language

pyarrow = pytest.importorskip("pyarrow", reason="needs the extra `data`")
DE, FR = Language("de"), Language("fr")


def written(path: Path, columns: dict[str, list[object]]) -> Path:
    from pyarrow import parquet

    parquet.write_table(pyarrow.table(columns), path)
    return path


def test_columns_are_languages_or_given(tmp_path: Path) -> None:
    path = written(tmp_path / "x", {"id": [1, 2], "de": ["a", "b"], "fr": ["c", None]})
    assert list(read_parquet(path, [DE, FR], None)) == [{DE: "a", FR: "c"}, {DE: "b"}]
    path = written(tmp_path / "y", {"source": ["a"], "target": ["b"]})
    assert list(read_parquet(path, [DE, FR], {"source": DE, "target": FR})) == [{DE: "a", FR: "b"}]


def test_a_struct_of_translations(tmp_path: Path) -> None:
    path = written(tmp_path / "x", {"translation": [{"de": "a", "fr": "b"}], "score": [0.5]})
    for columns in (None, {"translation.de": DE, "translation.fr": FR}):
        assert list(read_parquet(path, [DE, FR], columns)) == [{DE: "a", FR: "b"}]


def test_a_file_that_is_cut_off_or_broken_is_told(tmp_path: Path) -> None:
    data = written(tmp_path / "x", {"de": ["a"] * 99, "fr": ["b"] * 99}).read_bytes()
    for broken in (data[:-20], data[:30] + data[45:], b"PAR1"):
        (tmp_path / "x").write_bytes(broken)
        with pytest.raises(UserError, match="x' is a broken Parquet file"):
            list(read_parquet(tmp_path / "x", [DE, FR], None))


def test_text_that_is_not_utf8_is_told(tmp_path: Path) -> None:
    latin1 = pyarrow.array(["schön".encode("latin-1")], pyarrow.binary()).view(pyarrow.string())
    path = written(tmp_path / "x", {"de": latin1, "fr": ["beau"]})
    with pytest.raises(
        UserError, match=r"x' is a broken Parquet file \('utf-8' codec can't decode byte 0xf6"
    ):
        list(read_parquet(path, [DE, FR], None))


def test_a_column_that_is_missing_or_holds_no_text_is_told(tmp_path: Path) -> None:
    path = written(tmp_path / "x", {"de": ["a"], "n": [1]})
    with pytest.raises(UserError, match="x': no column 'fr'; choose from 'de', 'n'"):
        list(read_parquet(path, [DE, FR], {"de": DE, "fr": FR}))
    with pytest.raises(UserError, match="x', row 1: the French must be text, but is 1"):
        list(read_parquet(path, [DE, FR], {"de": DE, "n": FR}))
