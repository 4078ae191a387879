"""Makes the steps of a plan in several processes: each step begins when those that it needs are made.

Each process runs `step_worker.py` and makes one step at a time, with its share of the cores, or on a GPU of
its own. A step at whose time no other one can be made has all cores.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from ontarget.errors import UserError
from ontarget.pipeline.execution.progress import Advance, Progress
from ontarget.pipeline.planning.plan import Plan
from ontarget.pipeline.planning.schedule import without_company
from ontarget.pipeline.planning.step import Step
from ontarget.signals import StopRequest, postponed
from ontarget.training.distributed.processes import gpus, threads_of_each

_COMMAND = [sys.executable, "-m", "ontarget.pipeline.execution.step_worker"]


def make_together(plan: Plan, todo: Sequence[Step], count: int, progress: Progress) -> Iterator[Step]:
    """Makes steps in at most `count` processes; yields each when it is made.

    After an error, or a first Ctrl-C, no further step begins, and training ends with a checkpoint.

    Args:
        plan: the plan, whose directory is locked by this process.
        todo: the steps to make, in an order in which they can be made.
        count: number of processes.
        progress: receives messages and progress of all steps.
    Raises:
        UserError: reported by one of the processes, or one was killed.
        KeyboardInterrupt: they were stopped; after a second Ctrl-C without a checkpoint.
    """
    alone, unmade, waiting = without_company(todo), {step.id for step in todo}, list(todo)
    running = dict[Future[None], tuple[Step, _Worker]]()
    failure: BaseException | None = None
    with _started(plan, min(count, len(todo)), progress) as (workers, threads), _relayed(workers) as stop:
        while waiting or running:
            ready = [step for step in waiting if not unmade.intersection(step.needs)]
            idle = [worker for worker in workers if worker not in (busy for _, busy in running.values())]
            while ready and idle and failure is None and stop.signal is None:
                worker, step = _match(plan, idle, ready)
                idle.remove(worker)
                ready.remove(step)
                waiting.remove(step)
                running[threads.submit(worker.make, step, alone=step.id in alone)] = step, worker
            if not running:
                break
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                step, worker = running.pop(future)
                try:
                    future.result()
                except (UserError, KeyboardInterrupt) as error:
                    if failure is None:
                        failure = error
                        for _, busy in running.values():
                            busy.signal(signal.SIGINT)
                else:
                    unmade.remove(step.id)
                    yield step
    stop.obey()
    if failure:
        raise failure


def _match(plan: Plan, idle: Sequence["_Worker"], ready: Sequence[Step]) -> tuple["_Worker", Step]:
    """The next step, and a worker for it. Translations go to a worker that has loaded their model, if any."""
    if ready[0].kind == "outputs":  # not if a model can be trained, for which others may wait
        for worker in idle:
            for step in ready:
                if step.kind == "outputs" and worker.model == _model(plan, step):
                    return worker, step
    return idle[0], ready[0]


def _model(plan: Plan, step: Step) -> str:
    return plan.recipe.model_of(step.name)


class _Worker:
    """A process that makes steps. It starts with its first one.

    Attributes:
        model: the model that it has loaded for decoding, if any.
    """

    def __init__(self, plan: Plan, job: Path, number: int, count: int, progress: Progress) -> None:
        self.model: str | None = None
        self._plan, self._job, self._progress = plan, job, progress
        self._share, self._environment = threads_of_each(count), dict(os.environ)
        if named := gpus():
            self._environment["CUDA_VISIBLE_DEVICES"] = named[number % len(named)]
        self._process: subprocess.Popen[str] | None = None

    def make(self, step: Step, *, alone: bool) -> None:
        """Makes a step, and passes on its messages and progress.

        Raises:
            UserError: reported by the process, or the process was killed.
            KeyboardInterrupt: the process was stopped.
        """
        self.model = _model(self._plan, step) if step.kind == "outputs" else None
        order = {
            "kind": step.kind,
            "name": step.name,
            "fingerprints": dict(step.fingerprints),
            "todo": list(step.todo),
            "test": step.test,
        }
        process = self._started()
        self._write({"step": order, "threads": None if alone else self._share})
        assert process.stdout is not None
        advance: Advance = _ignore
        with ExitStack() as task:
            for what, value in _messages(process.stdout):
                match what:
                    case "say":
                        self._progress.say(value)
                    case "task":
                        advance = task.enter_context(self._progress.task(value))
                    case "advance":
                        advance(*value)
                    case "task done":
                        task.close()
                    case "made":
                        return
                    case "stopped":
                        raise KeyboardInterrupt
                    case _:
                        raise UserError(value)
            raise UserError(
                f"the process that made {step.id} has ended ({_reason(process.wait())}); run the same "
                "command again to resume, with fewer --workers if memory was short"
            )

    def signal(self, number: int) -> None:
        """Passes on a signal."""
        if self._process is not None:
            self._write({"signal": number})

    def end(self) -> None:
        """Ends the process at once; what it was making is incomplete, and counts as missing."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def _started(self) -> subprocess.Popen[str]:
        if self._process is None:
            self._process = subprocess.Popen(
                [*_COMMAND, str(self._job)],
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                encoding="utf-8",
                start_new_session=True,  # since we pass on Ctrl-C
            )
        return self._process

    def _write(self, order: dict[str, Any]) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        with suppress(OSError):  # it has ended, which its reader notices
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()


def _ignore(done: int, total: int, note: str) -> None:
    """Progress outside of a task."""


def _messages(lines: Iterable[str]) -> Iterator[tuple[str, Any]]:
    """The messages of a worker; other lines are the output of a library."""
    for line in lines:
        try:
            what, value = json.loads(line)["ontarget"]
        except (ValueError, KeyError, TypeError):
            sys.stderr.write(line)
        else:
            yield what, value


def _reason(code: int) -> str:
    """Why a process ended: `SIGKILL`, `exit code 1`."""
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"


@contextmanager
def _started(
    plan: Plan, count: int, progress: Progress
) -> Iterator[tuple[Sequence[_Worker], ThreadPoolExecutor]]:
    """The processes, and a thread for each that waits for its messages; ends the processes."""
    job = {
        "recipe": plan.recipe.settings(),
        "directory": str(plan.store.directory),
        "timed": not 0 < len(gpus()) < count,  # a GPU that several workers share says nothing of its speed
    }
    with ThreadPoolExecutor(count) as threads, tempfile.TemporaryDirectory(prefix="ontarget.") as place:
        path = Path(place) / "job.json"
        path.write_text(json.dumps(job), encoding="utf-8")
        workers = [_Worker(plan, path, number, count, progress) for number in range(count)]
        try:
            yield workers, threads
        finally:
            for worker in workers:
                worker.end()


@contextmanager
def _relayed(workers: Sequence[_Worker]) -> Iterator[StopRequest]:
    """Passes on the first request to stop: training ends after a step; a second one does not wait."""

    def tell(number: int) -> None:
        for worker in workers:
            worker.signal(number)

    with postponed(tell) as stop:
        yield stop
