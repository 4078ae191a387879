"""Synthetic translations of train text, which a model makes for a stage to learn from: `synthetic/<stage>/`.

Each line has a source, its translation, and an `outcome`: `on`, or the reason why nothing is learnt from it.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from ontarget.corpora.corpus import Corpus, Translation
from ontarget.errors import UserError
from ontarget.files import read_jsonl
from ontarget.former_names import former
from ontarget.languages import Direction
from ontarget.pipeline.execution import systems
from ontarget.pipeline.execution.candidates import KEPT, choose
from ontarget.pipeline.execution.distillation_sources import (
    SourceLine,
    directions_of,
    drawn_lines,
    settings_of,
    teacher_of,
    uses_pivot_text,
)
from ontarget.pipeline.execution.progress import Progress, part_of
from ontarget.pipeline.planning.artifacts import Made, Store, fingerprint, text_fingerprint
from ontarget.pipeline.planning.inputs import prompt_text, template_of
from ontarget.recipes.schema.recipe import Recipe
from ontarget.recipes.schema.stages import LanguageAware, SupervisedFineTuning
from ontarget.recipes.schema.synthetic import KeepSettings, PivotDistillation, SelfTraining, Synthetic
from ontarget.samples.wrong import WrongOutput
from ontarget.scoring.language_id.identifier import default_identifier
from ontarget.scoring.language_id.labels import labels_of
from ontarget.scoring.off_target import OffTarget
from ontarget.scoring.outcome import Thresholds, width
from ontarget.scoring.repetition import repetition
from ontarget.translation.system import System

if TYPE_CHECKING:
    from ontarget.translation.engines.protocol import Engine

Row = Mapping[str, Any]

_WRONG = (
    "source",
    "english",
    "other",
    "copy",
)  # outcomes in another language than the requested one


def teacher_system(recipe: Recipe, stage: str) -> System:
    """The system of the teacher: prompts as in its own stage, and two steps for pivot distillation."""
    settings = settings_of(recipe, stage)
    teacher = teacher_of(settings)
    tuned = recipe.stages.get(teacher)
    return System(
        stage,
        template_of(recipe, teacher),
        post_instruction=isinstance(tuned, SupervisedFineTuning | LanguageAware) and tuned.post_instruction,
        pivot=recipe.pivot if isinstance(settings, PivotDistillation) else None,  # one step if it is a side
        decoding=settings.decoding_from(recipe.decoding).decoding(),
    )


def text_fingerprints(recipe: Recipe, stage: str, corpus: Corpus, teacher: str) -> dict[str, str]:
    """Direction -> fingerprint of the synthetic text of a stage; `teacher` is that of the teacher."""
    settings, system = settings_of(recipe, stage), teacher_system(recipe, stage)
    fingerprints = {}
    for direction in directions_of(recipe, stage):
        lines = drawn_lines(recipe, stage, corpus, direction)
        prompt = prompt_text(system.template, direction, post_instruction=system.post_instruction)
        chosen: dict[str, Any] = {}
        if isinstance(settings, SelfTraining) and settings.candidates > 1:
            chosen = {"candidates": settings.candidates, "select": settings.select}
            chosen |= {"through": str(recipe.pivot)} if settings.select == "agreement" else {}
        halfway = {}
        if uses_pivot_text(recipe, settings, direction):
            halfway = {"halfway": text_fingerprint([line.given.source for line in lines])}
        fingerprints[str(direction)] = fingerprint(
            "synthetic",
            model=teacher,
            prompt=prompt,
            separator=system.template.separator,
            stop=system.template.stop,
            direction=str(direction),
            pivot=system.pivot and str(system.pivot),
            decoding=former(settings.decoding_from(recipe.decoding).model_dump(), "decoding"),
            keep=former(settings.keep.model_dump(), "stages.*.keep"),
            text=text_fingerprint([line.source for line in lines]),
            **halfway,
            **chosen,
        )
    return fingerprints


def make(
    recipe: Recipe,
    stage: str,
    corpus: Corpus,
    store: Store,
    place: Any,
    todo: Mapping[str, str],
    progress: Progress,
) -> None:
    """Translates the synthetic text of a stage, direction by direction.

    Args:
        place: the place of the teacher.
        todo: direction -> fingerprint of its text.
    """
    settings, system = settings_of(recipe, stage), teacher_system(recipe, stage)
    lines = {d: drawn_lines(recipe, stage, corpus, d) for d in directions_of(recipe, stage) if str(d) in todo}
    done, total = 0, sum(map(len, lines.values()))
    with progress.task(f"translating for {stage}") as advance:
        advance(done, total, "")
        engine = systems.load_engine(place, settings.decoding_from(recipe.decoding).precision)
        with store.writing(stage, "synthetic") as write:
            for direction, of_direction in lines.items():
                began = time.monotonic()
                update = part_of(advance, done, len(of_direction), total, str(direction))
                found = _translated(recipe, system, settings, engine, of_direction, direction, update)
                write(str(direction), found, Made(todo[str(direction)], time.monotonic() - began))
                progress.say(f"{stage}, {direction}: {_said(found)}")
                done += len(of_direction)


def _translated(
    recipe: Recipe,
    system: System,
    settings: Synthetic,
    engine: "Engine",
    lines: Sequence[SourceLine],
    direction: Direction,
    update: Callable[[int, int], None],
) -> list[dict[str, Any]]:
    """The rows of a direction: for each line its translation, or the chosen candidate."""
    given, keep = [line.given for line in lines], settings.keep
    if not isinstance(settings, SelfTraining) or settings.candidates == 1:
        answers = systems.hypotheses(system, engine, given, update)
        finish = [answer.finish_reason for answer in answers]
        return looked_through(
            [line.source for line in lines], [answer.text for answer in answers], finish, direction, keep
        )
    several = systems.candidates(system, engine, given, settings.candidates, update)
    flat = [(line.source, answer) for line, of_line in zip(lines, several, strict=True) for answer in of_line]
    rows = iter(
        looked_through(
            [source for source, _ in flat],
            [answer.text for _, answer in flat],
            [answer.finish_reason for _, answer in flat],
            direction,
            keep,
        )
    )
    # Translations for comparison need no wide search.
    greedy = replace(system, decoding=replace(system.decoding, num_beams=1))

    def ask(asked: System, pairs: Sequence[Translation]) -> list[str]:
        return [answer.text for answer in systems.hypotheses(asked, engine, pairs, lambda *_: None)]

    return choose(
        [list(islice(rows, len(of_line))) for of_line in several],
        settings.select,
        direction,
        direct=partial(ask, greedy),
        in_two=partial(ask, replace(greedy, pivot=recipe.pivot)),
    )


def looked_through(
    sources: Sequence[str],
    texts: Sequence[str],
    finish: Sequence[str],
    direction: Direction,
    keep: KeepSettings,
) -> list[dict[str, Any]]:
    """The rows of a direction, each with its outcome: the strict one of scoring, or `short`."""
    thresholds = Thresholds(keep.confidence, keep.repetition, keep.max_length_ratio)
    # By the paper's rules, as for existing models.
    count = OffTarget(direction, default_identifier(), strict=True, thresholds=thresholds, rules="paper")
    rows = []
    for source, text, segment in zip(sources, texts, count.add(texts, sources, finish), strict=True):
        outcome: str = segment.outcome
        if outcome == KEPT and repetition(text) > keep.repetition:  # also in a short text
            outcome = "run-on"
        if outcome == KEPT and width(text) < keep.min_length_ratio * width(source):
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
    """The synthetic text of a stage.

    Raises:
        UserError: it has not been made yet.
    """
    found = {}
    for direction in directions_of(recipe, stage):
        path = store.outputs(stage, str(direction), "synthetic")
        if not path.exists():
            raise UserError(
                f"the translations that '{stage}' learns from have not been made yet ({path}); "
                f"'ontarget train {recipe.name} {stage}' makes them"
            )
        found[direction] = list[Row](read_jsonl(path))
    return found


def outcome_counts(rows: Mapping[Direction, Sequence[Row]]) -> dict[str, dict[str, int]]:
    """Direction -> outcome -> lines, for the model's record."""
    return {str(direction): dict(_counted(of_direction)) for direction, of_direction in rows.items()}


def kept(
    rows: Mapping[Direction, Sequence[Row]], stage: str, synthetic_side: str = "target"
) -> list[Translation]:
    """The translations to learn from. `synthetic_side`: see recipes/schema/synthetic.py.

    Raises:
        UserError: no translation was kept.
    """
    found = list[Translation]()
    for direction, of_direction in rows.items():
        pairs = [(row["source"], row["text"]) for row in of_direction if row["outcome"] == KEPT]
        if synthetic_side != "source":
            found += [Translation(line, text, direction) for line, text in pairs]
        if synthetic_side != "target":
            found += [Translation(text, line, direction.reverse) for line, text in pairs]
    if not found:
        counts = sum((_counted(of_direction) for of_direction in rows.values()), Counter())
        why = ", ".join(f"{number} {outcome}" for outcome, number in counts.most_common())
        raise UserError(
            f"none of the translations that '{stage}' would learn from can be kept "
            f"({why or 'no line is left to translate'}): let another `teacher` make them, "
            "use the kind pivot-distillation, or change `keep`"
        )
    return found


def wrong_outputs(recipe: Recipe, rows: Mapping[Direction, Sequence[Row]]) -> list[WrongOutput]:
    """The outputs in another language than the requested one."""
    known = default_identifier().labels
    languages = {label: code for code in recipe.languages for label in labels_of(code, known)}
    return [
        WrongOutput(
            Translation(row["source"], row["text"], direction),
            direction.source if row["outcome"] in ("source", "copy") else languages.get(row["language"]),
        )
        for direction, of_direction in rows.items()
        for row in of_direction
        if row["outcome"] in _WRONG
    ]


def _counted(rows: Sequence[Row]) -> Counter[str]:
    return Counter(row["outcome"] for row in rows)


def _said(rows: Sequence[Row]) -> str:
    counts = _counted(rows)
    stays = counts.pop(KEPT, 0)
    why = ", ".join(f"{number} {outcome}" for outcome, number in counts.most_common())
    return f"{stays} of {len(rows)} translations kept{f'; left out: {why}' if why else ''}"
