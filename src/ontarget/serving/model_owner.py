"""The owner of a model: starts its workers, divides calls among them, and replaces one that ends or hangs."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import count
from queue import SimpleQueue
from typing import Any, Literal

from ontarget.errors import UserError
from ontarget.serving.model_calls import (
    ModelBug,
    ModelCall,
    ModelEnded,
    Results,
    error_of_dict,
    receive,
    results_of_list,
    send,
)
from ontarget.serving.model_process import Launch, Worker

_LOG = logging.getLogger(__name__)
_LAST = 5.0  # seconds for a worker to end after it was told to
STEP_SECONDS = 120.0
"""How long a decoding step may take; one that reads long prompts on a slow processor may take a minute."""
_LOOK = 1.0  # seconds from one look at a worker to the next

State = Literal["loading", "ready", "restarting", "lost", "closed"]
"""`lost`: no worker is left, and none is started any more."""


@dataclass(frozen=True, slots=True)
class Restarts:
    """When a worker that has ended is started again.

    Attributes:
        most: number of restarts within `window`; after that it is given up.
        window: seconds.
        pause: seconds before the first restart; doubled with each other one of the window.
    """

    most: int = 5
    window: float = 600.0
    pause: float = 1.0


@dataclass(eq=False)
class _Running:
    call: ModelCall
    future: "Future[Results]" = field(default_factory=Future)


@dataclass(eq=False)
class _Slot:
    """The place of a worker, or of the one that replaces it."""

    ready: bool = False
    was_ready: bool = False
    lost: bool = False
    running: dict[int, _Running] = field(default_factory=dict)
    outbox: "SimpleQueue[dict[str, Any] | None]" = field(default_factory=SimpleQueue)
    worker: Worker | None = None
    alive: float = 0.0  # when it last said so

    @property
    def load(self) -> int:
        return sum(one.call.characters for one in self.running.values())


class ModelOwner:
    """A model that serves many clients.

    Args:
        launch: starts a worker.
        name: the name of the model in the log, if there are others.
        workers: number of workers; they share the calls.
        restarts: when a worker that has ended is started again.
        step_seconds: how long a decoding step may take. A worker that hangs for longer is killed.
        on_restart: called when one is started again.

    Attributes:
        error: why the model could not be loaded at first, if it could not.
    """

    def __init__(
        self,
        launch: Launch,
        *,
        name: str = "",
        workers: int = 1,
        restarts: Restarts | None = None,
        step_seconds: float = STEP_SECONDS,
        on_restart: Callable[[], None] = lambda: None,
    ) -> None:
        self.error: Exception | None = None
        self._called = f"the model '{name}'" if name else "the model"
        self._launch, self._restarts = launch, restarts or Restarts()
        self._step_seconds, self._on_restart = step_seconds, on_restart
        self._slots = [_Slot() for _ in range(workers)]
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._numbers = count()

    @property
    def state(self) -> State:
        """Whether the model answers, and if not, why."""
        if self._closed.is_set():
            return "closed"
        if any(slot.ready for slot in self._slots):
            return "ready"
        if all(slot.lost for slot in self._slots):
            return "lost"
        return "restarting" if any(slot.was_ready for slot in self._slots) else "loading"

    @property
    def ready(self) -> bool:
        """Whether the model answers."""
        return self.state == "ready"

    def start(self, ended: Callable[[], None] = lambda: None) -> None:
        """Begins to load the model.

        Args:
            ended: called in a thread if the model cannot be loaded; `error` then has the reason.
        """
        for slot in self._slots:
            thread = threading.Thread(target=self._keep, args=(slot, ended), name="owner", daemon=True)
            self._threads.append(thread)
            thread.start()

    def submit(self, call: ModelCall) -> "Future[Results]":
        """Lets the worker with the least work translate. To cancel the future ends the work.

        Raises:
            ModelEnded: no worker is ready.
        """
        one, number = _Running(call), next(self._numbers)
        with self._lock:
            ready = [slot for slot in self._slots if slot.ready]
            if not ready or self._closed.is_set():
                raise ModelEnded
            slot = min(ready, key=lambda slot: slot.load)
            slot.running[number] = one
            outbox = slot.outbox
            outbox.put({"id": number, "call": call.to_dict()})

        def done(future: "Future[Results]") -> None:
            if future.cancelled():
                with self._lock:
                    slot.running.pop(number, None)
                outbox.put({"cancel": number})

        one.future.add_done_callback(done)
        return one.future

    def close(self) -> None:
        """Ends all workers. Calls that are not answered by now get `ModelEnded`."""
        with self._lock:
            self._closed.set()
            for slot in self._slots:
                slot.outbox.put({"end": True})
                if slot.worker is not None and not slot.ready:  # it hears nothing while it loads the model
                    slot.worker.kill()
        for thread in self._threads:
            thread.join(_LAST)
        with self._lock:
            for slot in self._slots:
                if slot.worker is not None:
                    slot.worker.kill()
        for thread in self._threads:
            thread.join(_LAST)

    def _keep(self, slot: _Slot, ended: Callable[[], None]) -> None:
        """Starts a worker, and starts it again when it has ended."""
        restarts = deque[float]()
        while True:
            how = self._started(slot)
            if self._closed.is_set():
                return
            if not slot.was_ready:
                self.error = self.error or UserError(
                    f"the process of the model has ended while it loaded the model ({how}); if that is for "
                    "lack of memory, use a smaller model, or fewer --workers"
                )
                slot.lost = True
                ended()
                return
            now = time.monotonic()
            while restarts and restarts[0] < now - self._restarts.window:
                restarts.popleft()
            if len(restarts) == self._restarts.most:
                _LOG.error(
                    "the process of %s has ended too often (%s); restart this server", self._called, how
                )
                slot.lost = True
                return
            pause = self._restarts.pause * 2 ** len(restarts)
            _LOG.error("the process of %s has ended (%s); it starts again in %g s", self._called, how, pause)
            if self._closed.wait(pause):
                return
            restarts.append(time.monotonic())
            self._on_restart()

    def _started(self, slot: _Slot) -> str:
        """Starts a worker and talks with it until it has ended; returns how it has."""
        try:
            worker = self._launch()
        except OSError as error:  # no process can be started, for example for lack of memory
            return error.strerror or "not started"
        outbox = slot.outbox
        sender = threading.Thread(target=_send_all, args=(worker, outbox), name="outbox", daemon=True)
        with self._lock:
            slot.worker = worker
            if self._closed.is_set():
                worker.kill()
        sender.start()
        over = threading.Event()
        threading.Thread(target=self._watch, args=(slot, worker, over), name="watch", daemon=True).start()
        while (message := receive(worker.connection)) is not None:
            self._hear(slot, message)
        over.set()
        self._give_up(slot)
        with self._lock:
            slot.worker, slot.outbox = None, SimpleQueue()
        outbox.put(None)
        sender.join()
        worker.connection.close()
        return worker.end(_LAST)

    def _watch(self, slot: _Slot, worker: Worker, over: threading.Event) -> None:
        """Kills a worker that hangs."""
        while not over.wait(_LOOK):
            if slot.ready and time.monotonic() - slot.alive > self._step_seconds:
                _LOG.error(
                    "%s has made no step for %g s; its process is killed", self._called, self._step_seconds
                )
                self._give_up(slot)  # first, since a process that waits for a driver may not end
                worker.kill()
                return

    def _give_up(self, slot: _Slot) -> None:
        """Takes no more calls for a worker, and ends the running ones."""
        with self._lock:
            slot.ready = False
            left, slot.running = list(slot.running.values()), {}
        for one in left:
            _settle(one.future, ModelEnded())

    def _hear(self, slot: _Slot, message: dict[str, Any]) -> None:
        if "ready" in message:
            with self._lock:
                slot.ready, slot.was_ready, slot.alive = True, True, time.monotonic()
            _LOG.info("%s is loaded", self._called)
        elif "moves" in message:
            slot.alive = time.monotonic()
        elif "failed" in message:
            if not slot.was_ready:
                self.error = error_of_dict(message["failed"])
            _LOG.error("%s cannot be loaded: %s", self._called, message["failed"]["message"])
        else:
            with self._lock:
                one = slot.running.pop(message["id"], None)
            if one is None:
                return  # it was cancelled
            _settle(one.future, _outcome(message, one.call))


def _outcome(message: dict[str, Any], call: ModelCall) -> Results | Exception:
    if "error" in message:
        return error_of_dict(message["error"])
    try:
        return results_of_list(message["results"], call)
    except ValueError:
        return ModelBug("the number of results")


def _settle(future: "Future[Results]", outcome: Results | Exception) -> None:
    """Gives a future its result or exception, unless it was cancelled."""
    if not future.set_running_or_notify_cancel():
        return
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)


def _send_all(worker: Worker, outbox: "SimpleQueue[dict[str, Any] | None]") -> None:
    """Sends messages until the worker or the queue ends; in a thread, since a busy worker reads late."""
    while (message := outbox.get()) is not None:
        try:
            send(worker.connection, message)
        except OSError:
            return
