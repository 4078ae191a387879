"""Trains a stage with several processes, which torchrun starts on this machine and on others.

Each process runs `worker.py`. It reads its job from a file and requests to stop from standard input, and it
reports progress in lines of JSON. So Ctrl-C ends a stage as with one process, and no worker outlives us.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ontarget.errors import UserError
from ontarget.pipeline.execution.progress import Progress
from ontarget.pipeline.execution.stages import Update
from ontarget.pipeline.planning.artifacts import Store
from ontarget.pipeline.planning.plan import Plan
from ontarget.pipeline.planning.step import Step
from ontarget.recipes.schema.kinds import Stage
from ontarget.signals import StopRequest, postponed
from ontarget.training.distributed.processes import cores

_PATIENCE = 600  # seconds to wait until the first machine has saved a model
_SHOWN = 4000  # characters of the output of failing processes


@dataclass(frozen=True)
class Launch:
    """The number of processes on each machine, and the rank of this machine.

    Raises:
        UserError: the numbers contradict each other.
    """

    processes: int = 1
    machines: int = 1
    machine_rank: int = 0
    main_address: str | None = None

    def __post_init__(self) -> None:
        host, _, port = (self.main_address or "").rpartition(":")
        if not self.machine_rank < self.machines:
            raise UserError(
                f"--machine-rank is {self.machine_rank} with --machines {self.machines}; ranks count from 0"
            )
        if (self.machines > 1 or self.main_address) and not (host and port.isdecimal()):
            raise UserError(
                "several machines need --main-address HOST:PORT: the first machine and a free port on it"
            )

    @property
    def alone(self) -> bool:
        """Whether there is only one process on one machine, which needs no launch."""
        return self.processes == self.machines == 1

    def require(self, stages: Mapping[str, Stage]) -> None:
        """Checks before the first stage that workers can train all stages.

        Raises:
            UserError: a package or a GPU is missing, or a stage needs a whole model in each process.
        """
        from ontarget.training.distributed import parallel
        from ontarget.training.requirements import require_whole

        for name, stage in stages.items():
            try:
                parallel.require(stage.tuning)
                require_whole(
                    stage.tuning, self.processes * self.machines, evaluated=stage.evaluation is not None
                )
            except UserError as error:
                raise UserError(f"stages.{name}: {error}") from None

    def command(self, job: Path) -> list[str]:
        """The command line of torchrun."""
        where = ["--standalone"]
        if self.main_address and self.machines > 1:
            host, _, port = self.main_address.rpartition(":")
            where = [f"--nnodes={self.machines}", f"--node-rank={self.machine_rank}"]
            where += [f"--master-addr={host}", f"--master-port={port}"]
        count = f"--nproc-per-node={self.processes}"
        module = [
            sys.executable,
            "-m",
            "torch.distributed.run",
            count,
            *where,
            "-m",
            "ontarget.pipeline.execution.worker",
        ]
        return [*module, str(job)]

    def environment(self) -> dict[str, str]:
        """Our environment, with cores divided among the processes unless the user has set OMP_NUM_THREADS."""
        return {"OMP_NUM_THREADS": str(max(1, cores() // self.processes)), **os.environ}


def make_model(
    launch: Launch, plan: Plan, step: Step, *, folder: Path, work: Path, update: Update
) -> dict[str, Any]:
    """Does the same as `stages.make_model` with several processes."""
    start = plan.recipe.stages[step.name].start
    job = {
        "recipe": plan.recipe.settings(),
        "stage": step.name,
        "start": None if start is None else str(plan.place(start)),
        "folder": str(folder),
        "work": str(work),
        "directory": str(plan.store.directory),
    }
    with tempfile.TemporaryDirectory(prefix="ontarget.") as place:
        path = Path(place) / "job.json"
        path.write_text(json.dumps(job), encoding="utf-8")
        return _run(launch.command(path), launch.environment(), update)


def follow(launch: Launch, plan: Plan, steps: Sequence[Step], progress: Progress) -> None:
    """Takes part in training on all machines but the first, which alone writes the run directory.

    Raises:
        UserError: a trained model is not visible on this machine.
    """
    for step in steps:
        if not step.todo:
            continue
        if step.kind == "synthetic":
            _await_text(plan.store, step)
            continue
        work = plan.store.progress(step.name, step.fingerprints[step.name])
        who = f"machine {launch.machine_rank + 1} of {launch.machines}"
        with progress.task(f"training {step.name}, {who}"):
            make_model(launch, plan, step, folder=work, work=work, update=lambda *_: None)
            _await(plan.store, step)


def _await(store: Store, step: Step) -> None:
    """Waits until the first machine has saved the model, since the next stage may start from it."""
    deadline = time.monotonic() + _PATIENCE
    while (found := store.model_made(step.name)) is None or found.fingerprint != step.fingerprints[step.name]:
        if time.monotonic() > deadline:
            raise UserError(
                f"the model '{step.name}' is not in {store.directory} of this machine; "
                "the run directory must be on a file system that all machines see"
            )
        time.sleep(0.5)


def _await_text(store: Store, step: Step) -> None:
    """Waits without limit until the first machine has translated the data of a stage."""
    wanted = {part: step.fingerprints[part] for part in step.todo}
    while True:
        made = store.outputs_made(step.name, wanted, "synthetic")
        if {part: found.fingerprint for part, found in made.items()} == wanted:
            return
        time.sleep(0.5)


def _run(command: Sequence[str], environment: Mapping[str, str], update: Update) -> dict[str, Any]:
    """Runs the processes to their end.

    Raises:
        UserError: reported by one of them.
        KeyboardInterrupt: they were stopped; after a second Ctrl-C without a checkpoint.
        RuntimeError: one of them failed; with their output.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors:
        with _started(command, environment, errors) as process, _relayed(process) as stop:
            assert process.stdout is not None
            told = _listen(process.stdout, errors, update)
            code = process.wait()
        if "error" in told:
            raise UserError(told["error"])
        if "stopped" in told:
            stop.signal = told["stopped"]
        stop.obey()
        if code or "counts" not in told:
            errors.seek(0)
            raise RuntimeError(f"the training processes failed:\n{errors.read()[-_SHOWN:]}")
        counts: dict[str, Any] = told["counts"]
        return counts


def _listen(lines: Iterable[str], errors: IO[str], update: Update) -> dict[str, Any]:
    """Collects the messages of workers and passes on their progress. Only the first error counts."""
    told: dict[str, Any] = {}
    for line in lines:
        try:
            message = json.loads(line)
            what, value = message["ontarget"]
        except (ValueError, KeyError, TypeError):
            errors.write(line)  # the output of a library
            continue
        if what == "progress":
            update(*value)
        else:
            told.setdefault(what, value)
    return told


@contextmanager
def _started(
    command: Sequence[str], environment: Mapping[str, str], errors: IO[str]
) -> Iterator[subprocess.Popen[str]]:
    """Starts the processes in a session of their own, since we pass on Ctrl-C; kills them at the end."""
    with subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        encoding="utf-8",
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            with suppress(OSError):  # workers exit when their standard input ends
                assert process.stdin is not None
                process.stdin.close()
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


@contextmanager
def _relayed(process: subprocess.Popen[str]) -> Iterator[StopRequest]:
    """Passes the first request to stop to the workers, which end after a step; a second one does not wait."""

    def tell(number: int) -> None:
        assert process.stdin is not None
        with suppress(OSError):  # they are ending anyway
            process.stdin.write(f"{number}\n")
            process.stdin.flush()

    with postponed(tell) as stop:
        yield stop
