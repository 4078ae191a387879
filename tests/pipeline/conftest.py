"""A recipe whose models are a file and whose translations are made up: the pipeline without torch."""

import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ontarget.corpora.corpus import Corpus, Translation
from ontarget.languages import Language
from ontarget.pipeline import run
from ontarget.pipeline.execution import making, stages, systems
from ontarget.pipeline.planning import inputs, models
from ontarget.pipeline.planning.artifacts import Store
from ontarget.recipes.loading import check
from ontarget.recipes.schema.recipe import Recipe
from ontarget.translation.hypothesis import Hypothesis
from ontarget.translation.system import System

RECIPE: dict[str, Any] = {
    "name": "fake",
    "languages": ["en", "it", "nl"],
    "pivot": "en",
    "corpus": {"plain": {split: f"{split}.{{language}}" for split in ("train", "validation", "test")}},
    "overlap": "allow",
    "test_lines": 2,
    "stages": {
        "base": {"kind": "pretraining", "tuning": {"max_steps": 1}},
        "mt": {"kind": "sft", "from": "base", "samples": 4, "tuning": {"epochs": 1}},
        "lat": {"kind": "language-aware", "from": "mt", "preset": "paper", "tuning": {"max_steps": 1}},
        "ontarget": {"kind": "language-aware", "from": "mt", "tuning": {"max_steps": 1}},
    },
    "systems": ["base", "mt", "1-shot", "lat", "ontarget", "pivot"],
}

LINES = {
    "en": [
        "The sun is shining today.",
        "We are going home now.",
        "My sister reads a book.",
        "It rains a lot.",
    ],
    "it": ["Oggi splende il sole.", "Adesso andiamo a casa.", "Mia sorella legge un libro.", "Piove molto."],
    "nl": [
        "De zon schijnt vandaag.",
        "We gaan nu naar huis.",
        "Mijn zus leest een boek.",
        "Het regent veel.",
    ],
}


def fake_recipe(**changes: object) -> Recipe:
    return check(RECIPE | changes, "fake")


def synthetic_recipe(**changes: Any) -> Recipe:
    """The stages `st` from ontarget and `pd` from mt, beside the usual ones."""
    stages = {
        "st": {"kind": "self-training", "from": "ontarget", "max_lines": 2, "tuning": {"max_steps": 1}},
        "pd": {"kind": "pivot-distillation", "from": "mt", "max_lines": 2, "tuning": {"max_steps": 1}},
    }
    for name, of_stage in changes.items():
        stages[name] = stages.get(name, {}) | of_stage
    systems = {"mt": {}, "st": {"model": "st"}, "pd": {"model": "pd"}}
    return fake_recipe(stages=RECIPE["stages"] | stages, systems=systems)


class Workshop:
    """Stands for training and translation, and remembers what was asked of it."""

    def __init__(self) -> None:
        self.trained: list[str] = []
        self.loaded: list[str] = []
        self.translated: list[str] = []
        self.fail_at: str | None = None

    def forget(self) -> None:
        self.trained, self.loaded, self.translated = [], [], []

    def make_model(
        self,
        recipe: Recipe,
        stage: str,
        corpus: Corpus,
        start: Path | str | None,
        *,
        folder: Path,
        work: Path,
        update: Callable[[int, int, dict[str, Any]], None],
        store: Store | None = None,
    ) -> dict[str, Any]:
        self.trained.append(stage)
        work.mkdir(exist_ok=True)
        (work / "checkpoint-1").write_text(stage)
        if self.fail_at == f"train {stage}":
            raise KeyboardInterrupt
        began = (Path(start) / "model").read_text() if start else ""
        (folder / "model").write_text(f"{began}>{stage}")
        (folder / "log.jsonl").write_text(json.dumps({"step": 1, "steps": 1, "likelihood": 1.5}) + "\n")
        update(1, 1, {"likelihood": 1.5, "tokens_per_second": 10.0})
        counts = {"dropped": 3, "truncated": 0, "ambiguous": 0, "unrevealing": 2}
        return {"steps": 1, "kept": 1, "seconds": 1.0, **counts}

    def load_engine(self, model: Path | str, precision: str = "auto") -> str:
        self.loaded.append(Path(model).name)
        return Path(model).name

    def hypotheses(
        self, system: System, engine: str, pairs: Sequence[Translation], update: Callable[[int, int], None]
    ) -> list[Hypothesis]:
        direction = pairs[0].direction
        self.translated.append(f"{system.id} {direction}")
        if self.fail_at == f"{system.id} {direction}":
            raise KeyboardInterrupt
        update(len(pairs), len(pairs))
        on_target = engine == "ontarget" or Language("en") in (direction.source, direction.target)
        texts = [pair.target if on_target else "This is English text." for pair in pairs]
        return [Hypothesis(text, "stop", -1.0, 5) for text in texts]


@pytest.fixture
def corpus_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Text files for RECIPE in the working directory: 3 training lines, 2 of validation, 4 of test."""
    monkeypatch.chdir(tmp_path)
    for code, lines in LINES.items():
        for split, few in (("train", lines[:3]), ("validation", lines[1:3]), ("test", lines)):
            Path(f"{split}.{code}").write_text("".join(f"{line}\n" for line in few), encoding="utf-8")
    return tmp_path


@pytest.fixture
def workshop(corpus_files: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    made = Workshop()
    monkeypatch.setattr(stages, "make_model", made.make_model)
    monkeypatch.setattr(systems, "load_engine", made.load_engine)
    monkeypatch.setattr(systems, "hypotheses", made.hypotheses)
    monkeypatch.setattr(run, "_require_models", lambda *_: None)
    monkeypatch.setattr(models, "STACK", ["none"])  # a file is no model to be looked at
    monkeypatch.setattr(
        making, "score", partial(making.score, draws=2)
    )  # intervals of two lines say nothing anyway
    monkeypatch.setattr(making.report, "write", lambda folder: (folder / "report.html").write_text("<html>"))
    return made


@pytest.fixture
def fake_corpus(corpus_files: Path) -> Corpus:
    return inputs.load_corpus(fake_recipe())
