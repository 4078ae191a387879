"""How a run says what it is at. The command line draws bars; by default nothing is said."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

Advance = Callable[[int, int, str], None]  # done, total, a few words such as "loss 1.23"


def part_of(advance: Advance, before: int, count: int, total: int, note: str) -> Callable[[int, int], None]:
    """Reports how far one direction of `count` sentences is; a pivot takes two steps for each."""
    return lambda done, steps: advance(before + count * done // max(steps, 1), total, note)


_NOTED = {
    "encoded": "% of samples encoded",
    "likelihood": "likelihood",
    "unlikelihood": "unlikelihood",
    "preference": "preference",
    "probability": "p (wrong)",
    "tokens_per_second": "tokens/s",
    "zero_shot_bleu": "zero-shot BLEU",
    "zero_shot_otr": "OTR",
    "supervised_bleu": "supervised BLEU",
    "supervised_otr": "OTR",
}


def noted(record: Mapping[str, Any]) -> str:
    """What a progress bar says of a stage: losses and speed, or what it was judged at."""
    return ", ".join(f"{words} {record[name]:.4g}" for name, words in _NOTED.items() if name in record)


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
