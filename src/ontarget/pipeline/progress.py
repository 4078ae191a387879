"""How a run says what it is at. The command line draws bars; by default nothing is said."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

Advance = Callable[[int, int, str], None]  # done, total, a few words such as "loss 1.23"


def part_of(advance: Advance, before: int, count: int, total: int, note: str) -> Callable[[int, int], None]:
    """Reports how far one direction of `count` sentences is; a pivot takes two steps for each."""
    return lambda done, steps: advance(before + count * done // max(steps, 1), total, note)


class Progress(Protocol):
    """What a run tells of itself."""

    def say(self, line: str) -> None:
        """One line that stays."""

    def task(self, what: str) -> AbstractContextManager[Advance]:
        """A step that takes a while; the caller reports how far it is."""


class Silent:
    """Says nothing."""

    def say(self, line: str) -> None:
        """Drops the line."""

    @contextmanager
    def task(self, what: str) -> Iterator[Advance]:
        """Drops every report."""
        yield lambda done, total, note: None
