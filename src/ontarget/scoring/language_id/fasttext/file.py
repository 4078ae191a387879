"""Reads the file of a fastText classifier, dense (`.bin`) or quantised (`.ftz`).

The file is mapped into memory rather than read, so a model of several gigabytes opens at once. Every size in
it is checked against the remaining length, so a damaged file does not cause large allocations.

The format, little-endian: a magic number and a version; twelve settings; the dictionary (words, then labels,
each with its count) and the buckets that remain after pruning; the input matrix; the output matrix. A
quantised matrix has codes of product quantisation (Joulin et al. 2016, "FastText.zip", section 3.2).
"""

import math
import mmap
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ontarget.errors import UserError

_MAGIC, _VERSIONS = 793712314, (11, 12)
_SUPERVISED = 3
_LOSSES = {1: "hierarchical softmax", 2: "one against all", 3: "softmax", 4: "one against all"}
# A word of the dictionary, its count, and whether it is a label; empty groups if the bytes do not fit.
_ENTRY = re.compile(rb"(?:([^\0]{0,65535})\0(.{8})([\0\1]))?", re.DOTALL)
_CENTROIDS = 256
# Limits, since a small damaged file could cause large allocations. fastText's default is 2,000,000 buckets.
_MOST_BUCKETS = 20_000_000  # in a pruned model, which does not have a row for each
_MOST_OUTPUTS = 1 << 27  # labels times dimensions
_LONGEST = 100  # n-gram

Floats = NDArray[np.float32]


class Rows(Protocol):
    """A matrix from which rows are taken."""

    shape: tuple[int, int]

    def take(self, ids: NDArray[Any]) -> Floats:
        """The rows with these numbers, [ids, columns]."""


@dataclass(frozen=True)
class FastTextFile:
    """The content of a fastText classifier's file.

    Attributes:
        shortest: minimum length of a word's n-grams in characters.
        longest: their maximum length; 0 if the model has no character n-grams.
        word_ngrams: maximum length of word n-grams in words; 1 if the model has none.
        buckets: number of buckets for n-grams.
        kept: [kept, 2], buckets and the numbers of their rows, counted after the rows of words; None if every
            bucket has a row.
        words: word -> its row in `rows`.
        labels: the classes, such as `__label__fr`.
        counts: number of occurrences of each label in the training text.
        loss: `hierarchical softmax`, `softmax` or `one against all`.
        rows: the input matrix: a row for each word, then for each bucket, [words + buckets, dimensions].
        output: the output matrix, [labels, dimensions].
    """

    shortest: int
    longest: int
    word_ngrams: int
    buckets: int
    kept: NDArray[np.int32] | None
    words: dict[bytes, int]
    labels: list[bytes]
    counts: list[int]
    loss: str
    rows: Rows
    output: Floats


def read_fasttext(path: Path) -> FastTextFile:
    """Opens a model file.

    Raises:
        UserError: the file is not a fastText classifier, or is damaged.
    """
    try:
        with path.open("rb") as file:
            return _read(_Bytes(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)))
    except (ValueError, struct.error) as error:
        # If there are too few bytes, mmap, struct and numpy have different messages of their own.
        why = error.args[0] if isinstance(error, _Wrong) else "it is truncated or damaged"
        raise UserError(f"{path} is not a fastText model such as lid.176.bin: {why}") from None


class _Wrong(ValueError):
    pass


def _check(holds: bool, why: str = "it is truncated or damaged") -> None:
    if not holds:
        raise _Wrong(why)


class _Bytes:
    """A file's bytes, read from front to back; raises ValueError at the end of the file."""

    def __init__(self, content: mmap.mmap) -> None:
        self.content = content
        self.at = 0

    def numbers(self, layout: str) -> tuple[Any, ...]:
        found = struct.unpack_from(f"<{layout}", self.content, self.at)
        self.at += struct.calcsize(f"<{layout}")
        return found

    def array(self, kind: str, *shape: int) -> NDArray[Any]:
        _check(min(shape) > 0)  # for NumPy, -1 would mean all remaining bytes
        size = math.prod(shape)
        _check(size <= len(self.content))
        found = np.frombuffer(self.content, kind, size, self.at)
        self.at += found.nbytes
        return found.reshape(shape)


def _read(file: _Bytes) -> FastTextFile:
    magic, version = file.numbers("2i")
    _check(magic == _MAGIC, "its beginning is different")
    _check(version in _VERSIONS, f"its format has version {version}, but only 11 and 12 are supported")
    dimensions, *_, word_ngrams, loss, kind, buckets, shortest, longest, _ = file.numbers("12i")
    file.numbers("d")
    _check(kind == _SUPERVISED and loss in _LOSSES, "it has word vectors but no labels")
    if version == 11 or shortest > longest:
        longest = 0  # classifiers have character n-grams only since version 12
    words, labels, counts, kept = _dictionary(file)
    _check(max(longest, word_ngrams) <= _LONGEST)
    _check(buckets > 0 or (buckets == 0 and longest <= 0 and word_ngrams <= 1))
    _check(0 < len(labels) * dimensions <= _MOST_OUTPUTS)
    if kept is not None:
        _check(buckets <= _MOST_BUCKETS)
        _check(len(kept) == 0 or (kept.min() >= 0 and (kept.max(axis=0) < (buckets, len(kept))).all()))
    (quantised,) = file.numbers("?")
    rows = _matrix(file, quantised)
    (output_too,) = file.numbers("?")
    output = _matrix(file, quantised and output_too)
    expected = len(words) + (buckets if kept is None else len(kept))
    _check(rows.shape == (expected, dimensions) and output.shape == (len(labels), dimensions))
    return FastTextFile(
        shortest,
        longest,
        word_ngrams,
        buckets,
        kept,
        words,
        labels,
        counts,
        _LOSSES[loss],
        rows,
        output.take(np.arange(len(labels))),
    )


def _dictionary(
    file: _Bytes,
) -> tuple[dict[bytes, int], list[bytes], list[int], NDArray[np.int32] | None]:
    size, n_words, n_labels, _, n_kept = file.numbers("3i2q")
    words: dict[bytes, int] = {}
    labels, counts = [], []
    for entry in islice(_ENTRY.finditer(file.content, file.at), max(size, 0)):
        word, count, is_label = entry.groups()
        _check(word is not None)
        if is_label == b"\1":
            labels.append(word)
            counts.append(int.from_bytes(count, "little", signed=True))
        else:
            words[word] = len(words)
        file.at = entry.end()
    _check((len(words), len(labels)) == (n_words, n_labels))
    _check(min(counts, default=0) >= 0 and sum(counts) < 10**15)
    if n_kept < 0:  # not pruned
        return words, labels, counts, None
    kept = file.array("<i4", n_kept, 2) if n_kept else np.zeros((0, 2), np.int32)
    return words, labels, counts, kept


def _matrix(file: _Bytes, quantised: bool) -> Rows:
    if not quantised:
        m, n = file.numbers("2q")
        # Bytes, since NumPy would copy the whole matrix if its numbers are not aligned to four bytes.
        return _Dense(file.array("u1", m, 4 * n))
    has_norms, m, n, size = file.numbers("?2qi")
    codes = file.array("u1", size)
    _, parts, width, last = file.numbers("4i")
    _check(n == (parts - 1) * width + last and size == m * parts and 0 < last <= width)
    of_parts = np.split(
        file.array("<f4", _CENTROIDS * n).copy(), range(0, _CENTROIDS * n, _CENTROIDS * width)[1:]
    )
    centroids = [part.reshape(_CENTROIDS, -1) for part in of_parts]
    norms = None
    if has_norms:
        norm_codes = file.array("u1", m)
        _check(file.numbers("4i") == (1, 1, 1, 1))
        norms = file.array("<f4", _CENTROIDS).copy()[norm_codes]
    return _Quantised(codes.reshape(m, parts), centroids, norms)


class _Dense:
    def __init__(self, content: NDArray[np.uint8]) -> None:
        self._content = content
        self.shape = (len(content), content.shape[1] // 4)

    def take(self, ids: NDArray[Any]) -> Floats:
        return self._content.take(ids, axis=0).view("<f4")


class _Quantised:
    """Each part of a row is one of 256 centroids; the row is multiplied by its norm, if it has one."""

    def __init__(self, codes: NDArray[np.uint8], centroids: Sequence[Floats], norms: Floats | None) -> None:
        self._codes, self._centroids, self._norms = codes, centroids, norms
        self.shape = (len(codes), sum(part.shape[1] for part in centroids))

    def take(self, ids: NDArray[Any]) -> Floats:
        codes = self._codes.take(ids, axis=0)
        rows = np.concatenate(
            [part.take(codes[:, k], axis=0) for k, part in enumerate(self._centroids)], axis=1
        )
        return rows if self._norms is None else rows * self._norms[ids][:, None]
