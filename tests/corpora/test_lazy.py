"""Sequences whose items are made when they are asked for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ontarget.corpora.lazy import Lazy, locate


class Tens(Lazy[int]):
    def __init__(self, count: int) -> None:
        self.count, self.made = count, list[int]()

    def __len__(self) -> int:
        return self.count

    def _item(self, number: int) -> int:
        self.made.append(number)
        return 10 * number


@given(st.integers(0, 9), st.slices(9))
def test_it_is_the_list_of_its_items(count: int, part: slice) -> None:
    items = [10 * number for number in range(count)]
    assert list(Tens(count)) == items
    assert Tens(count)[part] == items[part]
    assert [Tens(count)[place] for place in range(-count, count)] == items + items


def test_nothing_is_made_but_what_is_asked_for() -> None:
    tens = Tens(1000)
    assert (tens[-1], tens[3:5]) == (9990, [30, 40])
    assert tens.made == [999, 3, 4]


@pytest.mark.parametrize("place", [3, -4])
def test_there_is_nothing_beyond_its_ends(place: int) -> None:
    with pytest.raises(IndexError):
        Tens(3)[place]


def test_an_item_is_found_in_several_some_of_them_empty() -> None:
    # Of 0, 2, 0 and 3 items.
    assert [locate([0, 2, 2, 5], number) for number in range(5)] == [(1, 0), (1, 1), (3, 0), (3, 1), (3, 2)]
