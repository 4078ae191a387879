"""A cache of words, so that each distinct word is computed once over all batches."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import count, islice
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Words:
    """Numbers words in order of arrival, and stores a row of an array for each. Threads may share it.

    Args:
        rows_of: computes the rows of words, independently of each other; no rows for no words.
        most: with more words than this, the cache is emptied, so that memory stays bounded.
    """

    def __init__(self, rows_of: Callable[[Sequence[bytes]], NDArray[Any]], most: int) -> None:
        self._rows_of, self._most, self._lock = rows_of, most, Lock()
        self._forget()

    def look_up(self, words: Sequence[bytes]) -> tuple[NDArray[np.int64], NDArray[Any]]:
        """The number of each word, [words], and the array whose rows they number."""
        with self._lock:
            if len(self._numbers) > self._most:
                self._forget()
            known = len(self._numbers)
            try:
                numbers = np.fromiter(map(self._numbers.__getitem__, words), np.int64, len(words))
                new = list(islice(reversed(self._numbers), len(self._numbers) - known))[::-1]
                if new:
                    self._keep(known, self._rows_of(new))
            except BaseException:  # a number without its row would spoil all later results
                self._forget()
                raise
            return numbers, self._rows

    def _forget(self) -> None:
        self._numbers: defaultdict[bytes, int] = defaultdict(count().__next__)
        self._rows = self._rows_of([])

    def _keep(self, known: int, rows: NDArray[Any]) -> None:
        end = known + len(rows)
        if end > len(self._rows):
            larger = np.empty((max(end, 2 * len(self._rows)), *rows.shape[1:]), rows.dtype)
            larger[:known] = self._rows[:known]
            self._rows = larger
        self._rows[known:end] = rows
