"""Repetition: the share of a text that a looping model has already written."""

from collections.abc import Sequence

import numpy as np

GRAM = 10
"""Characters of a sequence: longer than a language's usual repetitions, shorter than most loops."""
_TEXTS = 250  # checked at a time: their cells stay in the processor's cache
_CELL_BITS = 10
_FACTOR = np.uint32(2654435761)  # Knuth's multiplicative hash


def repetition(text: str) -> float:
    """The share of a text's ten-character sequences that occur earlier in the text: near 1 for a loop."""
    runs = len(text) - GRAM + 1
    return 1 - len({text[n : n + GRAM] for n in range(runs)}) / runs if runs > 0 else 0.0


def repetitive(texts: Sequence[str], share: float) -> frozenset[str]:
    """The texts whose `repetition` exceeds a share; ten times as fast as asking for each, since few do."""
    found: set[str] = set()
    for start in range(0, len(texts), _TEXTS):
        block = texts[start : start + _TEXTS]
        bounds = _most_repetition(block)
        found.update(
            text
            for text, most in zip(block, bounds, strict=True)
            if most > share and repetition(text) > share
        )
    return frozenset(found)


def _most_repetition(texts: Sequence[str]) -> list[float]:
    """An upper bound of each text's `repetition`, near the value unless the text is very long.

    The first eight characters of a sequence are hashed to one of 1024 cells. Sequences in different cells
    are different, so a text has at least as many of them as cells. Nine sequences begin in a text and end
    after it.
    """
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    hashes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32)
    for characters in (1, 2, 4):
        hashes = hashes[:-characters] * _FACTOR + hashes[characters:]
    cells = np.zeros((len(texts), 1 << _CELL_BITS), np.bool_)
    place = np.repeat(np.arange(len(texts)) << _CELL_BITS, lengths)[: len(hashes)]
    cells.reshape(-1)[place + (hashes >> np.uint32(32 - _CELL_BITS))] = True
    distinct = np.count_nonzero(cells, axis=1) - (GRAM - 1)
    bounds: list[float] = (1 - distinct / np.maximum(lengths - (GRAM - 1), 1)).tolist()
    return bounds
