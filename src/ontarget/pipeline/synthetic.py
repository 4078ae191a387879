"""Translations of train text, made by a model for a stage that learns from them: `synthetic/<stage>/`.

Each line says its source, the translation and its `outcome`: `on`, or why nothing is learnt from it.
"""

import random
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ontarget.corpora.corpus import Corpus, Translation
from ontarget.errors import UserError
from ontarget.files import read_jsonl
from ontarget.languages import Direction
from ontarget.pipeline import systems
from ontarget.pipeline.artifacts import Made, Store, fingerprint, text_fingerprint
from ontarget.pipeline.inputs import prompt_text, seed_of, template_of
from ontarget.pipeline.progress import Progress, part_of
from ontarget.recipe import Recipe
from ontarget.recipes.stages import Likelihood
from ontarget.recipes.synthetic import KeepSettings, PivotDistillation, Synthetic
from ontarget.scoring.language_id import default_identifier
from ontarget.scoring.off_target import OffTarget
from ontarget.scoring.outcome import Thresholds, repetition, width
from ontarget.translation.system import System

Row = Mapping[str, Any]

KEPT = "on"


def settings_of(recipe: Recipe, stage: str) -> Synthetic:
    """Those of a stage that learns from such text."""
    settings = recipe.stages[stage]
    assert isinstance(settings, Synthetic)
    return settings


def teacher_of(settings: Synthetic) -> str:
    """The model that translates."""
    return settings.teacher or settings.start


def directions_of(recipe: Recipe, stage: str) -> list[Direction]:
    """What is translated.

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


def sources(recipe: Recipe, stage: str, corpus: Corpus, direction: Direction) -> list[str]:
    """The lines that are translated: of the train split, in the source language alone, each once.

    A line of the test or the validation split is never among them. Rounds, and stages that follow each other,
    draw other lines.
    """
    settings, language = settings_of(recipe, stage), direction.source
    held_out = {
        line.strip()
        for split in ("validation", "test")
        for part in corpus.parts(split)
        for line in part.lines.get(language, ())
    }
    lines = corpus.lines("train", language)
    count = len(lines) if settings.lines == "all" else settings.lines
    rng = random.Random(f"{seed_of(recipe, settings)} synthetic {_rounds_before(recipe, stage)} {direction}")
    # More than are needed, since some are left out.
    numbers = rng.sample(range(len(lines)), min(2 * count + len(held_out), len(lines)))
    found = dict.fromkeys(line for line in map(lines.__getitem__, numbers) if line.strip() not in held_out)
    return [line for line in found if line.strip()][:count]


def teacher_system(recipe: Recipe, stage: str) -> System:
    """How the teacher is asked: as its own stage was tuned, and in two steps for pivot distillation."""
    settings = settings_of(recipe, stage)
    teacher = teacher_of(settings)
    tuned = recipe.stages.get(teacher)
    return System(
        stage,
        template_of(recipe, teacher),
        post_instruction=isinstance(tuned, Likelihood) and tuned.post_instruction,
        pivot=recipe.pivot if isinstance(settings, PivotDistillation) else None,
        decoding=settings.decoding_from(recipe.decoding).decoding(),
    )


def text_fingerprints(recipe: Recipe, stage: str, corpus: Corpus, teacher: str) -> dict[str, str]:
    """Direction -> fingerprint of what is made for a stage. `teacher`: that of the model that translates."""
    settings, system = settings_of(recipe, stage), teacher_system(recipe, stage)
    asked = {
        direction: prompt_text(
            recipe, teacher_of(settings), direction, post_instruction=system.post_instruction
        )
        for direction in directions_of(recipe, stage)
    }
    return {
        str(direction): fingerprint(
            "synthetic",
            model=teacher,
            prompt=prompt,
            separator=system.template.separator,
            stop=system.template.stop,
            direction=str(direction),
            pivot=system.pivot and str(system.pivot),
            decoding=settings.decoding_from(recipe.decoding).model_dump(),
            keep=settings.keep.model_dump(),
            text=text_fingerprint(sources(recipe, stage, corpus, direction)),
        )
        for direction, prompt in asked.items()
    }


def make(
    recipe: Recipe,
    stage: str,
    corpus: Corpus,
    store: Store,
    place: Any,
    todo: Mapping[str, str],
    progress: Progress,
) -> None:
    """Translates for a stage, direction by direction.

    Args:
        place: where the teacher lies.
        todo: direction -> fingerprint of its text.
    """
    settings, system = settings_of(recipe, stage), teacher_system(recipe, stage)
    lines = {d: sources(recipe, stage, corpus, d) for d in directions_of(recipe, stage) if str(d) in todo}
    done, total = 0, sum(map(len, lines.values()))
    with progress.task(f"translating for {stage}") as advance:
        advance(done, total, "")
        engine = systems.load_engine(place)
        for direction, of_direction in lines.items():
            began = time.monotonic()
            asked = [Translation(line, "", direction) for line in of_direction]
            update = part_of(advance, done, len(asked), total, str(direction))
            answers = systems.hypotheses(system, engine, asked, update)
            finish = [answer.finish_reason for answer in answers]
            found = looked_through(
                of_direction, [answer.text for answer in answers], finish, direction, settings.keep
            )
            made = Made(todo[str(direction)], time.monotonic() - began)
            store.write_outputs(stage, str(direction), found, made, "synthetic")
            progress.say(f"{stage}, {direction}: {_said(found)}")
            done += len(asked)


def looked_through(
    lines: Sequence[str],
    texts: Sequence[str],
    finish: Sequence[str],
    direction: Direction,
    keep: KeepSettings,
) -> list[dict[str, Any]]:
    """The rows of a direction, each with its outcome: scoring's strict one, and then `short`."""
    thresholds = Thresholds(keep.confidence, keep.repetition, keep.longest)
    count = OffTarget(direction, default_identifier(), strict=True, thresholds=thresholds)
    rows = []
    for source, text, segment in zip(lines, texts, count.add(texts, lines, finish), strict=True):
        outcome: str = segment.outcome
        if outcome == KEPT and repetition(text) > keep.repetition:  # of a short text, too
            outcome = "run-on"
        if outcome == KEPT and width(text) < keep.shortest * width(source):
            outcome = "short"
        rows.append(
            {
                "source": source,
                "text": text,
                "language": segment.guess.label,
                "language_probability": segment.guess.probability,
                "outcome": outcome,
            }
        )
    return rows


def read(recipe: Recipe, stage: str, store: Store) -> dict[Direction, list[Row]]:
    """What was made for a stage.

    Raises:
        UserError: nothing was, yet.
    """
    found = {}
    for direction in directions_of(recipe, stage):
        path = store.outputs(stage, str(direction), "synthetic")
        if not path.exists():
            raise UserError(
                f"the translations that '{stage}' learns from are not made yet ({path}); "
                f"'ontarget train {recipe.name} {stage}' makes them"
            )
        found[direction] = list[Row](read_jsonl(path))
    return found


def outcome_counts(rows: Mapping[Direction, Sequence[Row]]) -> dict[str, dict[str, int]]:
    """Direction -> outcome -> lines, for the model's record."""
    return {str(direction): dict(_counted(of_direction)) for direction, of_direction in rows.items()}


def kept(rows: Mapping[Direction, Sequence[Row]], stage: str) -> list[Translation]:
    """What is learnt.

    Raises:
        UserError: nothing was kept.
    """
    found = [
        Translation(row["source"], row["text"], direction)
        for direction, of_direction in rows.items()
        for row in of_direction
        if row["outcome"] == KEPT
    ]
    if not found:
        counts = sum((_counted(of_direction) for of_direction in rows.values()), Counter())
        why = ", ".join(f"{number} {outcome}" for outcome, number in counts.most_common())
        raise UserError(
            f"none of the translations that '{stage}' would learn from can be kept "
            f"({why or 'no line is left to translate'}): let another `teacher` make them, "
            "use the kind pivot-distillation, or change `keep`"
        )
    return found


def _counted(rows: Sequence[Row]) -> Counter[str]:
    return Counter(row["outcome"] for row in rows)


def _said(rows: Sequence[Row]) -> str:
    counts = _counted(rows)
    stays = counts.pop(KEPT, 0)
    why = ", ".join(f"{number} {outcome}" for outcome, number in counts.most_common())
    return f"{stays} of {len(rows)} translations kept{f'; left out: {why}' if why else ''}"


def _rounds_before(recipe: Recipe, stage: str) -> int:
    """How many stages of this sort a stage is built on."""
    count, start = 0, recipe.stages[stage].start
    while start in recipe.stages:
        count += isinstance(recipe.stages[start], Synthetic)
        start = recipe.stages[start].start
    return count
