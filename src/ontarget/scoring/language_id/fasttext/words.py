"""A cache of words, so that each distinct word is computed once over all batches.

Finding every word of a text in a dictionary takes almost as long as computing the n-grams of the new ones.
Words of up to eight bytes are therefore compared as numbers: sorting those of a batch, and finding them in a
sorted array, takes a third of the time.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import count, islice
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

_SHORT = 8  # bytes
_MASKS = np.array([(1 << 8 * size) - 1 for size in range(_SHORT + 1)], np.uint64)
_BLANK = np.isin(np.arange(256), list(b" \t\n\v\f\r\0"))


class Words:
    """Numbers words in order of arrival, and stores a row of an array for each. Threads may share it.

    Args:
        rows_of: computes the rows of words, independently of each other; no rows for no words.
        most: with more words than this, the cache is emptied, so that memory stays bounded.
    """

    def __init__(self, rows_of: Callable[[Sequence[bytes]], NDArray[Any]], most: int) -> None:
        self._rows_of, self._most, self._lock = rows_of, most, Lock()
        self._forget()

    def _forget(self) -> None:
        self._count = count()
        # Of short words, by ascending key. No word has the key 0.
        self._keys: NDArray[np.uint64] = np.zeros(1, np.uint64)
        self._numbers: NDArray[np.int64] = np.zeros(1, np.int64)
        self._long: defaultdict[bytes, int] = defaultdict(self._count.__next__)
        self._rows = self._rows_of([])

    def look_up(self, text: bytes) -> tuple[NDArray[np.int64], NDArray[Any]]:
        """The number of each word of a text, [words], and the array whose rows they number.

        Args:
            text: words, separated by ASCII blanks, line breaks or NUL.
        """
        starts, ends = _places(text)
        is_short = ends - starts <= _SHORT
        short, long = np.flatnonzero(is_short), np.flatnonzero(~is_short)
        keys, place = np.unique(_keys(text, starts[short], ends[short]), return_inverse=True)
        words = [
            text[start:end] for start, end in zip(starts[long].tolist(), ends[long].tolist(), strict=True)
        ]
        numbers = np.empty(len(starts), np.int64)
        with self._lock:
            if self._known() > self._most:
                self._forget()
            known = self._known()
            try:
                of_keys, new = self._of_keys(keys)
                numbers[short] = of_keys[place]
                before = len(self._long)
                numbers[long] = np.fromiter(map(self._long.__getitem__, words), np.int64, len(words))
                new += list(islice(reversed(self._long), len(self._long) - before))[::-1]
                if new:
                    self._keep(known, self._rows_of(new))
            except BaseException:  # a number without its row would spoil all later results
                self._forget()
                raise
            return numbers, self._rows

    def _of_keys(self, keys: NDArray[np.uint64]) -> tuple[NDArray[np.int64], list[bytes]]:
        """The numbers of short words, and the new words among them; `keys` is ascending."""
        at = np.searchsorted(self._keys, keys)
        new = np.flatnonzero(self._keys.take(at, mode="clip") != keys)
        numbers = self._numbers.take(at, mode="clip")
        if not len(new):
            return numbers, []
        numbers[new] = np.fromiter(islice(self._count, len(new)), np.int64, len(new))
        self._keys = np.insert(self._keys, at[new], keys[new])
        self._numbers = np.insert(self._numbers, at[new], numbers[new])
        return numbers, keys[new].astype("<u8").view(f"S{_SHORT}").tolist()

    def _known(self) -> int:
        return len(self._long) + len(self._keys) - 1

    def _keep(self, known: int, rows: NDArray[Any]) -> None:
        end = known + len(rows)
        if end > len(self._rows):
            larger = np.empty((max(end, 2 * len(self._rows)), *rows.shape[1:]), rows.dtype)
            larger[:known] = self._rows[:known]
            self._rows = larger
        self._rows[known:end] = rows


def _places(text: bytes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The places in a text where its words begin and end, [words] each."""
    blank = np.ones(len(text) + 2, np.bool_)
    _BLANK.take(np.frombuffer(text, np.uint8), out=blank[1:-1])
    bounds = np.flatnonzero(blank[1:] != blank[:-1])
    return bounds[::2], bounds[1::2]


def _keys(text: bytes, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.uint64]:
    """The bytes of each word as one number; `text[start:end]` has at most eight bytes."""
    every = np.ndarray(len(text) + 1, "<u8", text + bytes(_SHORT), strides=(1,))  # from each byte of the text
    return np.asarray(every[starts] & _MASKS[ends - starts], np.uint64)
