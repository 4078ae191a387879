"""transformers.Trainer with our loss, our batches and our log; everything else is theirs."""

import json
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import Sampler, SequentialSampler
from transformers import Trainer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from ontarget.errors import UserError
from ontarget.training.batches import MicroBatch
from ontarget.training.head import LogOddsHead
from ontarget.training.objective import signed_loss

Record = dict[str, Any]
Progress = Callable[[int, int, Record], None]  # step, steps, the newest record


class SignedTrainer(Trainer):
    """Trains on `Steps`: one item of the dataset is one optimiser step, given as micro-batches.

    Attributes:
        noted: sums and weights of what the log shows, since its last record.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.head = LogOddsHead.install(self.model)
        self.noted: dict[str, list[float]] = {}

    def training_step(
        self, model: nn.Module, inputs: list[MicroBatch], num_items_in_batch: Any = None
    ) -> Tensor:
        """The summed loss of one global batch.

        Weights are normalised already, so micro-batches just add up.
        """
        model.train()
        total = torch.zeros((), device=self.args.device)
        for micro_batch in self._prepare_inputs(inputs):
            with self.compute_loss_context_manager():
                loss = self.compute_loss(model, micro_batch)
            self.accelerator.backward(loss)
            total += loss.detach()
            _add(self.noted, "tokens", float(micro_batch["input_ids"].numel()), 1.0)
        if not math.isfinite(total):
            raise UserError(
                f"the loss is {total.item()} at step {self.state.global_step + 1}; "
                f"the last checkpoint is kept: lower tuning.learning_rate and run again"
            )
        return total

    def compute_loss(
        self,
        model: nn.Module,
        inputs: MicroBatch,
        return_outputs: bool = False,
        num_items_in_batch: Any = None,
    ) -> Tensor:
        """One forward for both signs. Only positions with a weight reach the head, whichever model it is."""
        counts = inputs["weights"] != 0
        unwrapped = self.accelerator.unwrap_model(model, keep_torch_compile=False)
        self.head.examine(unwrapped, counts.device)
        with self.head.log_odds_at(counts, inputs["labels"]):
            d = model(input_ids=inputs["input_ids"], use_cache=False).logits
        weights = inputs["weights"][counts]
        self._note(d.detach(), weights)
        return signed_loss(d, weights)

    def _note(self, d: Tensor, weights: Tensor) -> None:
        """Keeps what the log shows of the running step."""
        for name, sign in (("likelihood", 1), ("unlikelihood", -1)):
            of_sign = weights.sign() == sign
            if of_sign.any():
                strength = weights[of_sign].abs()
                losses = strength * torch.nn.functional.softplus(-sign * d[of_sign])
                _add(self.noted, name, losses.sum().item(), strength.sum().item())
                if sign < 0:
                    _add(
                        self.noted,
                        "probability",
                        (strength * d[of_sign].sigmoid()).sum().item(),
                        strength.sum().item(),
                    )

    def _get_train_sampler(self, train_dataset: Any = None) -> Sampler[int]:
        return SequentialSampler(self.train_dataset)  # shuffled by the seed already


def _add(sums: dict[str, list[float]], name: str, value: float, weight: float) -> None:
    total = sums.setdefault(name, [0.0, 0.0])
    total[0] += value
    total[1] += weight


class Log(TrainerCallback):
    """Writes `log.jsonl` and reports progress; asks for a checkpoint every few minutes."""

    def __init__(
        self, trainer: SignedTrainer, path: Path, progress: Progress | None, save_minutes: float
    ) -> None:
        self.trainer, self.path, self.progress, self.save_seconds = trainer, path, progress, save_minutes * 60
        self.started = self.last_save = self.last_record = time.monotonic()

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> TrainerControl:
        """One record for each hundredth of the stage."""
        now = time.monotonic()
        every = max(1, state.max_steps // 100)
        if state.global_step % every == 0 or state.global_step == state.max_steps:
            sums, self.trainer.noted = self.trainer.noted, {}
            record: Record = {"step": state.global_step, "steps": state.max_steps}
            record |= {name: total / weight for name, (total, weight) in sums.items() if name != "tokens"}
            record["learning_rate"] = self.trainer._get_learning_rate()
            record["tokens_per_second"] = sums["tokens"][0] / (now - self.last_record)
            record["seconds"] = now - self.started
            self.last_record = now
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(record) + "\n")
            if self.progress:
                self.progress(state.global_step, state.max_steps, record)
        if now - self.last_save > self.save_seconds and state.global_step < state.max_steps:
            control.should_save = True
            self.last_save = now
        return control


def last_checkpoint(work: Path) -> Path | None:
    """The newest checkpoint that was written to its end: Trainer writes its state last."""
    whole = []
    for path in work.glob("checkpoint-*"):
        try:
            whole.append((json.loads((path / "trainer_state.json").read_text())["global_step"], path))
        except (OSError, ValueError, KeyError):
            continue  # cut off by a kill
    return max(whole)[1] if whole else None
