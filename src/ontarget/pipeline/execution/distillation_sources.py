"""The lines that are translated for a stage that learns from synthetic translations."""

import random
from dataclasses import dataclass
from itertools import islice

from ontarget.corpora.corpus import Corpus, Translation
from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.pipeline.planning.inputs import seed_of
from ontarget.recipes.schema.recipe import Recipe
from ontarget.recipes.schema.synthetic import PivotDistillation, Synthetic
from ontarget.text import is_empty


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A line, and the text that the teacher translates: the line, or its version in the pivot language."""

    source: str
    given: Translation


def settings_of(recipe: Recipe, stage: str) -> Synthetic:
    """The settings of a stage that learns from synthetic translations."""
    settings = recipe.stages[stage]
    assert isinstance(settings, Synthetic)
    return settings


def teacher_of(settings: Synthetic) -> str:
    """The model that translates."""
    return settings.teacher or settings.start


def directions_of(recipe: Recipe, stage: str) -> list[Direction]:
    """The directions that are translated.

    Raises:
        UserError: the recipe has no such direction.
    """
    settings = settings_of(recipe, stage)
    if settings.directions != "zero-shot":
        return list(settings.directions)
    if not recipe.zero_shot:
        raise UserError(
            f"stages.{stage} learns zero-shot directions, but the recipe has none; name its `directions`"
        )
    return recipe.zero_shot


def drawn_lines(recipe: Recipe, stage: str, corpus: Corpus, direction: Direction) -> list[SourceLine]:
    """The lines to translate: distinct lines of the train split in the source language.

    Their references are not used, and lines of the test or validation split are left out. Stages that build
    on each other draw different lines.
    """
    settings = settings_of(recipe, stage)
    if uses_pivot_text(recipe, settings, direction):
        pairs = corpus.pairs("train", Direction(direction.source, recipe.pivot))
        asked, lines, given = Direction(recipe.pivot, direction.target), pairs.source, pairs.target
    else:
        asked, lines = direction, corpus.lines("train", direction.source)
        given = lines

    there = len(lines)
    count = there if settings.max_lines == "all" else settings.max_lines
    held_out = {language: _held_out(corpus, language) for language in (direction.source, asked.source)}
    rng = random.Random(f"{seed_of(recipe, settings)} synthetic {_rounds_before(recipe, stage)} {direction}")
    # More than needed, since some are left out.
    numbers = rng.sample(range(there), min(2 * count + sum(map(len, held_out.values())), there))
    distinct = {
        lines[number]: given[number]
        for number in numbers
        if not is_empty(lines[number]) and not is_empty(given[number])
    }
    usable = (
        SourceLine(line, Translation(text, "", asked))
        for line, text in distinct.items()
        if line.strip() not in held_out[direction.source] and text.strip() not in held_out[asked.source]
    )
    return list(islice(usable, count))


def uses_pivot_text(recipe: Recipe, settings: Synthetic, direction: Direction) -> bool:
    """Whether the teacher translates the corpus's own text in the pivot language."""
    written = isinstance(settings, PivotDistillation) and settings.pivot_source == "corpus"
    return written and recipe.pivot not in direction.sides


def _held_out(corpus: Corpus, language: Language) -> set[str]:
    parts = [part for split in ("validation", "test") for part in corpus.parts(split)]
    return {line.strip() for part in parts for line in part.lines.get(language, ())}


def _rounds_before(recipe: Recipe, stage: str) -> int:
    """The number of stages with synthetic data that a stage builds on."""
    count, start = 0, recipe.stages[stage].start
    while start in recipe.stages:
        count += isinstance(recipe.stages[start], Synthetic)
        start = recipe.stages[start].start
    return count
