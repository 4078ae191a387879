"""Sequences whose items are made on access, so that millions of items need little memory."""

from abc import abstractmethod
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import TypeVar, overload

Item = TypeVar("Item", covariant=True)


class Lazy(Sequence[Item]):
    """A sequence whose items are made one by one from their numbers; a slice is a list of items."""

    @overload
    def __getitem__(self, index: int) -> Item: ...
    @overload
    def __getitem__(self, index: slice) -> list[Item]: ...
    def __getitem__(self, index: int | slice) -> Item | list[Item]:
        numbers = range(len(self))[index]  # resolves negative numbers, and raises IndexError
        return self._item(numbers) if isinstance(numbers, int) else [self._item(n) for n in numbers]

    @abstractmethod
    def _item(self, number: int) -> Item:
        """The item with this number, from 0."""


class Chosen(Lazy[Item]):
    """The items of another sequence with the given numbers."""

    def __init__(self, items: Sequence[Item], numbers: Sequence[int]) -> None:
        self._items, self._numbers = items, numbers

    def __len__(self) -> int:
        return len(self._numbers)

    def __iter__(self) -> Iterator[Item]:
        return map(self._items.__getitem__, self._numbers)

    def _item(self, number: int) -> Item:
        return self._items[self._numbers[number]]


def locate(ends: Sequence[int], number: int) -> tuple[int, int]:
    """The sequence that contains an item of several concatenated ones, and the item's place in it.

    Args:
        ends: the end of each sequence, counted over all.
        number: the number of the item, counted over all.
    """
    of = bisect_right(ends, number)
    return of, number - (ends[of - 1] if of else 0)
