from pathlib import Path

import pytest

from ontarget.documents.text_file import LineNumbers, decoded
from ontarget.errors import UserError

PATH = Path("a.txt")


@pytest.mark.parametrize(
    ("data", "declared", "sentence"),
    [
        (b"ok\ncaf\xe9", None, "is not UTF-8: line 2, byte 4"),
        (b"\xff\xfea", None, "is broken UTF-16"),
        ("text".encode("utf-16-le"), None, "is UTF-16 without a byte order mark"),
        (b"a", "klingon", "declares the unknown encoding 'klingon'"),
        (b"caf\xe9", "ascii", "declares the encoding 'ascii', but byte 4"),
    ],
)
def test_text_in_another_encoding(data: bytes, declared: str | None, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        decoded(data, PATH, declared)


def test_encodings() -> None:
    assert decoded(b"\xef\xbb\xbfa\r\n", PATH, "latin1").text == "a\r\n"  # the mark is right
    assert decoded(b"caf\xe9", PATH, "latin1").text == "café"
    assert decoded("é".encode("utf-16"), PATH).text == "é"


def test_lines_of_positions() -> None:
    lines = LineNumbers("a\nb\n\nc")
    assert [lines.at(place) for place in range(6)] == [
        "line 1",
        "line 1",
        "line 2",
        "line 2",
        "line 3",
        "line 4",
    ]
