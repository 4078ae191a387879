"""Where the log goes besides `log.jsonl`: TensorBoard, trackio or wandb, by transformers' own integrations.

Keys and accounts are those that `wandb login` and the like have left on this machine; a recipe holds none.
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
    """What a stage is called there.

    Attributes:
        project: the recipe.
        run: the stage.
        folder: for what TensorBoard and wandb write on this machine.
    """

    project: str
    run: str
    folder: Path


def tracking_arguments(tuning: Tuning, tracked: Tracked | None) -> dict[str, Any]:
    """What `TrainingArguments` are told. Names that the environment gives already stay."""
    if not tuning.tracking or tracked is None:
        return {"report_to": []}
    os.environ["TENSORBOARD_LOGGING_DIR"] = str(tracked.folder / tracked.run)  # it knows no other way
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
    """Closes the run of a stage: wandb would write the next one of this process into the same."""
    if "wandb" in (tuning.tracking or ()):
        import wandb

        wandb.finish()


def told(trainer: Any, progress: Progress | None, prefix: str = "") -> Progress:
    """Hands a record on to the trackers, and to `progress`.

    Args:
        prefix: of the names there; transformers shows those with `eval_` apart.
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
