"""Sequences whose items are made when they are asked for, so that millions of them take little memory."""

from abc import abstractmethod
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import TypeVar, overload

Item = TypeVar("Item", covariant=True)


class Lazy(Sequence[Item]):
    """A sequence of which each item is made by its number, by itself; a slice is a list of them."""

    @overload
    def __getitem__(self, index: int) -> Item: ...
    @overload
    def __getitem__(self, index: slice) -> list[Item]: ...
    def __getitem__(self, index: int | slice) -> Item | list[Item]:
        numbers = range(len(self))[index]  # counts from the end, and refuses what is beyond it
        return self._item(numbers) if isinstance(numbers, int) else [self._item(n) for n in numbers]

    @abstractmethod
    def _item(self, number: int) -> Item:
        """What stands at this place, from 0."""


class Chosen(Lazy[Item]):
    """Some of the items of another sequence, by their numbers."""

    def __init__(self, items: Sequence[Item], numbers: Sequence[int]) -> None:
        self._items, self._numbers = items, numbers

    def __len__(self) -> int:
        return len(self._numbers)

    def __iter__(self) -> Iterator[Item]:
        return map(self._items.__getitem__, self._numbers)

    def _item(self, number: int) -> Item:
        return self._items[self._numbers[number]]


def locate(ends: Sequence[int], number: int) -> tuple[int, int]:
    """Which of several sequences an item is in, and its place there.

    Args:
        ends: where each of them ends, counted through all.
        number: of the item, counted so, too.
    """
    of = bisect_right(ends, number)
    return of, number - (ends[of - 1] if of else 0)
