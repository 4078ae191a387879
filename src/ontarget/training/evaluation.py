"""Evaluates a model while it trains, keeps the weights of the best step, and ends a stage early.

The scores come from a function that is passed in, since they need packages that training does not import.
All results are in `log.jsonl`, from which the best step and the early end are derived. So an interrupted
stage continues as if it had not been interrupted.
"""

import json
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate.utils import broadcast_object_list
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import Trainer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from ontarget.files import whole_file

Evaluate = Callable[[Any, int], Mapping[str, float]]
"""The model and the step -> scores by name, such as `zero_shot_otr`."""

Report = Callable[[int, int, dict[str, Any]], None]  # step, steps, the record


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How a stage is evaluated while it trains.

    Attributes:
        evaluate: computes the scores.
        every: number of steps between two evaluations; the last step is evaluated as well.
        best: the score that determines the best step, whose weights the stage saves. None: the last step.
        lower_is_better: whether a lower value of this score is better.
        patience: number of evaluations in a row without improvement after which the stage ends. None: never.
    """

    evaluate: Evaluate
    every: int
    best: str | None = None
    lower_is_better: bool = False
    patience: int | None = None


class EvaluationCallback(TrainerCallback):
    """Evaluates every few steps, and writes the scores into the log.

    With several processes the first one evaluates, and sends the scores to the others.

    Args:
        evaluation: the scores, and how often to compute them.
        trainer: the trainer of the model.
        log: `log.jsonl`, cut to the step from which training continues.
        kept: a file for the trainable weights of the best step.
        report: called with each record.
    """

    def __init__(
        self, evaluation: Evaluation, trainer: Trainer, log: Path, kept: Path, report: Report
    ) -> None:
        self.evaluation, self.model, self.log, self.kept, self.report = (
            evaluation,
            trainer.model,
            log,
            kept,
            report,
        )
        self.first = trainer.args.should_save
        self.found: list[dict[str, Any]] = []
        if self.first:
            records = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
            self.found = [record for record in records if evaluation.best and evaluation.best in record]
        [self.found] = broadcast_object_list([self.found])

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> TrainerControl:
        """Evaluates the model if an evaluation is due."""
        step = state.global_step
        if step % self.evaluation.every and step != state.max_steps:
            return control
        record: dict[str, Any] = {}
        if self.first:
            with undisturbed(self.model):
                scores = self.evaluation.evaluate(self.model, step)
            record = {"step": step, "steps": state.max_steps, **scores}
        [record] = broadcast_object_list([record])
        if self.evaluation.best:
            self.found.append(record)
        if self.first:
            if self.best_step == step:
                self._keep()
            with self.log.open("a", encoding="utf-8") as file:  # after the weights of this step
                file.write(json.dumps(record) + "\n")
            self.report(step, state.max_steps, record)
        control.should_training_stop = control.should_training_stop or self.enough
        return control

    @property
    def best_step(self) -> int | None:
        """The first step with the best score so far; None if no score determines the best step."""
        return int(self._best()["step"]) if self.found else None

    @property
    def last_step(self) -> int:
        """The last step that was evaluated."""
        return int(self.found[-1]["step"])

    @property
    def enough(self) -> bool:
        """Whether the patience of the stage is exhausted."""
        if self.evaluation.patience is None or not self.found:
            return False
        return len(self.found) - 1 - self.found.index(self._best()) >= self.evaluation.patience

    def restore_best(self) -> None:
        """Gives the model the weights of its best step."""
        if self.found and self.first:  # the first process saves the model
            self.model.load_state_dict(load_file(self.kept), strict=False)

    def _best(self) -> dict[str, Any]:
        """The first record with the best score."""
        return min(self.found, key=self._cost)

    def _cost(self, record: Mapping[str, float]) -> float:
        score = record[str(self.evaluation.best)]
        return score if self.evaluation.lower_is_better else -score

    def _keep(self) -> None:
        learning = {
            name: weight.detach().contiguous()
            for name, weight in self.model.named_parameters()
            if weight.requires_grad
        }
        with whole_file(self.kept) as temporary:
            save_file(learning, temporary)


@contextmanager
def undisturbed(model: nn.Module) -> Iterator[None]:
    """Puts the model into evaluation mode, and restores mode and random states afterwards."""
    states = random.getstate(), np.random.get_state()
    devices = range(torch.cuda.device_count()) if torch.cuda.is_available() else []
    training = model.training
    model.eval()
    try:
        with torch.random.fork_rng(devices), torch.no_grad():
            yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
        model.train(training)
