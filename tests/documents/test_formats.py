from pathlib import Path

import pytest

from ontarget.documents import text_file
from ontarget.documents.formats import BINARY, DOCUMENTS, _readers, is_document, read_document
from ontarget.errors import UserError


def test_every_ending_has_a_reader() -> None:
    assert {*DOCUMENTS, ".txt"} == set(_readers())
    assert BINARY < DOCUMENTS
    assert is_document(Path("A.DOCX"))
    assert not is_document(Path("a.txt"))


def test_a_file_of_unknown_kind(tmp_path: Path) -> None:
    (tmp_path / "a.odt").write_text("x")
    with pytest.raises(UserError, match=r"is not a known kind of document; known are \.docx"):
        read_document(tmp_path / "a.odt")


def test_a_file_that_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_file, "_LARGEST", 3)
    (tmp_path / "a.md").write_text("abcd")
    with pytest.raises(UserError, match="too much for one document; split it"):
        read_document(tmp_path / "a.md")
