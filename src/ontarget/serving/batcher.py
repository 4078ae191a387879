"""Translates the waiting texts of all clients together, in one thread."""

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from typing import Protocol

from ontarget.checked.verdict import Checked
from ontarget.openai_api import NoReply, ServerFailed
from ontarget.serving.model_calls import ModelCall, Results
from ontarget.translation.engines.protocol import Progress
from ontarget.translation.system import Request

_LOG = logging.getLogger(__name__)
_LINGER = 0.005  # seconds that a batch waits for more texts, so that requests of the same moment share it
BATCH_TEXTS = 64


class Translates(Protocol):
    """What the server needs of a `CheckedTranslator`."""

    def translate_requests(
        self, requests: Sequence[Request], *, count: int = 1, progress: Progress | None = None
    ) -> list[list[Checked]]:
        """Translates requests in any mix of directions: the translations of each, best first."""


@dataclass(eq=False)
class _Job:
    call: ModelCall
    cancelled: threading.Event
    future: "Future[Results]" = field(default_factory=Future)


class _Abandoned(Exception):
    """No client waits for the running batch any more."""


class Batcher:
    """Translates the calls of many threads in one thread, in batches.

    Args:
        translator: the model.
        batch_texts: a batch takes no further call from this number of texts on.
        on_batch: called with the number of texts of each batch.
    """

    def __init__(
        self,
        translator: Translates,
        *,
        batch_texts: int = BATCH_TEXTS,
        on_batch: Callable[[int], None] = lambda texts: None,
    ) -> None:
        self._translator, self._batch_texts, self._on_batch = translator, batch_texts, on_batch
        self._waiting: deque[_Job] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="batches", daemon=True)
        self._thread.start()

    def submit(self, call: ModelCall, cancelled: threading.Event) -> "Future[Results]":
        """Lets texts wait for their translation; its future is cancelled if the event is set before the end.

        Raises:
            RuntimeError: the batcher is closed.
        """
        job = _Job(call, cancelled)
        with self._changed:
            if self._closed:
                raise RuntimeError("the batcher is closed")
            self._waiting.append(job)
            self._changed.notify_all()
        return job.future

    def close(self, seconds: float | None = None) -> None:
        """Accepts no more texts, and waits until all waiting ones are translated, or for some seconds."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join(seconds)

    def _run(self) -> None:
        while jobs := self._next():
            self._serve(jobs)

    def _next(self) -> list[_Job]:
        """The calls of the next batch; none at the end."""
        with self._changed:
            while True:
                self._changed.wait_for(lambda: self._waiting or self._closed)
                if not self._waiting:
                    return []
                if not self._closed:
                    self._changed.wait_for(
                        lambda: (
                            self._closed
                            or sum(len(job.call.requests) for job in self._waiting) >= self._batch_texts
                        ),
                        _LINGER,
                    )
                if jobs := self._taken():
                    return jobs

    def _taken(self) -> list[_Job]:
        """Takes the first call that waits, and those with the same count, oldest first."""
        taken, left = list[_Job](), list[_Job]()
        texts = 0
        for job in self._waiting:
            fits = not taken or (
                job.call.count == taken[0].call.count and texts + len(job.call.requests) <= self._batch_texts
            )
            if not fits:
                left.append(job)
            elif job.cancelled.is_set():
                job.future.set_exception(CancelledError())
            else:
                taken.append(job)
                texts += len(job.call.requests)
        self._waiting = deque(left)
        return taken

    def _serve(self, jobs: Sequence[_Job]) -> None:
        def moved(_: int, __: int) -> None:
            if all(job.cancelled.is_set() for job in jobs):
                raise _Abandoned

        requests = [request for job in jobs for request in job.call.requests]
        self._on_batch(len(requests))
        try:
            count = jobs[0].call.count
            found = iter(self._translator.translate_requests(requests, count=count, progress=moved))
            for job in jobs:
                job.future.set_result([next(found) for _ in job.call.requests])
        except _Abandoned:
            for job in jobs:
                job.future.set_exception(CancelledError())
        except Exception as error:
            if len(jobs) > 1 and not isinstance(error, NoReply):
                # What fails for the text of one client may not fail for those of the others.
                for job in jobs:
                    self._serve([job])
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
