"""Small fastText models of random numbers, written byte by byte in fastText's format."""

import struct
from collections.abc import Sequence

import numpy as np

MAGIC, VERSION, SUPERVISED = 793712314, 12, 3
HIERARCHICAL, NEGATIVE, SOFTMAX, ONE_AGAINST_ALL = 1, 2, 3, 4
WORDS = ("</s>", "the", "кот", "猫", "a", "trein")
LABELS = ("__label__en", "__label__ru", "__label__ja", "__label__nl", "__label__zh")


def toy(
    loss: int = SOFTMAX,
    *,
    dimensions: int = 5,
    words: Sequence[str] = WORDS,
    labels: Sequence[str] = LABELS,
    ngrams: tuple[int, int] = (2, 4),
    word_ngrams: int = 1,
    buckets: int = 40,
    kept: int | None = None,
    quantised: bool = False,
    norms: bool = False,
    output_too: bool = False,
    kind: int = SUPERVISED,
    version: int = VERSION,
) -> bytes:
    """The file of a model.

    Args:
        kept: how many buckets pruning has left; None: it is not pruned.
        norms: whether the norms of quantised rows are stored apart.
        output_too: whether the output matrix is quantised, too.
    """
    random = np.random.default_rng(3)
    file = struct.pack("<2i", MAGIC, version)
    settings = (dimensions, 5, 5, 1, 5, word_ngrams, loss, kind, buckets, *ngrams, 100)
    file += struct.pack("<12id", *settings, 1e-4)
    file += struct.pack(
        "<3i2q", len(words) + len(labels), len(words), len(labels), 99, -1 if kept is None else kept
    )
    for k, word in enumerate([*words, *labels]):
        file += word.encode() + b"\0" + struct.pack("<qb", 1000 // (k + 1), k >= len(words))
    for row, bucket in enumerate(random.choice(buckets, kept or 0, replace=False)):
        file += struct.pack("<2i", bucket, row)
    m = len(words) + (buckets if kept is None else kept)
    file += struct.pack("<?", quantised) + matrix(random, m, dimensions, quantised, norms)
    file += struct.pack("<?", output_too) + matrix(random, len(labels), dimensions, output_too, norms)
    return file


def matrix(random: np.random.Generator, m: int, n: int, quantised: bool, norms: bool) -> bytes:
    def numbers(size: int) -> bytes:
        return random.normal(size=size).astype("<f4").tobytes()

    if not quantised:
        return struct.pack("<2q", m, n) + numbers(m * n)
    width = 2
    parts = -(-n // width)
    codes = random.integers(256, size=m * parts, dtype=np.uint8).tobytes()
    file = struct.pack("<?2qi", norms, m, n, len(codes)) + codes
    file += struct.pack("<4i", n, parts, width, n - (parts - 1) * width) + numbers(256 * n)
    if norms:
        file += random.integers(256, size=m, dtype=np.uint8).tobytes()
        file += struct.pack("<4i", 1, 1, 1, 1) + numbers(256)
    return file
