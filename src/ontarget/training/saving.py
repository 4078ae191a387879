"""Checkpoints of a running stage: when they are saved, how they are written, and how training resumes."""

import json
import re
import shutil
import signal
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import OutOfMemoryError
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from ontarget.errors import UserError
from ontarget.files import move_whole
from ontarget.settings.tuning import KEPT
from ontarget.signals import StopRequest
from ontarget.training.sealing import SEAL, damage, seal, weights_whole

Agree = Callable[[list[float]], list[float]]  # sums over all processes

LOG, BEST = "log.jsonl", "best.safetensors"
_UNFINISHED = ".saving"
# The files of a checkpoint of Transformers that training needs to resume exactly.
_OF_A_CHECKPOINT = ("trainer_state.json", "optimizer.pt", "scheduler.pt", "rng_state*.pth", "*.safetensors")
_OF_A_MODEL = ("config.json", "*.safetensors")


@dataclass(frozen=True, slots=True)
class Resume:
    """The point from which a stage resumes.

    Attributes:
        checkpoint: its folder; None: the beginning.
        notice: a sentence about damaged checkpoints and the consequence; empty if there are none.
    """

    checkpoint: Path | None
    notice: str = ""


class Saving(TrainerCallback):
    """Requests a checkpoint every few minutes, and a checkpoint and the end when the stage is stopped.

    Clocks and signals differ between processes, so they agree at the end of each step.
    """

    def __init__(self, save_minutes: float, stop: StopRequest, agree: Agree) -> None:
        self.save_seconds, self.stop, self.agree = save_minutes * 60, stop, agree
        self.last_save = time.monotonic()

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object
    ) -> TrainerControl:
        """Acts if any process requests it."""
        now = time.monotonic()
        due = now - self.last_save > self.save_seconds and state.global_step < state.max_steps
        stops = [self.stop.signal == number for number in (signal.SIGINT, signal.SIGTERM)]
        *votes, save = self.agree([*stops, due])
        for number, vote in zip((signal.SIGINT, signal.SIGTERM), votes, strict=True):
            if vote:
                self.stop.signal = number
                control.should_training_stop = True
        if save or control.should_training_stop:
            control.should_save = True
            self.last_save = now
        return control


class Keeping(TrainerCallback):
    """Keeps the model of some steps, each as a plain checkpoint; step 0 is the start of the stage."""

    def __init__(self, steps: Collection[int], keep: Callable[[int], None]) -> None:
        self.steps, self.keep = steps, keep

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object
    ) -> TrainerControl:
        """Keeps step 0, unless the stage resumes from a checkpoint."""
        return self.on_step_end(args, state, control)

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object
    ) -> TrainerControl:
        """Runs in all processes, each of which may hold a part of the model."""
        if state.global_step in self.steps:
            self.keep(state.global_step)
        return control


def kept(folder: Path, step: int) -> Path:
    """The folder of a kept step's model within a stage's folder."""
    return folder / KEPT.format(step)


def unfinished(work: Path) -> Path:
    """The temporary folder in which a checkpoint is written, before it is renamed."""
    return work / _UNFINISHED


@contextmanager
def still_there(work: Path) -> Iterator[None]:
    """Turns the error into one sentence if the folder of a running stage is removed."""
    try:
        yield
    except FileNotFoundError as error:
        if work.exists():
            raise
        raise UserError(
            f"{work} was removed while the stage was running, with its log and checkpoints: run it again"
        ) from error


@contextmanager
def fitting(checkpoint: str | None) -> Iterator[None]:
    """Turns the error into one sentence if a checkpoint without checksums does not fit the stage."""
    try:
        yield
    except (RuntimeError, ValueError, LookupError, TypeError, AttributeError) as error:
        if checkpoint is None or (Path(checkpoint) / SEAL).exists() or isinstance(error, OutOfMemoryError):
            raise
        raise UserError(
            f"{checkpoint} does not fit the stage ({' '.join(str(error).split())[:200]}): remove that "
            "folder, and run again"
        ) from error


def clear(work: Path) -> None:
    """Removes an unfinished checkpoint, which a killed process leaves."""
    shutil.rmtree(unfinished(work), ignore_errors=True)
    if unfinished(work).is_file():
        unfinished(work).unlink()


def settle(work: Path) -> None:
    """Adds log and checksums to a written checkpoint, renames it, and then removes the one before it."""
    for written in unfinished(work).iterdir():
        if (work / LOG).exists():
            shutil.copy(work / LOG, written / LOG)
        seal(written)
        move_whole(written, work / written.name)
        for old in work.glob("checkpoint-*"):
            if old.name != written.name:
                shutil.rmtree(old)
    clear(work)


def keep(work: Path, step: int) -> None:
    """Adds checksums to the written model of a step, and renames it."""
    seal(unfinished(work))
    move_whole(unfinished(work), kept(work, step))


def checkpoints(work: Path) -> list[Path]:
    """All finished checkpoints, newest first."""
    found = [path for path in work.glob("checkpoint-*") if re.fullmatch(r"checkpoint-\d+", path.name)]
    return sorted(found, key=step_of, reverse=True)


def last_checkpoint(work: Path) -> Path | None:
    """The newest checkpoint, damaged or not."""
    return next(iter(checkpoints(work)), None)


def step_of(checkpoint: Path) -> int:
    """The step after which a checkpoint was written."""
    return int(checkpoint.name.split("-")[1])


def resume(work: Path, checkpoint_steps: Collection[int] = (), best: str | None = None) -> Resume:
    """The newest intact checkpoint, with an intact model for each kept step; damaged ones are removed.

    Args:
        checkpoint_steps: whose models must be there, as far as the checkpoint has come.
        best: the score that determines the best step, if the stage is evaluated.
    """
    damaged: list[str] = []
    for checkpoint in checkpoints(work):
        reason = damage(checkpoint, _OF_A_CHECKPOINT) or _damage_before(checkpoint, checkpoint_steps, best)
        if reason is None:
            return Resume(checkpoint, _notice(damaged, f"training resumes from step {step_of(checkpoint)}"))
        damaged.append(f"the checkpoint of step {step_of(checkpoint)} is damaged ({reason})")
        if checkpoint.is_dir():
            shutil.rmtree(checkpoint)
        else:
            checkpoint.unlink()
    return Resume(None, _notice(damaged, "training starts again from the beginning"))


def _damage_before(checkpoint: Path, checkpoint_steps: Collection[int], best: str | None) -> str | None:
    """The damage of models that were kept up to a checkpoint; None if they are intact."""
    work = checkpoint.parent
    for step in sorted(step for step in checkpoint_steps if step <= step_of(checkpoint)):
        if reason := damage(kept(work, step), _OF_A_MODEL):
            return f"{kept(work, step).name}: {reason}"
    log = checkpoint / LOG
    evaluated = best is not None and any(
        best in record for record in records(log if log.exists() else work / LOG)
    )
    return f"{BEST} cannot be read" if evaluated and not weights_whole(work / BEST) else None


def records(log: Path) -> list[dict[str, Any]]:
    """The records of a log, without incomplete lines after a kill or a full disk."""
    found = []
    text = log.read_bytes().decode("utf-8", "replace") if log.exists() else ""
    for line in text.split("\n"):
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if isinstance(record, dict) and isinstance(record.get("step"), int):
            found.append(record)
    return found


def _notice(damaged: list[str], then: str) -> str:
    return f"{' and '.join(damaged)}; {then}" if damaged else ""
