"""`ontarget translate -o`: the progress of a bulk translation, and where it runs."""

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ontarget.bulk.cluster import on_ray
from ontarget.bulk.job import BulkJob
from ontarget.bulk.local import Translate, Workers, in_this_process
from ontarget.bulk.translate import BulkResult, translate_files
from ontarget.checked.verdict import Checked, Verdict
from ontarget.cli.progress import duration, stopped
from ontarget.errors import UserError
from ontarget.languages import Direction
from ontarget.translation.hypothesis import Hypothesis

if TYPE_CHECKING:
    from rich.console import Console

_EVERY = 60.0  # seconds between two lines of progress where there is no terminal


def carry_out(
    job: BulkJob, make: Callable[[], Translate], direction: Direction, on: str | None = None
) -> BulkResult:
    """Carries out a job with a progress bar, or with a line a minute if standard error is not a terminal.

    Args:
        job: what to translate.
        make: loads the model, here or in each worker.
        direction: of all lines.
        on: `ray` or `ray://HOST:PORT`; None for this process.
    Raises:
        UserError: see `translate_files`; or `on` is something else.
    """
    workers = _workers(make, on, direction)
    try:
        with _BulkProgress() as progress:
            return translate_files(job, workers, progress)
    except KeyboardInterrupt as request:
        stopped(request)


def _workers(make: Callable[[], Translate], on: str | None, direction: Direction) -> Callable[[], Workers]:
    if on is None:
        return lambda: in_this_process(make())
    if on != "ray" and not on.startswith("ray://"):
        raise UserError(f"--on '{on}' is not valid; write ray, or ray://HOST:PORT")

    def failed(texts: Sequence[str]) -> list[Checked]:
        nothing = Hypothesis("", "stop", 0.0, 0), Verdict("unsure", "", 0.0, "failed", {"empty": ()})
        return [Checked(text, direction, *nothing) for text in texts]

    return lambda: on_ray(None if on == "ray" else on, make, failed)


class _BulkProgress:
    """Lines done, lines per second and time left, on standard error."""

    def __init__(self, console: "Console | None" = None, clock: Callable[[], float] = time.monotonic) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        self._console = console or Console(stderr=True, highlight=False)
        self._clock = clock
        self._bar = Progress(
            BarColumn(),
            TextColumn("{task.description}"),
            console=self._console,
            disable=not self._console.is_terminal,
            transient=True,
        )
        self._task = self._bar.add_task("", total=None)
        self._first: tuple[int, float] | None = None  # lines done before, and when
        self._shown = 0.0

    def __enter__(self) -> "_BulkProgress":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def say(self, line: str) -> None:
        """Prints a permanent line."""
        self._console.print(line, markup=False, soft_wrap=True)

    def advance(self, done: int, total: int) -> None:
        """Shows the progress, unless it was shown a moment ago."""
        now = self._clock()
        if self._first is None:
            self._first, self._shown = (done, now), now
        text = _progress(done, total, done - self._first[0], now - self._first[1])
        self._bar.update(self._task, completed=done, total=total, description=text)
        if not self._console.is_terminal and now - self._shown >= _EVERY:
            self._shown = now
            self.say(text)


def _progress(done: int, total: int, new: int, seconds: float) -> str:
    """`12,000 of 1,000,000 lines, 35.2 lines/s, 7:47:43 left`."""
    text = f"{done:,} of {total:,} lines"
    if not new or not seconds:
        return text
    rate = new / seconds
    return f"{text}, {rate:,.{0 if rate >= 100 else 1}f} lines/s, {duration((total - done) / rate)} left"
