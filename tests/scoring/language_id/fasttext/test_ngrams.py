import pytest
from hypothesis import given
from hypothesis import strategies as st

from ontarget.scoring.language_id.fasttext import segments
from ontarget.scoring.language_id.fasttext.ngrams import fnv1a, ngram_buckets


def plainly(word: str, shortest: int, longest: int, buckets: int) -> list[list[int]]:
    """The buckets of each length, by their definition."""
    marked = f"<{word}>"
    return [
        [
            fnv1a(marked[start : start + n].encode()) % buckets
            for start in range(len(marked) - n + 1)
            if n > 1 or 0 < start < len(marked) - 1
        ]
        for n in range(max(shortest, 1), longest + 1)
    ]


def together(words: list[str], shortest: int, longest: int, buckets: int) -> list[list[list[int]]]:
    lengths = longest - max(shortest, 1) + 1
    found: list[list[list[int]]] = [[[] for _ in range(lengths)] for _ in words]
    for owner, of_lengths in ngram_buckets([word.encode() for word in words], shortest, longest, buckets):
        assert len(of_lengths) == lengths
        for k, of_length in enumerate(of_lengths):
            assert of_length.shape == owner.shape
            for word, bucket in zip(owner.tolist(), of_length.tolist(), strict=True):
                if bucket != buckets:
                    found[word][k].append(bucket)
    return found


def test_the_published_hashes_of_fnv1a() -> None:
    """Of Fowler, Noll and Vo's own test vectors."""
    assert [fnv1a(text) for text in (b"", b"a", b"foobar")] == [0x811C9DC5, 0xE40C292C, 0xBF9CF968]


def test_a_byte_over_127_fills_the_upper_bits() -> None:
    assert fnv1a(b"\xc3") == ((0x811C9DC5 ^ 0xFFFFFFC3) * 0x01000193) % 2**32
    assert fnv1a(b"\xc3") != ((0x811C9DC5 ^ 0xC3) * 0x01000193) % 2**32


@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12), min_size=1, max_size=5
    ),
    st.integers(0, 3),
    st.integers(0, 4),
    st.sampled_from([1, 7, 2_000_000, 2**31 - 1]),
)
def test_ngrams_of_many_words_are_those_of_each(
    words: list[str], shortest: int, more: int, buckets: int
) -> None:
    longest = max(shortest + more, 1)
    assert together(words, shortest, longest, buckets) == [
        plainly(word, shortest, longest, buckets) for word in words
    ]


def test_blocks_end_where_they_will(monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["the", "котёнок", "猫", "a", "Donaudampfschifffahrtsgesellschaft", "ж", "👩‍👩‍👧"]
    expected = [plainly(word, 1, 5, 1000) for word in words]
    for size in (1, 2, 5, 9, 40):
        monkeypatch.setattr(segments, "_BLOCK", size)
        assert together(words, 1, 5, 1000) == expected
