"""Progress of long commands: bars on a terminal, plain lines elsewhere."""

import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, NoReturn, TypeVar

from ontarget.pipeline.execution.progress import Advance

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

Item = TypeVar("Item")


class TerminalProgress:
    """Reports progress on standard error: a bar during a step, and a permanent line after it."""

    def __init__(self, console: "Console | None" = None) -> None:
        from rich.console import Console

        self.console = console or Console(stderr=True, highlight=False)
        self._lock, self._bars = threading.Lock(), list["Progress"]()  # at most one, while there are tasks

    def say(self, line: str) -> None:
        """Prints a permanent line."""
        self.console.print(line, markup=False, soft_wrap=True)

    @contextmanager
    def task(self, what: str) -> Iterator[Advance]:
        """Reports one step from start to end; a step that fails gets no final line."""
        began = time.monotonic()
        if self.console.is_terminal:
            with self._bar(what) as update:
                yield lambda done, total, note: update(completed=done, total=total, note=note)
        else:
            self.say(f"{what} ...")
            yield lambda done, total, note: None
        self.say(f"{what}: done in {duration(time.monotonic() - began)}")

    @contextmanager
    def _bar(self, what: str) -> Iterator[Callable[..., None]]:
        """The bar of a task, among those of other tasks: a terminal has one display at a time."""
        with self._lock:
            if not self._bars:
                self._bars.append(self._display())
                self._bars[0].start()
            display = self._bars[0]
            number = display.add_task(what, total=None, note="")
        try:
            yield partial(display.update, number)
        finally:
            with self._lock:
                display.remove_task(number)
                if not display.tasks:
                    self._bars.pop().stop()

    def _display(self) -> "Progress":
        from rich.progress import (
            BarColumn,
            Progress,
            TaskProgressColumn,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        return Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}", style="dim"),
            console=self.console,
            transient=True,
        )


def watched(items: Sequence[Item], what: str) -> Iterable[Item]:
    """Iterates over the items, with a bar on a terminal."""
    if sys.stderr is None or not sys.stderr.isatty():
        return items
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    return track(items, what, console=console, transient=True, disable=not console.is_terminal)


def duration(seconds: float) -> str:
    """`0:07`, `12:34`, `3:02:01`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def stopped(request: KeyboardInterrupt) -> NoReturn:
    """Re-raises an interruption (Ctrl-C or SIGTERM) with the sentence that `app` prints."""
    request.args = ("stopped; run the same command again to resume",)
    raise request
