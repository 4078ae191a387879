"""Sends the log to TensorBoard, trackio or wandb, through the integrations of Transformers.

Keys and accounts come from this machine (`wandb login` and others), never from a recipe.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ontarget.settings.tuning import Tuning

Progress = Callable[[int, int, dict[str, Any]], None]  # step, steps, the newest record


@dataclass(frozen=True, slots=True)
class Tracked:
    """The names of a stage in a tracker.

    Attributes:
        project: the recipe.
        run: the stage.
        folder: for the local files of TensorBoard and wandb.
    """

    project: str
    run: str
    folder: Path


def tracking_arguments(tuning: Tuning, tracked: Tracked | None) -> dict[str, Any]:
    """Arguments of `TrainingArguments`. Names in environment variables take precedence."""
    if not tuning.tracking or tracked is None:
        return {"report_to": []}
    os.environ["TENSORBOARD_LOGGING_DIR"] = str(tracked.folder / tracked.run)  # there is no argument for it
    if "wandb" in tuning.tracking:
        tracked.folder.mkdir(parents=True, exist_ok=True)
        os.environ.setdefault("WANDB_DIR", str(tracked.folder))
        os.environ.setdefault("WANDB_PROJECT", tracked.project)
    return {
        "report_to": list(tuning.tracking),
        "project": tracked.project,
        "run_name": tracked.run,
        "trackio_static_space_id": False,  # nothing is published
    }


def end(tuning: Tuning) -> None:
    """Closes the run of a stage, so that wandb does not add the next stage of this process to it."""
    if "wandb" in (tuning.tracking or ()):
        import wandb

        wandb.finish()


def told(trainer: Any, progress: Progress | None, prefix: str = "") -> Progress:
    """A function that passes a record on to the trackers, and to `progress`.

    Args:
        trainer: the trainer, which has the trackers.
        progress: called with step, number of steps and record.
        prefix: prefix of the names in the trackers; Transformers groups those with `eval_`.
    """

    def tell(step: int, steps: int, record: dict[str, Any]) -> None:
        if trainer.args.report_to:
            numbers = {
                prefix + name: value for name, value in record.items() if name not in ("step", "steps")
            }
            trainer.log(numbers)
        if progress:
            progress(step, steps, record)

    return tell
