"""Computes fastText's character n-grams for many words at once.

A word is enclosed in `<` and `>`. Each of its n-grams has a bucket: the FNV-1a hash of its UTF-8 bytes,
modulo the number of buckets (Bojanowski et al. 2017, "Enriching Word Vectors with Subword Information",
section 3.2). fastText reads bytes as signed, so bytes above 127 fill the upper bits.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ontarget.scoring.language_id.fasttext.segments import blocks_between

_OFFSET, _PRIME = np.uint32(2166136261), np.uint32(16777619)  # 32-bit FNV-1a


def fnv1a(word: bytes) -> int:
    """The hash of one word, 0 to 2**32 - 1."""
    value = int(_OFFSET)
    for byte in word:
        value = ((value ^ (byte if byte < 128 else byte | 0xFFFFFF00)) * int(_PRIME)) & 0xFFFFFFFF
    return value


def ngram_buckets(
    words: Sequence[bytes], shortest: int, longest: int, buckets: int
) -> Iterator[tuple[NDArray[np.int32], list[NDArray[np.uint32]]]]:
    """The buckets of all n-grams of all words, a block of characters at a time.

    Args:
        words: at least one word, in UTF-8.
        shortest: minimum length of an n-gram in characters.
        longest: maximum length. A bracket (`<` or `>`) alone is not an n-gram.
        buckets: number of buckets.

    Yields:
        owner: [characters], ascending: the number of the word that each character or bracket belongs to.
            Blocks are consecutive; a block may end inside a word that is longer than a block.
        found: for each length an array [characters]: the bucket of the n-gram that begins at this character,
            or `buckets` if the n-gram would go past the end of the word.
    """
    zeros = longest + 1  # padding at the end, for n-grams that would go past the last word
    text = np.frombuffer(b"<" + b"><".join(words) + b">" + bytes(zeros + 3), np.int8)
    begins = text >= -64  # a character's first byte; 0b10...... continues a character
    lengths = np.fromiter(map(len, words), np.int64, len(words)) + 2
    ends = np.cumsum(lengths)
    sizes = np.add.reduceat(begins[: ends[-1]], ends - lengths, dtype=np.int64)
    first = np.flatnonzero(begins[: ends[-1] + zeros])
    owner = np.append(np.repeat(np.arange(len(words), dtype=np.int32), sizes), np.full(zeros, -1, np.int32))
    for block in blocks_between(np.append(0, np.cumsum(sizes))):
        spelling = _spelling(text, first[block.start : block.stop + longest])
        yield owner[block], list(_found(spelling, owner, block, shortest, longest, buckets))


_Spelling = list[tuple[NDArray[np.uint32], NDArray[np.uint32]]]


def _spelling(text: NDArray[np.int8], first: NDArray[np.int64]) -> _Spelling:
    """For the first, second ... byte of each character: the operands of xor and of multiplication in a hash.

    If a character has no such byte, they are 0 and 1, which do not change the hash. The last character is
    excluded.
    """
    first, width = first[:-1], np.diff(first)
    spelling = [(_signed(text[first]), np.broadcast_to(_PRIME, len(first)))]
    for k in range(1, width.max()):
        there = width > k
        byte = _signed(text[first + k])
        spelling.append((np.where(there, byte, np.uint32(0)), np.where(there, _PRIME, np.uint32(1))))
    return spelling


def _signed(byte: NDArray[np.int8]) -> NDArray[np.uint32]:
    return byte.astype(np.int32).view(np.uint32)


def _found(
    spelling: _Spelling, owner: NDArray[np.int32], block: slice, shortest: int, longest: int, buckets: int
) -> Iterator[NDArray[np.uint32]]:
    start, stop = block.start, block.stop
    hashes = np.full(stop - start, _OFFSET, np.uint32)
    count = np.uint32(buckets)
    for n in range(1, longest + 1):
        for byte, factor in spelling:
            hashes ^= byte[n - 1 : n - 1 + len(hashes)]
            hashes *= factor[n - 1 : n - 1 + len(hashes)]
        if n < shortest:
            continue
        inside = owner[block] == owner[start + n - 1 : stop + n - 1]
        if n == 1:  # neither the first nor the last character of its word, which are brackets
            before = owner[np.arange(start - 1, stop - 1)]  # for the very first, the padding at the end
            inside = (owner[block] == before) & (owner[block] == owner[start + 1 : stop + 1])
        # Not %: a division by one number is vectorised, a remainder is not.
        bucket = hashes // count
        bucket *= count
        np.subtract(hashes, bucket, out=bucket)
        yield np.where(inside, bucket, count)
