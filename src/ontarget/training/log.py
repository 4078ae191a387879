"""`log.jsonl`: losses and speed of a stage while it trains, continued after an interruption."""

import json
import time
from pathlib import Path
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from ontarget.training import saving
from ontarget.training.trainer import Progress, Record, SignedTrainer


class Log(TrainerCallback):
    """Writes `log.jsonl` and reports progress.

    Attributes:
        before: seconds of training before an interruption, up to the checkpoint that training continues from.
    """

    def __init__(self, trainer: SignedTrainer, path: Path, progress: Progress | None) -> None:
        self.trainer, self.path, self.progress = trainer, path, progress
        # Only the first process reads the file: it may also be cutting it.
        self.before = _seconds(path) if trainer.args.should_save else 0.0
        self.last_record = time.monotonic()
        self.started = self.last_record - self.before

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> TrainerControl:
        """One record for each hundredth of the stage."""
        now = time.monotonic()
        every = max(1, state.max_steps // 100)
        if (
            state.global_step % every == 0
            or state.global_step == state.max_steps
            or control.should_training_stop
        ):
            sums = self.trainer.take_noted()
            record: Record = {"step": state.global_step, "steps": state.max_steps}
            record |= {name: total / weight for name, (total, weight) in sums.items() if name != "tokens"}
            record["learning_rate"] = self.trainer._get_learning_rate()
            record["tokens_per_second"] = sums["tokens"][0] / (now - self.last_record)
            record["seconds"] = now - self.started
            self.last_record = now
            if state.is_world_process_zero:
                with self.path.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(record) + "\n")
                if self.progress:
                    self.progress(state.global_step, state.max_steps, record)
        return control


def restore(log: Path, checkpoint: Path | None) -> None:
    """Cuts the log to its state when the checkpoint was written, since later steps will be repeated."""
    done = saving.step_of(checkpoint) if checkpoint else 0
    kept = checkpoint / saving.LOG if checkpoint else log
    before = [record for record in saving.records(kept if kept.exists() else log) if record["step"] <= done]
    log.write_text("".join(f"{json.dumps(record)}\n" for record in before), encoding="utf-8")


def _seconds(log: Path) -> float:
    """Seconds of training up to the last record that has them; records of evaluations do not."""
    return max((float(record.get("seconds", 0.0)) for record in saving.records(log)), default=0.0)
