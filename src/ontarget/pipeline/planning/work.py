"""Counts the work of a plan's steps in tokens, on average over lines.

Counts are estimates. Texts are measured by the model's tokenizer. For a model that the recipe makes, one is
made from the beginning of its text; for a model that is not on this machine, characters are counted.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property, partial
from importlib.util import find_spec
from itertools import takewhile
from pathlib import Path
from statistics import fmean
from typing import Any

from ontarget.checkpoints.adapter import lineage
from ontarget.checkpoints.files import TOKENIZER
from ontarget.languages import Direction
from ontarget.pipeline.execution.distillation_sources import (
    directions_of,
    drawn_lines,
    settings_of,
    teacher_of,
)
from ontarget.pipeline.planning.inputs import demonstrations, directions, prompt_text, template_of
from ontarget.pipeline.planning.models import STACK
from ontarget.pipeline.planning.plan import Plan
from ontarget.pipeline.planning.probe import ROWS, Speeds
from ontarget.pipeline.planning.sample_tokens import new_tokenizer, tokens_a_sample
from ontarget.pipeline.planning.step import Step
from ontarget.prompts.segment import text_of
from ontarget.recipes.schema.stages import Pretraining
from ontarget.recipes.schema.synthetic import PivotDistillation, SelfTraining, Synthetic
from ontarget.samples.general import how_many
from ontarget.settings.decoding import Decoding, Precision

_CHARACTERS = 4.0  # characters of a token in European languages, where the tokenizer is unknown
_LONGEST = 1.5  # times the mean length, the longest line or output of some dozens
_SEARCHED = (
    1.1  # times its length, what a beam computes: it searches on, and a row that ended stays for a while
)
_LINES = 200  # number of lines for the mean length of a text


@dataclass(frozen=True, slots=True)
class Work:
    """The work of a step, in tokens.

    Attributes:
        trained: tokens that are trained on.
        steps: optimizer steps.
        read: tokens of prompts.
        written: tokens of outputs, in all hypotheses of a beam.
        passed: steps of decoding, each for all outputs that are decoded together.
        attended: for each token of an output, the tokens before it, with those of the other hypotheses.
    """

    trained: float = 0.0
    steps: float = 0.0
    read: float = 0.0
    written: float = 0.0
    passed: float = 0.0
    attended: float = 0.0

    def __add__(self, other: "Work") -> "Work":
        return Work(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    def __mul__(self, times: float) -> "Work":
        return Work(*(times * getattr(self, f.name) for f in fields(self)))

    def seconds(self, speeds: Speeds) -> float:
        """The time that it takes at some speeds."""
        return (
            self.trained * speeds.trained
            + self.steps * speeds.step
            + self.read * speeds.read
            + self.written * speeds.written
            + self.passed * speeds.passed
            + self.attended * speeds.attended
        )

    def to_dict(self) -> dict[str, int]:
        """As JSON, without zeros."""
        return {f.name: round(n) for f in fields(self) if (n := getattr(self, f.name))}

    @classmethod
    def of_dict(cls, values: Mapping[str, Any]) -> "Work":
        """The opposite of `to_dict`; other keys are ignored."""
        return cls(**{f.name: float(values.get(f.name, 0)) for f in fields(cls)})


@dataclass(frozen=True)
class Counter:
    """Counts the work of the steps of a plan."""

    plan: Plan

    def work(self, step: Step, parts: Collection[str]) -> Work:
        """The work of some parts of a step; none for scores and report."""
        match step.kind:
            case "model":
                return self.training(step.name)
            case "outputs":
                return self.answering(step.name, step.test, parts)
            case "synthetic":
                return self.teaching(step.name, parts)
        return Work()

    def model(self, step: Step) -> str:
        """The stage or model that a step trains, or computes with."""
        if step.kind == "outputs":
            return self.plan.recipe.model_of(step.name)
        if step.kind == "synthetic":
            return teacher_of(settings_of(self.plan.recipe, step.name))
        return step.name

    def num_beams(self, step: Step) -> int:
        """The width of the beam that a step decodes with."""
        recipe = self.plan.recipe
        if step.kind == "outputs":
            return recipe.decoding_of(step.name).num_beams
        if step.kind == "synthetic":
            return settings_of(recipe, step.name).decoding_from(recipe.decoding).num_beams
        return recipe.decoding.num_beams

    def precision(self, step: Step) -> Precision:
        """The precision that a step decodes in."""
        recipe = self.plan.recipe
        decoding = recipe.decoding_of(step.name) if step.kind == "outputs" else recipe.decoding
        return decoding.precision

    def lines(self, step: Step, parts: Collection[str]) -> int:
        """The number of lines that some parts of a step translate."""
        if step.kind == "synthetic":
            recipe, corpus = self.plan.recipe, self.plan.corpus
            return sum(len(drawn_lines(recipe, step.name, corpus, d)) for d in map(Direction.parse, parts))
        text = self.plan.texts[step.test]
        return sum(len(text.pairs(direction)) for direction in map(Direction.parse, parts))

    def training(self, name: str) -> Work:
        """The work of training a stage, with its evaluations."""
        stage, recipe, corpus = self.plan.recipe.stages[name], self.plan.recipe, self.plan.corpus
        length = self.length(name)
        if isinstance(stage, Pretraining):
            in_a_pass = sum(map(len, corpus.parts("train")))  # at least, see samples/documents.py
        elif isinstance(stage, Synthetic):
            made = sum(len(drawn_lines(recipe, name, corpus, d)) for d in directions_of(recipe, name))
            made *= 2 if stage.synthetic_side == "both" else 1
            in_a_pass = round((1 + stage.mix) * made)  # at most, since some will not be kept
        else:
            available = sum(len(corpus.pairs("train", direction)) for direction in recipe.supervised)
            in_a_pass = available if stage.samples == "all" else min(stage.samples, available)
            in_a_pass += how_many(in_a_pass, stage.general.ratio) if stage.general else 0
        tuning = stage.tuning
        steps = tuning.max_steps or math.ceil(in_a_pass * (tuning.epochs or 1) / tuning.global_batch_size)
        work = Work(trained=steps * tuning.global_batch_size * length, steps=steps)
        if stage.evaluation:
            lines = [stage.evaluation.lines] * len(directions(recipe))
            decoding = replace(recipe.decoding.decoding(), num_beams=stage.evaluation.num_beams)
            work += self._answers(name, lines, decoding) * math.ceil(steps / stage.evaluation.every)
        return work

    def length(self, name: str) -> float:
        """Mean number of tokens that a step of training computes for each sample of its batch."""
        if name not in self._lengths:
            tokenizer = self._tokenizer(name)
            if tokenizer is None:
                return self._prompt(name) + self._line(name)
            self._lengths[name] = tokens_a_sample(self.plan.recipe, name, self.plan.corpus, tokenizer)
        return self._lengths[name]

    def answering(self, name: str, test: str, parts: Collection[str]) -> Work:
        """The work of translating the lines of some directions of a text with a system."""
        recipe, settings = self.plan.recipe, self.plan.recipe.systems[name]
        text, model = self.plan.texts[test], recipe.model_of(name)
        decoding, shown = recipe.decoding_of(name).decoding(), self._shown(name)

        def once(todo: Sequence[Direction]) -> Work:
            lines = [len(text.pairs(direction)) for direction in todo]
            return self._answers(model, lines, decoding, self._line(model, test), shown)

        todo = list(map(Direction.parse, parts))
        if settings.pivot:  # a second step, unless the pivot is one of the two languages
            return once(todo) + once([d for d in todo if recipe.pivot not in d.sides])
        times = 3 if settings.through_pivot else 1  # at most, with a second attempt
        if settings.contrast:  # with more prompts, to the end or only for the first tokens
            times *= 3 if settings.contrast.first_tokens is None else 2
        return once(todo) * times

    def teaching(self, name: str, parts: Collection[str]) -> Work:
        """The work of translating the synthetic text of a stage in some directions."""
        recipe, corpus = self.plan.recipe, self.plan.corpus
        settings = settings_of(recipe, name)
        lines = [len(drawn_lines(recipe, name, corpus, d)) for d in map(Direction.parse, parts)]
        in_two = isinstance(settings, PivotDistillation) and settings.pivot_source == "model"
        decoding = settings.decoding_from(recipe.decoding).decoding()
        more = 0  # maximum number of greedy outputs per line for choosing a candidate
        if isinstance(settings, SelfTraining):
            more = {"best": 0, "agreement": 2, "round-trip": settings.candidates}[settings.select]
        greedy = self._answers(name, lines, replace(decoding, num_beams=1)) * more
        return self._answers(name, lines, decoding) * (1 + in_two) + greedy

    def characters(self, name: str) -> float:
        """Mean number of characters of a line."""
        return self._line(name) * _CHARACTERS

    def context(self, name: str, num_beams: int) -> float:
        """Mean number of tokens of a prompt and the outputs of its beam."""
        return self._prompt(name) + num_beams * self._line(name)

    def _answers(
        self,
        name: str,
        lines: Sequence[int],
        decoding: Decoding,
        line: float | None = None,
        shown: float = 0.0,
    ) -> Work:
        """The work of reading lines and writing outputs; what prompts have in common is read once.

        Args:
            name: the stage or model.
            lines: the number of lines of each direction.
            decoding: the width of the beam, and the maximum length of an output.
            line: number of tokens of a line; default: those of the test set.
            shown: number of tokens of demonstrations.
        """
        line = self._line(name) if line is None else line
        after, instruction = self._after(name), self._instruction(name)
        length = min(line + 1, decoding.max_new_tokens)  # with the end token
        longest = min(_LONGEST * length, decoding.max_new_tokens)
        searched = _SEARCHED if decoding.num_beams > 1 else 1.0
        written = sum(lines) * searched * length * decoding.num_beams
        padded = sum(of_one * (_LONGEST if of_one <= ROWS else 1.0) for of_one in lines)  # alone in a batch
        return Work(
            read=padded * line + sum(lines) * after + sum(map(bool, lines)) * shown,
            written=written,
            passed=sum(max(longest, of_one / ROWS * length) for of_one in lines if of_one),
            attended=written * (instruction + shown + line + decoding.num_beams * length / 2),
        )

    def _after(self, name: str) -> float:
        """Number of tokens of a prompt after its line, for a stage or model."""
        if name not in self._afters:
            recipe = self.plan.recipe
            render = partial(template_of(recipe, name).render, direction=recipe.supervised[0])
            one, other = (text_of(render(text)) for text in ("a", "b"))
            self._afters[name] = self._tokens(name, [one[len(_beginning([one, other])) + 1 :]])
        return self._afters[name]

    def _line(self, name: str, test: str = "") -> float:
        """Mean number of tokens of a line of the test set or of a second test, for a stage or model."""
        recipe, corpus = self.plan.recipe, self.plan.corpus
        if (name, test) not in self._lines:
            texts = [corpus.lines(recipe.split, code)[:_LINES] for code in recipe.languages]
            if test:  # whose corpus is another one
                text = self.plan.texts[test]
                texts = [[pair.target for pair in text.pairs(d)][:_LINES] for d in text.directions]
            self._lines[name, test] = fmean(self._tokens(name, of_one) for of_one in texts)
        return self._lines[name, test]

    def _prompt(self, stage: str) -> float:
        """Mean number of tokens of a prompt without demonstrations."""
        return self._instruction(stage) + self._line(stage)

    def _instruction(self, name: str) -> float:
        """Number of tokens of a prompt besides its line, for a stage or model."""
        if name not in self._instructions:
            recipe = self.plan.recipe
            text = prompt_text(template_of(recipe, name), recipe.supervised[0])
            self._instructions[name] = self._tokens(name, [text])
        return self._instructions[name]

    def _shown(self, system: str) -> float:
        """Number of tokens of the demonstrations of a system."""
        recipe, model = self.plan.recipe, self.plan.recipe.model_of(system)
        if system not in self._demonstrated:
            direction = directions(recipe)[0]
            shown = demonstrations(recipe, self.plan.corpus, system, direction)
            render = partial(template_of(recipe, model).render, "", direction)
            alone, whole = (self._tokens(model, [text_of(render(demonstrations=d))]) for d in ((), shown))
            self._demonstrated[system] = whole - alone
        return self._demonstrated[system]

    def _tokens(self, name: str, texts: Sequence[str]) -> float:
        """Mean number of tokens of texts, for a stage or model."""
        tokenizer = self._tokenizer(name)
        if tokenizer is None:
            return fmean(map(len, texts)) / _CHARACTERS
        encoded = tokenizer.backend_tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return fmean(len(one.ids) for one in encoded)

    def _tokenizer(self, name: str) -> Any:
        """The tokenizer of a model, or of the one that a stage starts from; None if it cannot be known."""
        recipe = self.plan.recipe
        while (stage := recipe.stages.get(recipe.stage_of(name) or "")) is not None and stage.start:
            name = stage.start
        root = name if stage is None else recipe.stage_of(name) or name
        if root not in self._tokenizers:
            self._tokenizers[root] = self._tokenizer_of(root, made=stage is not None)
        return self._tokenizers[root]

    def _tokenizer_of(self, root: str, *, made: bool) -> Any:
        if not all(map(find_spec, STACK)):
            return None
        from ontarget.checkpoints.load import load_tokenizer

        if made:
            return new_tokenizer(self.plan.recipe, root, self.plan.corpus)
        if self.plan.recipe.on_server(root):
            return None
        place = self.plan.place(root)
        base = lineage(place)[-1]
        return load_tokenizer(place) if isinstance(base, Path) and (base / TOKENIZER).exists() else None

    @cached_property
    def _lengths(self) -> dict[str, float]:
        return {}

    @cached_property
    def _tokenizers(self) -> dict[str, Any]:
        return {}

    @cached_property
    def _lines(self) -> dict[tuple[str, str], float]:
        return {}

    @cached_property
    def _instructions(self) -> dict[str, float]:
        return {}

    @cached_property
    def _demonstrated(self) -> dict[str, float]:
        return {}

    @cached_property
    def _afters(self) -> dict[str, float]:
        return {}


def _beginning(texts: Sequence[str]) -> str:
    """What texts have in common at their beginning."""
    same = (len(set(characters)) == 1 for characters in zip(*texts, strict=False))
    return texts[0][: sum(takewhile(bool, same))]
