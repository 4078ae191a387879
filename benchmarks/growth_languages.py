"""What the languages of a recipe cost beside training and translation. See growth.py.

Directions grow with the square of the languages, so each column is compared by direction.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from growth_table import Row, Table

from ontarget.corpora.corpus import Corpus, Translation
from ontarget.errors import UserError
from ontarget.files import write_json, write_jsonl
from ontarget.languages import Language
from ontarget.pipeline.evaluation.score import score
from ontarget.pipeline.execution.stages import conflict_counts, drawn_for
from ontarget.pipeline.planning.artifacts import Made, Store
from ontarget.pipeline.planning.plan import Plan
from ontarget.pipeline.planning.resolved import write_resolved
from ontarget.recipes.loading import check
from ontarget.recipes.schema.recipe import Recipe
from ontarget.recipes.schema.stages import LanguageAware
from ontarget.reporting import details, report
from ontarget.scoring.language_id.identifier import default_identifier

SYSTEMS = ["mt", "ontarget"]
LINES = 2  # of each test set; identification and metrics of a line cost the same for all


def languages(sizes: Sequence[int]) -> list[Row]:
    """For each number: the plan, conflicts of samples, the plan of a finished run, scores and report."""
    table = Table("languages")
    default_identifier().identify(["a line"])
    _measure(Table("languages"), 3)  # loads what is loaded once
    for size in sizes:
        _measure(table, size)
        table.end()
    return table.rows


def _measure(table: Table, size: int) -> None:
    recipe = _recipe(codes()[:size])
    splits = {"train": 200, "validation": LINES, "test": LINES}
    lines = {
        split: {code: [f"sentence {n} in {code}" for n in range(count)] for code in recipe.languages}
        for split, count in splits.items()
    }
    corpus = Corpus("made up", lines)
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        directions = size * (size - 1)
        table.begin(size, directions)
        table.add("directions", directions)
        plan = Plan(recipe, corpus, store)
        steps = table.timed("plan", plan.everything)
        settings = recipe.stages["ontarget"]
        assert isinstance(settings, LanguageAware)
        drawn = drawn_for(recipe, settings, corpus)
        table.timed("12,000 conflicts", lambda: conflict_counts(recipe, settings, drawn))
        text = plan.texts[""]
        outputs = {
            system: {d: list(map(_output, text.pairs(d))) for d in text.directions} for system in SYSTEMS
        }
        made = [step for step in steps if step.kind == "outputs"]

        def written() -> None:
            for step in made:
                with store.writing(step.name) as write:
                    for direction, rows in outputs[step.name].items():
                        write(str(direction), list(rows), Made(step.fingerprints[str(direction)], 1.0))

        table.timed("write outputs", written)
        table.timed("plan again", plan.everything)
        references = {d: [pair.target for pair in text.pairs(d)] for d in text.directions}
        scored = table.timed("score", lambda: score(outputs, references, text.kinds))
        write_resolved(recipe, store.directory, remade=True)
        write_json(store.directory / "scores.json", scored.rows)
        write_jsonl(store.directory / details.FILE, [scored.details | {"note": ""}])
        page = table.timed("report", lambda: report.write(store.directory))
        table.add("report, MiB", round(page.stat().st_size / 2**20, 1))


def _output(pair: Translation) -> dict[str, Any]:
    """A line of a file of outputs: the reference, which is in English, whatever the direction."""
    found = {"text": pair.target, "source": pair.source, "reference": pair.target}
    return found | {"finish_reason": "stop", "language": "en", "language_probability": 1.0}


def codes() -> list[str]:
    """English, then languages of two letters that the identifier knows, whose BLEU needs no package."""
    found = ["en"]
    for label in default_identifier().labels:
        try:
            language = Language(label)
        except UserError:
            continue
        plain = language.sacrebleu_tokenizer == "13a"
        if plain and len(code := str(language)) == 2 and code not in found:
            found.append(code)
    return found


def _recipe(known: Sequence[str]) -> Recipe:
    stages = {
        "base": {"kind": "pretraining", "tuning": {"max_steps": 1}},
        "mt": {"kind": "sft", "from": "base", "samples": 12_000, "tuning": {"epochs": 1}},
        "ontarget": {"kind": "language-aware", "from": "mt", "samples": 12_000, "tuning": {"max_steps": 1}},
    }
    plain = {split: split + ".{language}" for split in ("train", "validation", "test")}
    settings = {
        "name": "growth",
        "languages": list(known),
        "pivot": "en",
        "corpus": {"plain": plain},
        "overlap": "allow",
        "test_lines": LINES,
        "stages": stages,
        "systems": SYSTEMS,
    }
    return check(settings, "growth")
