"""A worker: loads a model and translates what comes over a connection, in a process of its own.

If the model takes too much memory or crashes, only this process ends, and `model_owner.py` starts it again. A
worker in a thread does the same for tests, but cannot crash alone.
"""

import logging
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from functools import partial
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection, Pipe
from multiprocessing.context import SpawnProcess
from typing import Any, Protocol

from ontarget.serving.batcher import BATCH_TEXTS, Batcher, Translates
from ontarget.serving.model_calls import ModelCall, Results, error_to_dict, receive, results_to_list, send

Load = Callable[[], Translates]
"""Loads a model. For a process, it can be pickled, such as a function of a module."""

_LOG = logging.getLogger(__name__)


class Worker(Protocol):
    """A model that is being loaded, or answers calls.

    Attributes:
        connection: the server's end of the connection.
    """

    connection: Connection

    def kill(self) -> None:
        """Ends the worker at once, if that is possible."""

    def end(self, seconds: float) -> str:
        """Waits until the worker has ended, and kills it after some seconds.

        Returns:
            How it ended, such as `SIGKILL` or `exit code 1`.
        """


Launch = Callable[[], Worker]
"""Starts a worker."""


def in_process(load: Load, *, batch_texts: int = BATCH_TEXTS, threads: int | None = None) -> Launch:
    """Workers in processes of their own.

    Args:
        load: loads the model; it is pickled.
        batch_texts: number of texts that are translated together.
        threads: number of processor threads of each; None: the library decides.
    """
    return partial(_ProcessWorker, load, batch_texts, threads)


def in_thread(load: Load, *, batch_texts: int = BATCH_TEXTS) -> Launch:
    """Workers in threads of this process."""
    return partial(_ThreadWorker, load, batch_texts)


class _ProcessWorker:
    def __init__(self, load: Load, batch_texts: int, threads: int | None) -> None:
        # A terminal sends Ctrl-C to all processes, and systemd SIGTERM; only the server decides when its
        # workers end. A blocked signal stays blocked in a new process, but the tracker would unblock it.
        resource_tracker.ensure_running()
        before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
        self.connection, theirs = Pipe()
        try:
            self._process: SpawnProcess = get_context("spawn").Process(
                target=_main, args=(theirs, load, batch_texts, threads), name="ontarget model"
            )
            self._process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            theirs.close()  # so that the connection ends with the process

    @property
    def pid(self) -> int | None:
        """Its process id."""
        return self._process.pid

    def kill(self) -> None:
        """See `Worker`."""
        self._process.kill()

    def end(self, seconds: float) -> str:
        """See `Worker`."""
        self._process.join(seconds)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        code = self._process.exitcode or 0
        return signal.Signals(-code).name if code < 0 else f"exit code {code}"


class _ThreadWorker:
    def __init__(self, load: Load, batch_texts: int) -> None:
        self.connection, theirs = Pipe()
        arguments = (theirs, load, batch_texts)
        self._thread = threading.Thread(target=answer_calls, args=arguments, name="model", daemon=True)
        self._thread.start()

    def kill(self) -> None:
        """See `Worker`; a thread cannot be killed."""

    def end(self, seconds: float) -> str:
        """See `Worker`."""
        self._thread.join(seconds)
        return "exit code 0"


def _main(connection: Connection, load: Load, batch_texts: int, threads: int | None) -> None:
    if threads is not None:  # before torch is imported, which reads it
        os.environ.setdefault("OMP_NUM_THREADS", str(threads))
    answer_calls(connection, load, batch_texts)
    logging.shutdown()
    os._exit(0)  # abandoned work may still be running


def answer_calls(connection: Connection, load: Load, batch_texts: int = BATCH_TEXTS) -> None:
    """Loads a model and answers calls, until the other side of the connection says so or has ended.

    Args:
        connection: its messages are objects. `{"ready": true}` or `{"failed": ERROR}` comes first. Then each
            `{"id", "call"}` is answered, in any order, by `{"id", "results"}` or `{"id", "error"}`, unless
            `{"cancel": id}` or `{"end": true}` comes before.
        load: loads the model.
        batch_texts: number of texts that are translated together.
    """
    sending = threading.Lock()

    def say(**message: Any) -> None:
        with sending:
            try:
                send(connection, message)
            except OSError:
                _LOG.debug("the server has ended")

    try:
        translator = load()
    except Exception as error:
        failed = error_to_dict(error)
        if failed["kind"] == "bug":
            _LOG.exception("the model cannot be loaded")
        say(failed=failed)
        connection.close()
        return
    say(ready=True)
    batcher = Batcher(translator, batch_texts=batch_texts, on_batch=lambda texts: say(batch=texts))
    cancelled = dict[int, threading.Event]()

    def answered(id: int, future: "Future[Results]") -> None:
        cancelled.pop(id, None)
        try:
            say(id=id, results=results_to_list(future.result()))
        except CancelledError:
            return
        except Exception as error:
            say(id=id, error=error_to_dict(error))

    while (message := receive(connection)) is not None and "end" not in message:
        if "cancel" in message:
            if one := cancelled.get(message["cancel"]):
                one.set()
            continue
        one = cancelled[message["id"]] = threading.Event()
        future = batcher.submit(ModelCall.of_dict(message["call"]), one)
        future.add_done_callback(partial(answered, message["id"]))
    for one in list(cancelled.values()):
        one.set()
    batcher.close(0)
    with sending:
        connection.close()
