"""A run whose answers were chosen by an identifier is scored by a second one, too."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.pipeline.conftest import Workshop, fake_recipe
from tests.pipeline.test_run import Told

from ontarget.pipeline.evaluation import agreed
from ontarget.pipeline.planning.plan import Plan
from ontarget.pipeline.run import make_plan, run
from ontarget.recipes.schema.recipe import Recipe
from ontarget.reporting.details import Details
from ontarget.scoring.language_id.identifier import Guess, Identifier


@dataclass
class Dutch:
    """Finds every text Dutch."""

    signature: str = "dutch"
    labels: frozenset[str] = frozenset({"en", "it", "nl"})

    def identify(self, texts: Sequence[str]) -> list[Guess]:
        return [Guess("nl", 1.0)] * len(texts)


def reranking() -> Recipe:
    return fake_recipe(systems={"mt": {}, "chosen": {"model": "mt", "rerank": {}}})


@pytest.fixture
def no_lingua(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lingua", None)


def second(monkeypatch: pytest.MonkeyPatch, identifier: Identifier) -> None:
    monkeypatch.setattr(agreed, "identifier_named", lambda name: identifier)
    monkeypatch.setattr(agreed, "find_spec", lambda name: "there")


def by_place(rows: list[dict[str, Any]], metric: str) -> dict[tuple[str, str], float]:
    return {(row["system"], row["direction"]): row["value"] for row in rows if row["metric"] == metric}


def test_without_rerank_there_is_one_identifier_and_nothing_is_said(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    second(monkeypatch, Dutch())
    assert agreed.second_identifier(fake_recipe()) == (None, "")
    assert agreed.packages(fake_recipe()) == ()


def test_all_systems_and_the_floor_are_scored_by_both(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answers are English where Italian or Dutch is asked for, and a liar finds them Dutch."""
    second(monkeypatch, Dutch())
    made = run(reranking())
    otr, other, both = (by_place(made.scores, name) for name in ("otr", "otr_by_dutch", "otr_agreed"))
    for system in ("mt", "chosen"):
        assert [of[system, "it-nl"] for of in (otr, other, both)] == [100.0, 0.0, 0.0]
        assert [of[system, "nl-it"] for of in (otr, other, both)] == [100.0, 100.0, 100.0]
    assert [of["reference", "en-it"] for of in (otr, other, both)] == [0.0, 100.0, 0.0]
    average = next(
        row
        for row in made.scores
        if (row["system"], row["direction"], row["kind"], row["metric"])
        == ("mt", "avg", "zero-shot", "otr_agreed")
    )
    assert average["value"] == 50.0
    assert average["low"] <= 50.0 <= average["high"]
    assert "lid:lid.176.ftz&dutch|" in average["signature"]
    assert Details.read(made.directory).note == ""


@pytest.mark.usefixtures("no_lingua")
def test_without_lingua_the_run_and_its_details_say_how_to_get_it(workshop: Workshop) -> None:
    told = Told()
    made = run(reranking(), progress=told)
    (note,) = [line for line in told.lines if "agreed" in line]
    assert note == (
        "OTR agreed is missing, although an identifier chose the outputs of chosen: "
        "the identifier lingua is not installed: pip install 'ontarget[lingua]'"
    )
    assert Details.read(made.directory).note == note
    assert {"otr", "otr_unsure"} < {row["metric"] for row in made.scores}
    assert "otr_agreed" not in {row["metric"] for row in made.scores}


def test_once_it_is_installed_the_scores_alone_are_made_again(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agreed, "find_spec", lambda name: None)
    with monkeypatch.context() as before:
        before.setitem(sys.modules, "lingua", None)
        run(reranking())
    assert not any(step.todo for step in make_plan(reranking()).everything())
    second(monkeypatch, Dutch())
    assert [step.kind for step in make_plan(reranking()).everything() if step.todo] == ["scores", "report"]
    assert by_place(run(reranking()).scores, "otr_agreed")


def test_a_language_that_the_second_does_not_know_is_no_failure(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    second(monkeypatch, Dutch(labels=frozenset({"en", "nl"})))
    identifier, note = agreed.second_identifier(reranking())
    assert identifier is None
    assert "Italian" in note


class TestTheRulesOfARecipe:
    def plan(self, **changes: object) -> Plan:
        return make_plan(fake_recipe(**changes))

    def test_change_scores_and_neither_models_nor_outputs(self, workshop: Workshop) -> None:
        ours, paper = self.plan(), self.plan(otr="paper")
        assert ours.scores != paper.scores
        assert (ours.stages, ours.outputs) == (paper.stages, paper.outputs)

    def test_by_the_paper_a_fingerprint_is_what_it_was_before_there_were_others(
        self, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = [self.plan().scores, self.plan(otr="paper").scores]
        monkeypatch.setattr("ontarget.pipeline.planning.plan.SCORING_VERSION", 1_000)
        after = [self.plan().scores, self.plan(otr="paper").scores]
        assert [one == other for one, other in zip(before, after, strict=True)] == [False, True]
        assert self.plan(otr="paper").rules == {}

    def test_stand_in_the_signatures(self, workshop: Workshop, corpus_files: Path) -> None:
        signatures = {
            rules: {row["signature"] for row in run(fake_recipe(otr=rules)).scores if row["metric"] == "otr"}
            for rules in ("robust", "paper")
        }
        assert all("case:lower" in one for one in signatures["robust"])
        assert all("case:mixed|norm:none" in one for one in signatures["paper"])
