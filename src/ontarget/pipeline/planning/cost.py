"""Estimates the cost of a plan: time, memory and disk.

Time is the work of a step, counted in tokens (`work.py`), by the speeds of this machine (`probe.py`). It is
corrected by what finished steps of the same kind took with models of the same size (`pace.py`).

The memory of training is that of the whole process, checked with models of 7 and 58 million parameters on a
CPU. It is the sum of the libraries; weights, gradients and the two moments of AdamW in fp32, and the weights
in bf16; the gradient of the output layer before it is added to the others; and the activations of a
micro-batch for the backward pass, including gaps in the heap.
"""

from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from typing import Protocol

from ontarget.pipeline.evaluation import agreed
from ontarget.pipeline.planning.model_size import ModelSize, size_in
from ontarget.pipeline.planning.pace import Paces, correction
from ontarget.pipeline.planning.plan import Plan
from ontarget.pipeline.planning.probe import ROWS, Speeds
from ontarget.pipeline.planning.step import Step
from ontarget.pipeline.planning.work import Counter
from ontarget.settings.decoding import Precision

_NUMBER = 4  # bytes of a weight in fp32
_LIBRARIES = 3.5e8  # bytes of torch and transformers before a model is loaded
_CACHE = 2.0**31  # bytes that the engine uses on a CPU at most
_ACTIVATIONS = 30  # numbers kept for the backward pass, for each token, layer and unit


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of a step; None for unknown values, since the model or torch is not on this machine.

    Attributes:
        seconds: elapsed time.
        memory: maximum memory in bytes.
        disk: bytes that the step adds.
        measured: whether the time was measured when the step last ran.
    """

    seconds: float | None
    memory: float | None
    disk: float | None
    measured: bool = False


class Measured(Protocol):
    """See `probe`."""

    def __call__(
        self,
        size: ModelSize,
        num_beams: int,
        precision: Precision,
        *,
        trains: bool,
        threads: int | None,
    ) -> Speeds | None:
        """The speeds of this machine; None if they are unknown."""


@dataclass(frozen=True)
class Estimator:
    """Costs of the steps of a plan.

    Attributes:
        plan: the plan.
        speeds: measures the speeds of this machine, see `probe`.
        paces: what finished steps took with `threads`.
        threads: the number of threads that compute; default: torch's.
    """

    plan: Plan
    speeds: Measured
    paces: Paces
    threads: int | None = None

    @cached_property
    def counter(self) -> Counter:
        """Counts the work of steps."""
        return Counter(self.plan)

    def cost(self, step: Step) -> Cost:
        """The cost of the parts of a step that are to do."""
        if not step.todo:
            return Cost(0.0, 0.0, 0.0, measured=True)
        if step.kind in ("scores", "report"):
            second = self._agreeing(step)
            # Scores and report take seconds; the models of the second identifier take a gigabyte.
            return Cost(5.0 + second, 1.3e9 if second else 3e8, 1e6)
        counter = self.counter
        model = counter.model(step)
        size = size_in(self.plan, model)
        if size is None:
            return Cost(None, None, None)
        if step.kind == "model":
            memory, disk = self._training_memory(step.name, size), float(size.saved * size.parameters)
        else:
            memory = _weights(size, counter.precision(step)) + 3e8 + self._cache(step, model, size)
            disk = counter.lines(step, step.todo) * counter.characters(model) * 5
        before = [step.made[part].seconds for part in step.todo if part in step.made]
        if len(before) == len(step.todo) and all(before):
            return Cost(sum(before), memory, disk, measured=True)
        return Cost(self._seconds(step, size), memory, disk)

    def _seconds(self, step: Step, size: ModelSize) -> float | None:
        counter = self.counter
        trains = step.kind == "model"
        speeds = self.speeds(
            size, counter.num_beams(step), counter.precision(step), trains=trains, threads=self.threads
        )
        if speeds is None:
            return None
        seconds = counter.work(step, step.todo).seconds(speeds)
        return seconds * correction(self.paces, step.kind, size, speeds)

    def _cache(self, step: Step, model: str, size: ModelSize) -> float:
        """Bytes of the keys and values of the outputs that are decoded together."""
        counter = self.counter
        rows = min(max(counter.lines(step, [part]) for part in step.todo), ROWS)
        tokens = counter.context(model, counter.num_beams(step))
        numbers = 2 * size.layers * size.hidden * size.keys / size.heads
        return min(rows * tokens * numbers * _NUMBER, _CACHE)

    def _agreeing(self, step: Step) -> float:
        """Seconds that a second identifier takes, if the scores need one."""
        recipe = self.plan.recipe
        if step.kind != "scores" or not agreed.packages(recipe):
            return 0.0
        text = self.plan.texts[step.test]
        lines = sum(len(text.pairs(direction)) for direction in text.directions)
        return agreed.SECONDS_A_LINE * lines * (len(recipe.systems) + 1)

    def _training_memory(self, name: str, size: ModelSize) -> float:
        tuning = self.plan.recipe.stages[name].tuning
        length = self.counter.length(name)
        at_once = min(tuning.max_tokens_per_micro_batch, tuning.global_batch_size * length)
        numbers = 4.5 * size.parameters + size.vocabulary * size.hidden
        numbers += at_once * _ACTIVATIONS * size.layers * size.hidden
        return _LIBRARIES + _NUMBER * numbers


def _weights(size: ModelSize, precision: Precision) -> float:
    """Bytes of the weights of a model that decodes, with their copies in another order."""
    weights = _NUMBER * size.parameters
    if find_spec("torch") is None or find_spec("transformers") is None:
        return weights
    from ontarget.hardware import has_gpu
    from ontarget.translation.checkpoint import in_bf16
    from ontarget.translation.engines.packed_linear import are_twice_in_memory

    twice = not has_gpu() and not in_bf16(precision) and are_twice_in_memory(weights)
    return 2 * weights if twice else weights
