"""The plan reads and never writes."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.pipeline.conftest import Workshop, fake_recipe

from ontarget.pipeline.run import make_plan, run
from ontarget.prompts.template import PromptTemplate


def test_a_plan_writes_nothing(workshop: Workshop) -> None:
    steps = make_plan(fake_recipe()).everything()
    assert all(step.todo for step in steps)
    assert not Path("runs").exists()


def test_steps_come_after_what_they_need(workshop: Workshop) -> None:
    before: set[str] = set()
    for step in make_plan(fake_recipe()).everything():
        assert set(step.needs) <= before
        before.add(step.id)
    assert {"model/base", "outputs/pivot", "scores/scores.json", "report/report.html"} <= before


def test_systems_of_one_model_stand_together(workshop: Workshop) -> None:
    plan = make_plan(fake_recipe(systems=["mt", "llama", "lat", "pivot"]))
    assert plan.by_model == ["mt", "pivot", "llama", "lat"]


def test_after_a_run_nothing_is_to_do(workshop: Workshop) -> None:
    run(fake_recipe())
    assert not any(step.todo for step in make_plan(fake_recipe()).everything())


def test_fingerprints_do_not_depend_on_where_the_text_lies(workshop: Workshop, corpus_files: Path) -> None:
    here = make_plan(fake_recipe())
    splits = {split: str(corpus_files / f"{split}.{{language}}") for split in ("train", "validation", "test")}
    there = make_plan(fake_recipe(corpus={"plain": splits}))
    assert here.outputs == there.outputs


def test_half_a_system_is_to_do_where_half_is_missing(workshop: Workshop) -> None:
    run(fake_recipe())
    Path("runs/fake/outputs/mt/nl-it.jsonl").unlink()
    steps = {step.id: step.todo for step in make_plan(fake_recipe()).everything()}
    assert steps["outputs/mt"] == ("nl-it",)
    assert not steps["outputs/lat"]
    assert not steps["scores/scores.json"]  # the same outputs will give the same scores


@pytest.mark.parametrize("change", [{"separator": " "}, {"instruction": "Please. {instruction}\n"}])
def test_other_words_make_other_models_and_outputs(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, change: dict[str, str]
) -> None:
    before, worded = make_plan(fake_recipe()), replace(PromptTemplate.load("plain"), **change)
    stages, outputs = before.stages, before.outputs
    monkeypatch.setattr(PromptTemplate, "load", lambda *_: worded)
    after = make_plan(fake_recipe())
    assert {name for name in stages if stages[name] != after.stages[name]} == {"mt", "lat", "ontarget"}
    assert all(outputs[system][d] != after.outputs[system][d] for system in outputs for d in outputs[system])
