import hashlib
from pathlib import Path

import pytest

from ontarget.corpora.catalogue.folder import data_folder, find, record, recorded
from ontarget.errors import UserError


def test_the_folder_is_the_one_named_or_the_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("ONTARGET_DATA", "~/mine")
    assert data_folder() == tmp_path / "mine"
    monkeypatch.delenv("ONTARGET_DATA")
    monkeypatch.delenv("ONTARGET_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert data_folder() == tmp_path / ".cache" / "ontarget" / "data"


def test_a_file_may_be_compressed(tmp_path: Path) -> None:
    (tmp_path / "a.gz").touch()
    assert find(tmp_path, "a") == tmp_path / "a.gz"
    assert find(tmp_path, "a.gz") == tmp_path / "a.gz"
    assert find(tmp_path, "b") is None


def test_checksums_are_kept_as_sha256sum_writes_them(tmp_path: Path) -> None:
    abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert recorded(tmp_path) == {}
    record(tmp_path, {"x": abc, "b/y": "0" * 64})
    record(tmp_path, {"b/y": "1" * 64})
    assert (tmp_path / "SHA256SUMS").read_text() == f"{'1' * 64}  b/y\n{abc}  x\n"
    assert recorded(tmp_path) == {"x": abc, "b/y": "1" * 64}


def test_other_forms_of_the_list_are_read(tmp_path: Path) -> None:
    value = hashlib.sha256(b"").hexdigest()
    (tmp_path / "SHA256SUMS").write_text(f"{value.upper()} *./a\n{value}  b c\n")
    assert recorded(tmp_path) == {"a": value, "b c": value}


@pytest.mark.parametrize("line", ["", "abc  a", f"{'0' * 64} a", "word"])
def test_a_list_that_is_none(tmp_path: Path, line: str) -> None:
    (tmp_path / "SHA256SUMS").write_text(f"{'0' * 64}  a\n{line}\n")
    with pytest.raises(UserError, match="SHA256SUMS', line 2 is not a checksum"):
        recorded(tmp_path)
