"""The owner of the model: one thread that translates the waiting texts of all clients together."""

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from typing import Protocol

from ontarget.checked.check import Checker
from ontarget.checked.verdict import Checked
from ontarget.languages import Direction, Language
from ontarget.openai_api import NoReply, ServerFailed
from ontarget.translation.engines.protocol import Progress

_LOG = logging.getLogger(__name__)
_LINGER = 0.005  # seconds that a batch waits for more texts, so that requests of the same moment share it
BATCH_TEXTS = 64


class Translates(Protocol):
    """What the server needs of a `CheckedTranslator`."""

    checker: Checker

    def translate(
        self,
        texts: Sequence[str],
        source: str | Language,
        target: str | Language,
        *,
        progress: Progress | bool = False,
    ) -> list[Checked]:
        """Translates texts into one line each, with verdicts, in order."""


@dataclass(eq=False)
class Ticket:
    """A request of a client, which may leave before it is served."""

    cancelled: bool = False
    _waiting: "Future[list[Checked]] | None" = None

    def cancel(self) -> None:
        """Gives up the work of the request: waiting texts are dropped, and running ones if all others are."""
        self.cancelled = True
        if self._waiting is not None:
            self._waiting.cancel()

    def result(self, future: "Future[list[Checked]]") -> list[Checked]:
        """Waits for translations.

        Raises:
            CancelledError: the request was cancelled.
        """
        self._waiting = future
        if self.cancelled:
            future.cancel()
        return future.result()


@dataclass(eq=False)
class _Job:
    texts: Sequence[str]
    direction: Direction
    ticket: Ticket
    future: "Future[list[Checked]]" = field(default_factory=Future)


class _Abandoned(Exception):
    """No client waits for the running batch any more."""


class Batcher:
    """Translates the texts of many threads in one thread, in batches of one direction.

    Args:
        load: loads the model; called in the thread that uses it.
        batch_texts: a batch takes no further request from this number of texts on.
        on_batch: called with the number of texts of each batch.
    """

    def __init__(
        self,
        load: Callable[[], Translates],
        *,
        batch_texts: int = BATCH_TEXTS,
        on_batch: Callable[[int], None] = lambda texts: None,
    ) -> None:
        self._load, self._batch_texts, self._on_batch = load, batch_texts, on_batch
        self._waiting: deque[_Job] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._thread: threading.Thread | None = None
        self.translator: Translates | None = None
        self.error: Exception | None = None

    @property
    def ready(self) -> bool:
        """Whether the model is loaded, and new texts are accepted."""
        return self.translator is not None and not self._closed

    def start(self, ended: Callable[[], None] = lambda: None) -> None:
        """Begins to load the model, in a thread.

        Args:
            ended: called in that thread if the model cannot be loaded; `error` then has the reason.
        """
        self._thread = threading.Thread(target=self._run, args=(ended,), name="model", daemon=True)
        self._thread.start()

    def submit(self, texts: Sequence[str], direction: Direction, ticket: Ticket) -> "Future[list[Checked]]":
        """Lets texts wait for their translation.

        Raises:
            RuntimeError: the batcher is closed.
        """
        job = _Job(texts, direction, ticket)
        with self._changed:
            if self._closed:
                raise RuntimeError("the batcher is closed")
            self._waiting.append(job)
            self._changed.notify_all()
        return job.future

    def close(self, seconds: float | None = None) -> None:
        """Accepts no more texts, and waits until all waiting ones are translated, or for some seconds.

        A model that is still being loaded is not waited for.
        """
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None and self.translator is not None:
            self._thread.join(seconds)

    def _run(self, ended: Callable[[], None]) -> None:
        try:
            self.translator = self._load()
        except Exception as error:  # reported by the main thread
            self.error = error
            ended()
            return
        while jobs := self._next():
            self._serve(self.translator, jobs)

    def _next(self) -> list[_Job]:
        """The requests of the next batch; none at the end."""
        with self._changed:
            while True:
                self._changed.wait_for(lambda: self._waiting or self._closed)
                if not self._waiting:
                    return []
                if not self._closed:
                    self._changed.wait_for(
                        lambda: (
                            self._closed or sum(len(job.texts) for job in self._waiting) >= self._batch_texts
                        ),
                        _LINGER,
                    )
                if jobs := self._taken():
                    return jobs

    def _taken(self) -> list[_Job]:
        """Takes the first request that waits, and those in its direction, oldest first."""
        taken, left = list[_Job](), list[_Job]()
        texts = 0
        for job in self._waiting:
            fits = not taken or (
                job.direction == taken[0].direction and texts + len(job.texts) <= self._batch_texts
            )
            if not fits:
                left.append(job)
            elif not job.ticket.cancelled and job.future.set_running_or_notify_cancel():
                taken.append(job)
                texts += len(job.texts)
        self._waiting = deque(left)
        return taken

    def _serve(self, translator: Translates, jobs: Sequence[_Job]) -> None:
        def moved(_: int, __: int) -> None:
            if all(job.ticket.cancelled for job in jobs):
                raise _Abandoned

        texts = [text for job in jobs for text in job.texts]
        direction = jobs[0].direction
        self._on_batch(len(texts))
        try:
            results = translator.translate(texts, direction.source, direction.target, progress=moved)
            found = iter(results)
            for job in jobs:
                job.future.set_result([next(found) for _ in job.texts])
        except _Abandoned:
            for job in jobs:
                job.future.set_exception(CancelledError())
        except Exception as error:
            if len(jobs) > 1 and not isinstance(error, NoReply):
                # What fails for the text of one client may not fail for those of the others.
                for job in jobs:
                    self._serve(translator, [job])
                return
            cause = error.cause if isinstance(error, ServerFailed) else place_of_error(error)
            _LOG.error("a batch failed: %s", cause)
            for job in jobs:
                job.future.set_exception(error)


def place_of_error(error: BaseException) -> str:
    """The kind and the place of an exception, without its message, which may contain text of a user."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    at = f" in {trace.tb_frame.f_code.co_qualname}, line {trace.tb_lineno}" if trace else ""
    return f"{type(error).__name__}{at}"
