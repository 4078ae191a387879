"""What a file of fastText holds, for a classifier: dense (`.bin`) or quantised (`.ftz`).

The file is mapped into memory rather than read, and every size in it is held against what is left of it, so
that a model of some gigabytes opens at once and a damaged one costs nothing.

The format, little-endian: a magic number and a version; twelve settings; the dictionary (words, then labels,
each with its count) with the buckets that pruning has left; the input matrix; the output matrix. A quantised
matrix has codes of product quantisation (Joulin et al. 2016, "FastText.zip", section 3.2).
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
# A word of the dictionary, its count, and whether it is a label; nothing where that is not what is there.
_ENTRY = re.compile(rb"(?:([^\0]{0,65535})\0(.{8})([\0\1]))?", re.DOTALL)
_CENTROIDS = 256
# A small file that is damaged could ask for much memory. fastText's default is 2,000,000 buckets.
_MOST_BUCKETS = 20_000_000  # of a pruned model, which does not have a row of each
_MOST_OUTPUTS = 1 << 27  # labels times dimensions
_LONGEST = 100  # n-gram

Floats = NDArray[np.float32]


class Rows(Protocol):
    """A matrix of which some rows are wanted."""

    shape: tuple[int, int]

    def take(self, ids: NDArray[Any]) -> Floats:
        """The rows of these numbers, [ids, columns]."""


@dataclass(frozen=True)
class FastTextFile:
    """A fastText classifier as it is stored.

    Attributes:
        shortest: characters of the shortest n-gram of a word.
        longest: of the longest; 0 where words have none.
        word_ngrams: how many words in a row have a bucket, too; 1 is a word alone, which has none.
        buckets: how many buckets there are for n-grams.
        kept: [kept, 2], a bucket and which of the rows after those of words it has; None where all do.
        words: a word and its row of `rows`.
        labels: what is told apart, `__label__fr`.
        counts: how often the training text had each of them.
        loss: `hierarchical softmax`, `softmax` or `one against all`.
        rows: a row of each word, then of each bucket: [words + buckets, dimensions].
        output: [labels, dimensions].
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
        UserError: it is no classifier of fastText, or damaged.
    """
    try:
        with path.open("rb") as file:
            return _read(_Bytes(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)))
    except (ValueError, struct.error) as error:
        # mmap, struct and numpy each say in their own words that there are too few bytes.
        why = error.args[0] if isinstance(error, _Wrong) else "it is cut short or damaged"
        raise UserError(f"{path} is no fastText model such as lid.176.bin: {why}") from None


class _Wrong(ValueError):
    pass


def _check(holds: bool, why: str = "it is cut short or damaged") -> None:
    if not holds:
        raise _Wrong(why)


class _Bytes:
    """A file's bytes, read from front to back; a ValueError where it has fewer than asked for."""

    def __init__(self, content: mmap.mmap) -> None:
        self.content = content
        self.at = 0

    def numbers(self, layout: str) -> tuple[Any, ...]:
        found = struct.unpack_from(f"<{layout}", self.content, self.at)
        self.at += struct.calcsize(f"<{layout}")
        return found

    def array(self, kind: str, *shape: int) -> NDArray[Any]:
        _check(min(shape) > 0)  # -1 would be all that there is
        size = math.prod(shape)
        _check(size <= len(self.content))
        found = np.frombuffer(self.content, kind, size, self.at)
        self.at += found.nbytes
        return found.reshape(shape)


def _read(file: _Bytes) -> FastTextFile:
    magic, version = file.numbers("2i")
    _check(magic == _MAGIC, "it does not begin as one")
    _check(version in _VERSIONS, f"it is of version {version}, and 12 can be read")
    dimensions, *_, word_ngrams, loss, kind, buckets, shortest, longest, _ = file.numbers("12i")
    file.numbers("d")
    _check(kind == _SUPERVISED and loss in _LOSSES, "it has vectors of words and no labels")
    if version == 11 or shortest > longest:
        longest = 0  # n-grams of characters came to classifiers with version 12
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
        # Bytes, since numpy copies the whole of a matrix whose numbers are not at multiples of four.
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
    """Each part of a row is one of 256 centroids; all of it is multiplied by its norm, where it has one."""

    def __init__(self, codes: NDArray[np.uint8], centroids: Sequence[Floats], norms: Floats | None) -> None:
        self._codes, self._centroids, self._norms = codes, centroids, norms
        self.shape = (len(codes), sum(part.shape[1] for part in centroids))

    def take(self, ids: NDArray[Any]) -> Floats:
        codes = self._codes.take(ids, axis=0)
        rows = np.concatenate(
            [part.take(codes[:, k], axis=0) for k, part in enumerate(self._centroids)], axis=1
        )
        return rows if self._norms is None else rows * self._norms[ids][:, None]
