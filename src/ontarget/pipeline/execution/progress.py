"""Progress of a run. The command line draws bars; the default is silent."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

Advance = Callable[[int, int, str], None]  # done, total, a few words such as "loss 1.23"


def part_of(advance: Advance, before: int, count: int, total: int, note: str) -> Callable[[int, int], None]:
    """Reports the progress of one direction of `count` sentences; a pivot takes two steps for each."""
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
    """The text of a progress bar for a stage: losses and speed, or evaluation scores."""
    return ", ".join(f"{words} {record[name]:.4g}" for name, words in _NOTED.items() if name in record)


class Progress(Protocol):
    """Receives messages and progress of a run."""

    def say(self, line: str) -> None:
        """Prints a line."""

    def task(self, what: str) -> AbstractContextManager[Advance]:
        """Shows a long step, whose progress the caller reports."""


class Silent:
    """Discards messages and progress."""

    def say(self, line: str) -> None:
        """Discards the line."""

    @contextmanager
    def task(self, what: str) -> Iterator[Advance]:
        """Discards all progress."""
        yield lambda done, total, note: None
