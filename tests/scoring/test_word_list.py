import gzip
from pathlib import Path

import pytest

from ontarget.errors import UserError
from ontarget.scoring.word_list import read_word_list, signature_of


@pytest.mark.parametrize("packed", [False, True])
def test_words_of_four_small_letters_or_more(tmp_path: Path, packed: bool) -> None:
    data = "A\nAdam\nbread\r\n  oven \n\ntea\nbread's\nNATO\nété\ncafé\n".encode()
    path = tmp_path / "words"
    path.write_bytes(gzip.compress(data) if packed else data)
    assert read_word_list(path) == {"bread", "oven", "bread's", "café"}


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (
            b"A\nBC\n",
            "has no word of 4 or more lower-case letters; give a file with one English word per line",
        ),
        (b"", "is empty"),
        (b"bread\n\xff\n", "is not UTF-8: line 2"),
    ],
)
def test_a_file_without_words_is_one_sentence(tmp_path: Path, data: bytes, complaint: str) -> None:
    path = tmp_path / "words"
    path.write_bytes(data)
    with pytest.raises(UserError, match=complaint):
        read_word_list(path)


def test_a_signature_tells_lists_of_one_length_apart() -> None:
    assert signature_of(["bread", "oven"]) == signature_of({"oven", "bread"})
    assert signature_of(["bread", "oven"]) != signature_of(["bread", "open"])
    assert signature_of(["bread", "oven"]).startswith("list-of-2@")
