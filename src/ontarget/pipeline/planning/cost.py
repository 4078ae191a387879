"""Estimates the cost of a plan: time, memory and disk.

Training takes 6 floating-point operations for each parameter and token, reading prompts and writing outputs
take 2 (Kaplan et al. 2020, section 2.1). They are divided by the speed of matrix products on this machine,
times the share that the tiny recipes reach on two CPU cores; larger models reach more.

The memory of training is that of the whole process, checked with models of 7 and 58 million parameters on a
CPU. It is the sum of the libraries; weights, gradients and the two moments of AdamW in fp32, and the weights
in bf16; the gradient of the output layer before it is added to the others; and the activations of a
micro-batch for the backward pass, including gaps in the heap.
"""

import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from statistics import fmean

from ontarget.checkpoints.adapter import lineage
from ontarget.languages import Direction
from ontarget.pipeline.evaluation import agreed
from ontarget.pipeline.execution.distillation_sources import (
    directions_of,
    drawn_lines,
    settings_of,
    teacher_of,
)
from ontarget.pipeline.execution.systems import system_of
from ontarget.pipeline.planning.inputs import directions, prompt_text
from ontarget.pipeline.planning.plan import Plan
from ontarget.pipeline.planning.step import Step
from ontarget.prompts.segment import text_of
from ontarget.recipes.schema.stages import LanguageAware, Pretraining
from ontarget.recipes.schema.synthetic import PivotDistillation, SelfTraining, Synthetic
from ontarget.samples.documents import lines_a_document
from ontarget.samples.general import how_many
from ontarget.settings.model_shape import ModelShape

_CHARACTERS = 4.0  # characters of a token, in European languages
_READING_SHARE, _WRITING_SHARE = 0.3, 0.05  # of the speed: many tokens at a time, or one after the other
_NUMBER = 4  # bytes of a weight in fp32
_SAVED = {"fp32": 4, "bf16": 2, "fp16": 2}  # bytes of a weight
_LIBRARIES = 3.5e8  # bytes of torch and transformers before a model is loaded
_ACTIVATIONS = 30  # numbers kept for the backward pass, for each token, layer and unit
_LINES = 200  # number of lines for the mean length of a text


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


@dataclass(frozen=True, slots=True)
class _Size:
    parameters: float
    layers: int
    hidden: int
    vocabulary: int
    saved: int = _NUMBER  # bytes of a weight on disk


@dataclass(frozen=True)
class Estimator:
    """Costs of the steps of a plan; `speed` is in floating-point operations per second (None: unknown)."""

    plan: Plan
    speed: float | None

    def cost(self, step: Step) -> Cost:
        """The cost of the parts of a step that are to do."""
        if not step.todo:
            return Cost(0.0, 0.0, 0.0, measured=True)
        if step.kind == "model":
            return self._training(step)
        if step.kind == "outputs":
            return self._answering(step)
        if step.kind == "synthetic":
            return self._for_a_stage(step)
        second = self._agreeing(step)
        # Scores and report take seconds; the models of the second identifier take a gigabyte.
        return Cost(5.0 + second, 1.3e9 if second else 3e8, 1e6)

    def _agreeing(self, step: Step) -> float:
        """Seconds that a second identifier takes, if the scores need one."""
        recipe = self.plan.recipe
        if step.kind != "scores" or not agreed.packages(recipe):
            return 0.0
        text = self.plan.texts[step.test]
        lines = sum(len(text.pairs(direction)) for direction in text.directions)
        return agreed.SECONDS_A_LINE * lines * (len(recipe.systems) + 1)

    def _training(self, step: Step) -> Cost:
        size, stage, recipe = self._size(step.name), self.plan.recipe.stages[step.name], self.plan.recipe
        if size is None:
            return Cost(None, None, None)
        corpus = self.plan.corpus
        if isinstance(stage, Pretraining):
            in_a_pass = sum(map(len, corpus.parts("train")))  # at least, see samples/documents.py
            length = lines_a_document(stage.documents, len(recipe.languages)) * self._line
        elif isinstance(stage, Synthetic):
            made = sum(len(drawn_lines(recipe, step.name, corpus, d)) for d in self._made(step.name))
            made *= 2 if stage.synthetic_side == "both" else 1
            in_a_pass = round((1 + stage.mix) * made)  # at most, since some will not be kept
            length = self._prompt(step.name) + self._line
        else:
            available = sum(len(corpus.pairs("train", direction)) for direction in recipe.supervised)
            in_a_pass = available if stage.samples == "all" else min(stage.samples, available)
            in_a_pass += how_many(in_a_pass, stage.general.ratio) if stage.general else 0
            length = (self._prompt(step.name) + self._line) * (2 if isinstance(stage, LanguageAware) else 1)
        tuning = stage.tuning
        samples = (
            tuning.max_steps * tuning.global_batch_size
            if tuning.max_steps
            else in_a_pass * (tuning.epochs or 1)
        )
        at_once = min(tuning.max_tokens_per_micro_batch, tuning.global_batch_size * length)
        numbers = 4.5 * size.parameters + size.vocabulary * size.hidden
        numbers += at_once * _ACTIVATIONS * size.layers * size.hidden
        return self._cost(
            step,
            operations=6 * size.parameters * samples * length / _READING_SHARE
            + self._judging(step.name, size, tuning.max_steps or samples / tuning.global_batch_size),
            memory=_LIBRARIES + _NUMBER * numbers,
            disk=size.saved * size.parameters,
        )

    def _answering(self, step: Step) -> Cost:
        settings, recipe = self.plan.recipe.systems[step.name], self.plan.recipe
        size = self._size(recipe.model_of(step.name))
        if size is None:
            return Cost(None, None, None)
        text = self.plan.texts[step.test]
        todo = [direction for direction in text.directions if str(direction) in step.todo]
        sentences = sum(len(text.pairs(direction)) for direction in todo)
        decoding, system = recipe.decoding_of(step.name), system_of(recipe, step.name, self.plan.corpus)
        shown = system.demonstrations.get(todo[0], ())
        prompt = _tokens([text_of(system.template.render("", todo[0], demonstrations=shown))]) + self._line
        times = 2 if settings.pivot else 3 if settings.through_pivot else 1  # at most, with a second attempt
        if settings.contrast:  # with more prompts, to the end or only for the first tokens
            times *= 3 if settings.contrast.first_tokens is None else 2
        return self._cost(
            step,
            operations=times * self._answers(size, sentences, prompt, decoding.num_beams),
            memory=_NUMBER * size.parameters + 3e8,
            disk=sentences * 5 * self._line * _CHARACTERS,
        )

    def _for_a_stage(self, step: Step) -> Cost:
        """The cost of translating the synthetic data of a stage."""
        recipe, corpus = self.plan.recipe, self.plan.corpus
        settings = settings_of(recipe, step.name)
        size = self._size(teacher_of(settings))
        if size is None:
            return Cost(None, None, None)
        todo = [direction for direction in self._made(step.name) if str(direction) in step.todo]
        sentences = sum(len(drawn_lines(recipe, step.name, corpus, d)) for d in todo)
        in_two = isinstance(settings, PivotDistillation) and settings.pivot_source == "model"
        beam, prompt = settings.decoding_from(recipe.decoding).num_beams, self._prompt(step.name)
        more = 0  # maximum number of greedy outputs per line for choosing a candidate
        if isinstance(settings, SelfTraining):
            more = {"best": 0, "agreement": 2, "round-trip": settings.candidates}[settings.select]
        return self._cost(
            step,
            operations=(1 + in_two) * self._answers(size, sentences, prompt, beam)
            + self._answers(size, more * sentences, prompt, 1),
            memory=_NUMBER * size.parameters + 3e8,
            disk=sentences * 3 * self._line * _CHARACTERS,
        )

    def _made(self, stage: str) -> list[Direction]:
        return directions_of(self.plan.recipe, stage)

    def _judging(self, stage: str, size: _Size, steps: float) -> float:
        """Operations of a stage's evaluations: every few steps, and after the last step."""
        settings = self.plan.recipe.stages[stage].evaluation
        if settings is None:
            return 0.0
        sentences = settings.lines * len(directions(self.plan.recipe))
        times = math.ceil(steps / settings.every)
        return times * self._answers(size, sentences, self._prompt(stage), settings.num_beams)

    def _answers(self, size: _Size, sentences: int, prompt: float, beam: int) -> float:
        """Operations of reading prompts and writing outputs, by their shares of the speed."""
        answer = min(self.plan.recipe.decoding.max_new_tokens, self._line) * beam
        return 2 * size.parameters * sentences * (prompt / _READING_SHARE + answer / _WRITING_SHARE)

    def _cost(self, step: Step, *, operations: float, memory: float, disk: float) -> Cost:
        before = [step.made[part].seconds for part in step.todo if part in step.made]
        if len(before) == len(step.todo) and all(before):
            return Cost(sum(before), memory, disk, measured=True)
        return Cost(operations / self.speed if self.speed else None, memory, disk)

    def _size(self, model: str) -> _Size | None:
        stage = self.plan.recipe.stages.get(self.plan.recipe.stage_of(model) or "")
        if stage is not None:
            size = _size_of(stage.model) if isinstance(stage, Pretraining) else self._size(stage.start)
            saved = _SAVED.get(stage.tuning.save_precision)
            return replace(size, saved=saved) if size and saved else size
        if self.plan.recipe.on_server(model):
            return None
        place = lineage(self.plan.place(model))[-1]  # an adapter has the size of its base model
        return _size_on_disk(place / "config.json") if isinstance(place, Path) else None

    @cached_property
    def _line(self) -> float:
        """Mean number of tokens of a line."""
        recipe, corpus = self.plan.recipe, self.plan.corpus
        return fmean(_tokens(corpus.lines(recipe.split, code)[:_LINES]) for code in recipe.languages)

    def _prompt(self, stage: str) -> float:
        """Mean number of tokens of a prompt without demonstrations."""
        recipe = self.plan.recipe
        return _tokens([prompt_text(recipe, stage, recipe.supervised[0])]) + self._line


def measure_speed(seconds: float = 0.7) -> float | None:
    """Floating-point operations per second of a matrix product as in training; None without torch."""
    if find_spec("torch") is None:
        return None
    import torch

    from ontarget.hardware import device, prefers_bf16

    size, rounds = 1024, 0
    matrix = torch.rand(
        size, size, device=device(), dtype=torch.bfloat16 if prefers_bf16() else torch.float32
    )
    (matrix @ matrix).sum().item()  # the first product includes the set-up
    began = time.monotonic()
    while (taken := time.monotonic() - began) < seconds:
        (matrix @ matrix)[0, 0].item()  # waits until it is done
        rounds += 1
    return 2.0 * size**3 * rounds / taken


def _size_of(shape: ModelShape) -> _Size:
    of_layer = 4 * shape.hidden**2 + 3 * shape.hidden * shape.intermediate
    return _Size(
        shape.vocabulary * shape.hidden + shape.layers * of_layer,
        shape.layers,
        shape.hidden,
        shape.vocabulary,
    )


def _size_on_disk(config: Path) -> _Size | None:
    """The size of a checkpoint whose configuration has the keys of LLaMA, as most have."""
    try:
        values = json.loads(config.read_text(encoding="utf-8"))
        shape = ModelShape(
            vocabulary=values["vocab_size"],
            hidden=values["hidden_size"],
            layers=values["num_hidden_layers"],
            heads=values["num_attention_heads"],
            intermediate=values["intermediate_size"],
        )
    except (OSError, ValueError, KeyError):
        return None
    kind = values.get("dtype", values.get("torch_dtype"))
    return replace(_size_of(shape), saved=2 if kind in ("bfloat16", "float16") else _NUMBER)


def _tokens(texts: Sequence[str]) -> float:
    return fmean(len(text) for text in texts) / _CHARACTERS
