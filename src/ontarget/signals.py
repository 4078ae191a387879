"""Handles Ctrl-C and SIGTERM: they stop a program at once, but a stage at the end of the current step."""

import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn


class Terminated(KeyboardInterrupt):
    """SIGTERM, which stops the program like Ctrl-C; the command line exits with 143 instead of 130."""


class StopRequest:
    """A request to stop, if there is one.

    Attributes:
        signal: the number of the signal, or None without a request.
    """

    def __init__(self) -> None:
        self.signal: int | None = None

    def obey(self) -> None:
        """Raises the exception of the signal, if there was one."""
        if self.signal is not None:
            _raise(self.signal)


@contextmanager
def terminable() -> Iterator[None]:
    """Makes SIGTERM raise `Terminated` within the block, so that the code can clean up, as after Ctrl-C."""
    with _handling([signal.SIGTERM], _raise):
        yield


@contextmanager
def postponed(told: Callable[[int], None] = lambda number: None) -> Iterator[StopRequest]:
    """Records the first Ctrl-C or SIGTERM within the block; a further Ctrl-C raises at once.

    A further SIGTERM is ignored: clusters send it to a process and to its parents, which forward it.

    Args:
        told: a function that is called with the number of the first signal.
    """
    request = StopRequest()

    def handle(number: int) -> None:
        if request.signal is None:
            request.signal = number
            told(number)
        elif number == signal.SIGINT:
            _raise(number)

    with _handling([signal.SIGINT, signal.SIGTERM], handle):
        yield request


def _raise(number: int) -> NoReturn:
    raise Terminated if number == signal.SIGTERM else KeyboardInterrupt


@contextmanager
def _handling(numbers: Iterable[int], handle: Callable[[int], None]) -> Iterator[None]:
    """Handles signals in the main thread; signals that the parent process ignores (`nohup`) stay ignored."""
    before = {}

    def handler(number: int, frame: FrameType | None) -> None:
        handle(number)

    if threading.current_thread() is threading.main_thread():
        for number in numbers:
            if signal.getsignal(number) != signal.SIG_IGN:
                before[number] = signal.signal(number, handler)
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, signal.SIG_DFL if old is None else old)
