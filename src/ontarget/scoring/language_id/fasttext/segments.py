"""Sums of rows by whom they belong to: of n-grams by word, of words by text."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ontarget.scoring.language_id.fasttext.file import Floats

_BLOCK = 4096  # rows at a time: these stay in the processor's cache


def blocks(owner: NDArray[np.int64]) -> Iterator[slice]:
    """Cuts rows into blocks, between owners; one with more rows than a block is cut by itself.

    So sums of floats come out the same to the last digit, whichever other owners there are.

    Args:
        owner: [rows], ascending.
    """
    cuts = np.append(np.flatnonzero(np.diff(owner, prepend=-1)), len(owner))
    low = 0
    while low < len(owner):
        high = int(cuts[np.searchsorted(cuts, low + _BLOCK, "right") - 1])
        high = high if high > low else low + _BLOCK
        yield slice(low, high)
        low = high


def add_rows(sums: Floats, owner: NDArray[np.int64], rows: Floats) -> None:
    """Adds to each of `sums`, [owners, columns], the `rows` that it owns; `owner`, [rows], is ascending."""
    first = np.flatnonzero(np.diff(owner, prepend=-1))
    sums[owner[first]] += np.add.reduceat(rows, first, axis=0)
