"""Checkpoints of a stage under way: when they are saved, how they are written, and where one goes on from."""

import json
import shutil
import signal
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from ontarget.errors import UserError
from ontarget.files import move_whole
from ontarget.signals import StopRequest
from ontarget.training.tuning import KEPT

Agree = Callable[[list[float]], list[float]]  # sums over all processes

_UNFINISHED = ".saving"


class Saving(TrainerCallback):
    """Asks for a checkpoint every few minutes, and for one and the end when someone stops the stage.

    Clocks and signals are not the same in all processes, but a step is: they agree at its end.
    """

    def __init__(self, save_minutes: float, stop: StopRequest, agree: Agree) -> None:
        self.save_seconds, self.stop, self.agree = save_minutes * 60, stop, agree
        self.last_save = time.monotonic()

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object
    ) -> TrainerControl:
        """One process that says so is enough."""
        now = time.monotonic()
        due = now - self.last_save > self.save_seconds and state.global_step < state.max_steps
        asked = [self.stop.signal == number for number in (signal.SIGINT, signal.SIGTERM)]
        *votes, save = self.agree([*asked, due])
        for number, vote in zip((signal.SIGINT, signal.SIGTERM), votes, strict=True):
            if vote:
                self.stop.signal = number
                control.should_training_stop = True
        if save or control.should_training_stop:
            control.should_save = True
            self.last_save = now
        return control


class Keeping(TrainerCallback):
    """Keeps the model of some steps, as a plain checkpoint each; step 0 is what the stage starts from."""

    def __init__(self, steps: Collection[int], keep: Callable[[int], None]) -> None:
        self.steps, self.keep = steps, keep

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object
    ) -> TrainerControl:
        """A stage that goes on from a checkpoint has kept its beginning already."""
        return self.on_step_end(args, state, control)

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object
    ) -> TrainerControl:
        """In all processes: those that hold a part of the model give it."""
        if state.global_step in self.steps:
            self.keep(state.global_step)
        return control


def kept(folder: Path, step: int) -> Path:
    """Where the model of a step that is kept lies, in a stage's folder."""
    return folder / KEPT.format(step)


def unfinished(work: Path) -> Path:
    """The folder in which a checkpoint is written, before it takes its place."""
    return work / _UNFINISHED


@contextmanager
def still_there(work: Path) -> Iterator[None]:
    """Says so where someone removes the folder in which a stage is under way."""
    try:
        yield
    except FileNotFoundError as error:
        if work.exists():
            raise
        raise UserError(
            f"{work} was removed while the stage was under way, with its log and checkpoints: run it again"
        ) from error


def clear(work: Path) -> None:
    """Removes what a kill left of a checkpoint."""
    shutil.rmtree(unfinished(work), ignore_errors=True)


def settle(work: Path) -> None:
    """Moves a checkpoint that is written to its place; only then the one before it goes."""
    for written in unfinished(work).iterdir():
        move_whole(written, work / written.name)
        for old in work.glob("checkpoint-*"):
            if old.name != written.name:
                shutil.rmtree(old)
    clear(work)


def last_checkpoint(work: Path) -> Path | None:
    """The newest checkpoint that is whole, should there be more than one."""
    whole = []
    for path in work.glob("checkpoint-*"):
        try:
            whole.append((json.loads((path / "trainer_state.json").read_text())["global_step"], path))
        except (OSError, ValueError, KeyError):
            continue  # half removed by a kill
    return max(whole)[1] if whole else None
