from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ontarget.scoring.language_id.fasttext.words import Words


def spelled(words: Sequence[bytes]) -> NDArray[np.int64]:
    """A row that no other word has: its length, its sum."""
    return np.array([(len(word), sum(word)) for word in words], np.int64).reshape(-1, 2)


BYTES = st.integers(0, 255).map(lambda value: bytes([value])) | st.sampled_from(
    [b"a", b"bbbbbb", b" ", b"\xff"]
)
TEXT = st.lists(BYTES, max_size=40).map(b"".join)


@given(st.lists(TEXT, max_size=6), st.integers(0, 30))
def test_each_word_has_its_row_whatever_came_before(batches: list[bytes], most: int) -> None:
    words = Words(spelled, most)
    for batch in batches:
        numbers, rows = words.look_up(batch)
        assert rows[numbers].tolist() == spelled(batch.replace(b"\0", b" ").split()).tolist()


def test_words_of_seven_to_nine_bytes_are_told_apart() -> None:
    batch = (
        b"aaaaaaaa aaaaaaaaa aaaaaaa aaaaaaab baaaaaaa \xff\xff\xff\xff\xff\xff\xff\xff aaaaaaaa aaaaaaaaa"
    )
    numbers, rows = Words(spelled, 99).look_up(batch)
    assert rows[numbers].tolist() == spelled(batch.split()).tolist()
    assert len(set(numbers.tolist())) == 6


def test_a_word_costs_once_until_there_are_too_many() -> None:
    made: list[list[bytes]] = []

    def counted(words: Sequence[bytes]) -> NDArray[np.int64]:
        made.append(list(words))
        return spelled(words)

    words = Words(counted, most=3)
    for batch in (b"a long_words a", b"long_words c d", b"a", b"a"):
        words.look_up(batch)
    assert [batch for batch in made if batch] == [[b"a", b"long_words"], [b"c", b"d"], [b"a"]]


def test_a_word_whose_row_was_not_made_is_asked_for_again() -> None:
    fail = [True]

    def failing(words: Sequence[bytes]) -> NDArray[np.int64]:
        if words and fail.pop():
            raise KeyboardInterrupt
        return spelled(words)

    words = Words(failing, most=9)
    fail += [False]
    words.look_up(b"a")
    fail += [False, True]
    with pytest.raises(KeyboardInterrupt):
        words.look_up(b"a b")
    numbers, rows = words.look_up(b"b a")
    assert rows[numbers].tolist() == spelled([b"b", b"a"]).tolist()


def test_threads_may_share_it() -> None:
    words = Words(spelled, most=50)

    def right(start: int) -> bool:
        batch = [b"%d" % number * (1 + number % 5) for number in range(start, start + 40)]
        numbers, rows = words.look_up(b" ".join(batch))
        return rows[numbers].tolist() == spelled(batch).tolist()

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(right, range(300)))
