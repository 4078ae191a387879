"""What Ctrl-C and SIGTERM do: they end a program at once, but a stage at the end of the step under way."""

import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn


class Terminated(KeyboardInterrupt):
    """SIGTERM. Whatever stops for Ctrl-C stops for it alike; the command line exits with 143, not 130."""


class StopRequest:
    """Whether someone asked to stop.

    Attributes:
        signal: the number of the signal that asked, or None.
    """

    def __init__(self) -> None:
        self.signal: int | None = None

    def obey(self) -> None:
        """Raises what the signal would have raised at once, if one came."""
        if self.signal is not None:
            _raise(self.signal)


@contextmanager
def terminable() -> Iterator[None]:
    """SIGTERM raises `Terminated` in the block, so that what is under way can tidy up, as after Ctrl-C."""
    with _handling([signal.SIGTERM], _raise):
        yield


@contextmanager
def postponed(told: Callable[[int], None] = lambda number: None) -> Iterator[StopRequest]:
    """The first Ctrl-C or SIGTERM in the block is only noted; after it Ctrl-C raises at once.

    SIGTERM does not: clusters send it to a process, and to all that started it, which pass it on.
    `told` is called with the number of the first.
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
    """Signals that whoever started us had ignored (`nohup`) stay ignored; only the main thread has any."""
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
