"""A worker: loads a model and translates what comes over a connection, in a process of its own.

If the model takes too much memory or crashes, only this process ends, and `model_owner.py` starts it again. A
worker in a thread does the same for tests, but cannot crash alone.
"""

import logging
import os
import signal
import threading
from collections.abc import Callable, Sequence
from functools import partial
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection, Pipe
from multiprocessing.context import SpawnProcess
from typing import Any, Protocol

from ontarget.checked.verdict import Checked
from ontarget.openai_api import ServerFailed
from ontarget.serving.failure import place_of_error
from ontarget.serving.model_calls import ModelCall, error_to_dict, receive, results_to_list, send
from ontarget.translation.engines.protocol import Progress
from ontarget.translation.system import Request


class Translates(Protocol):
    """What the server needs of a `CheckedTranslator`. Threads share it."""

    @property
    def stalled(self) -> float:
        """Seconds that the current decoding step takes so far; 0 without one."""

    def translate_requests(
        self, requests: Sequence[Request], *, count: int = 1, progress: Progress | None = None
    ) -> list[list[Checked]]:
        """Translates requests in any mix of directions: the translations of each, best first."""


Load = Callable[[], Translates]
"""Loads a model. For a process, it can be pickled, such as a function of a module."""

_LOG = logging.getLogger(__name__)
_BEAT = 5.0  # seconds between two signs of life


class _Abandoned(Exception):
    """No client waits for the call any more."""


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


def in_process(load: Load, *, threads: int | None = None) -> Launch:
    """Workers in processes of their own.

    Args:
        load: loads the model; it is pickled.
        threads: number of processor threads of each; None: the library decides.
    """
    return partial(_ProcessWorker, load, threads)


def in_thread(load: Load) -> Launch:
    """Workers in threads of this process."""
    return partial(_ThreadWorker, load)


class _ProcessWorker:
    def __init__(self, load: Load, threads: int | None) -> None:
        # A terminal sends Ctrl-C to all processes, and systemd SIGTERM; only the server decides when its
        # workers end. A blocked signal stays blocked in a new process, but the tracker would unblock it.
        resource_tracker.ensure_running()
        before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
        self.connection, theirs = Pipe()
        try:
            self._process: SpawnProcess = get_context("spawn").Process(
                target=_main, args=(theirs, load, threads), name="ontarget model"
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
    def __init__(self, load: Load) -> None:
        self.connection, theirs = Pipe()
        self._thread = threading.Thread(target=answer_calls, args=(theirs, load), name="model", daemon=True)
        self._thread.start()

    def kill(self) -> None:
        """See `Worker`; a thread cannot be killed."""

    def end(self, seconds: float) -> str:
        """See `Worker`."""
        self._thread.join(seconds)
        return "exit code 0"


def _main(connection: Connection, load: Load, threads: int | None) -> None:
    if threads is not None:  # before torch is imported, which reads it
        os.environ.setdefault("OMP_NUM_THREADS", str(threads))
    answer_calls(connection, load)
    logging.shutdown()
    os._exit(0)  # abandoned work may still be running


def answer_calls(connection: Connection, load: Load, beat: float = _BEAT) -> None:
    """Loads a model and answers calls until the other side says so, or has ended.

    Each call has a thread of its own, which also checks the translations and tries again; the engine decodes
    the texts of all threads together.

    Args:
        connection: its messages are objects. `{"ready": true}` or `{"failed": ERROR}` comes first. Then each
            `{"id", "call"}` is answered, in any order, by `{"id", "results"}` or `{"id", "error"}`, unless
            `{"cancel": id}` or `{"end": true}` comes before. `{"moves": true}` comes again and again, unless
            a decoding step takes long or the process hangs.
        load: loads the model.
        beat: seconds from one of these messages to the next; a step may take as long.
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
    over = threading.Event()
    threading.Thread(target=_live, args=(translator, over, beat, say), name="life", daemon=True).start()
    cancelled = dict[int, threading.Event]()

    def answer(id: int, call: ModelCall, ended: threading.Event) -> None:
        def moved(_: int, __: int) -> None:
            if ended.is_set():
                raise _Abandoned

        try:
            results = translator.translate_requests(call.requests, count=call.count, progress=moved)
            say(id=id, results=results_to_list(results))
        except _Abandoned:
            pass
        except Exception as error:
            cause = error.cause if isinstance(error, ServerFailed) else place_of_error(error)
            _LOG.error("a call failed: %s", cause)
            say(id=id, error=error_to_dict(error))
        cancelled.pop(id, None)

    while (message := receive(connection)) is not None and "end" not in message:
        if "cancel" in message:
            if one := cancelled.get(message["cancel"]):
                one.set()
            continue
        id, call = message["id"], ModelCall.of_dict(message["call"])
        one = cancelled[id] = threading.Event()
        threading.Thread(target=answer, args=(id, call, one), name="call", daemon=True).start()
    over.set()
    for one in list(cancelled.values()):
        one.set()
    with sending:
        connection.close()


def _live(translator: Translates, over: threading.Event, beat: float, say: Callable[..., None]) -> None:
    """Says again and again that the model moves, as long as it does."""
    while not over.wait(beat):
        if translator.stalled <= beat:
            say(moves=True)
