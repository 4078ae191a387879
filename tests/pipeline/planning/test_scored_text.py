"""The second test of a recipe: what is translated, made again, and left as it was."""

import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from tests.pipeline.conftest import RECIPE, Workshop, fake_recipe

from ontarget.cli.plan import show_plan
from ontarget.corpora import everyday
from ontarget.errors import UserError
from ontarget.files import read_jsonl
from ontarget.languages import Direction, Language
from ontarget.pipeline.planning.scored_text import second_test
from ontarget.pipeline.run import make_plan, run
from ontarget.recipes.loading import check
from ontarget.recipes.schema.recipe import Recipe
from ontarget.recipes.sweep import points

FAKE = Path("runs/fake")
SECOND = FAKE / "everyday"


def with_second(**changes: Any) -> Recipe:
    return fake_recipe(second_test="everyday", **changes)


def scores(folder: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((folder / "scores.json").read_text(encoding="utf-8"))
    return rows


def test_its_lines_are_the_everyday_sentences_in_zero_shot_directions() -> None:
    text = second_test(with_second())
    assert text is not None
    assert {kind: list(map(str, of)) for kind, of in text.kinds.items()} == {"zero-shot": ["it-nl", "nl-it"]}
    pairs = text.pairs(Direction.parse("it-nl"))
    corpus = everyday.load()
    lines = [corpus.lines("test", Language(code)) for code in ("it", "nl")]
    assert [(pair.source, pair.target) for pair in pairs] == list(zip(*lines, strict=True))
    assert len(pairs) == 60


def test_without_zero_shot_directions_the_supervised_ones_are_translated() -> None:
    stages = {name: RECIPE["stages"][name] for name in ("base", "mt")}
    text = second_test(with_second(languages=["en", "it"], stages=stages, systems=["mt"]))
    assert text is not None
    assert {kind: list(map(str, of)) for kind, of in text.kinds.items()} == {"supervised": ["en-it", "it-en"]}


def test_directions_that_it_has_no_text_for_are_left_out() -> None:
    text = second_test(with_second(languages=["en", "it", "nl", "zh"]))
    assert text is not None
    assert list(map(str, text.directions)) == ["it-nl", "nl-it"]
    assert second_test(with_second(languages=["en", "zh", "ja"])) is None
    assert second_test(fake_recipe()) is None


def test_an_unknown_second_test_is_refused() -> None:
    with pytest.raises(UserError, match="'second_test' is 'everydays': should be 'everyday'"):
        fake_recipe(second_test="everydays")


def test_a_run_translates_and_scores_both_texts_apart(workshop: Workshop) -> None:
    run(with_second())
    assert workshop.loaded == ["base", "mt", "lat", "ontarget"]  # still once each
    assert workshop.translated.count("mt it-nl") == 2
    assert workshop.translated.count("mt en-it") == 1
    rows = read_jsonl(SECOND / "outputs" / "mt" / "it-nl.jsonl")
    assert len(rows) == 60
    assert rows[0]["source"] == everyday.load().lines("test", Language("it"))[0]
    assert len(read_jsonl(FAKE / "outputs" / "mt" / "it-nl.jsonl")) == 2
    assert {row["direction"] for row in scores(SECOND)} == {"it-nl", "nl-it", "avg"}
    assert {row["n"] for row in scores(SECOND) if row["direction"] != "avg"} == {60}
    value = {(r["system"], r["metric"]): r["value"] for r in scores(SECOND) if r["direction"] == "avg"}
    assert value["mt", "otr"] == 100.0
    assert value["ontarget", "otr"] == value["reference", "otr"] == 0.0  # lid.176 is right on every line
    assert value["ontarget", "bleu"] == pytest.approx(100.0)
    assert (SECOND / "details.json").is_file()


def test_the_first_scores_are_those_of_a_run_without_it(workshop: Workshop) -> None:
    run(with_second())
    run(fake_recipe(name="alone"))
    assert scores(FAKE) == scores(Path("runs/alone"))


def test_adding_it_makes_nothing_else_again(workshop: Workshop) -> None:
    run(fake_recipe())
    workshop.forget()
    first = (FAKE / "scores.json").stat().st_mtime_ns
    run(with_second())
    assert workshop.trained == []
    assert sorted(set(workshop.translated)) == sorted(
        f"{system} {direction}"
        for system in ("base", "mt", "1-shot", "lat", "ontarget", "pivot")
        for direction in ("it-nl", "nl-it")
    )
    assert len(workshop.translated) == 12
    assert (FAKE / "scores.json").stat().st_mtime_ns == first
    workshop.forget()
    run(with_second())
    assert workshop.translated == workshop.loaded == []


def test_it_resumes_after_a_kill(workshop: Workshop) -> None:
    run(fake_recipe())
    workshop.forget()
    workshop.fail_at = "lat nl-it"
    with pytest.raises(KeyboardInterrupt):
        run(with_second())
    assert not (SECOND / "scores.json").exists()
    (SECOND / "outputs" / "lat" / ".nl-it.jsonl.abcd1234").write_text("half")
    workshop.forget()
    workshop.fail_at = None
    run(with_second())
    assert workshop.translated[0] == "lat nl-it"
    assert "lat it-nl" not in workshop.translated
    assert not list(SECOND.rglob(".*.abcd1234"))
    assert (SECOND / "scores.json").exists()


def test_a_damaged_file_of_it_is_translated_again(workshop: Workshop) -> None:
    run(with_second())
    path = SECOND / "outputs" / "mt" / "it-nl.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole[:100])
    workshop.forget()
    run(with_second())
    assert workshop.translated == ["mt it-nl"]
    assert path.read_bytes() == whole


def test_other_runs_share_its_translations(workshop: Workshop) -> None:
    run(with_second())
    workshop.forget()
    run(with_second(name="other"))
    assert workshop.trained == workshop.translated == workshop.loaded == []
    ours, theirs = (Path("runs") / name / "everyday" for name in ("other", "fake"))
    assert scores(ours) == scores(theirs)
    file = Path("outputs") / "mt" / "it-nl.jsonl"
    assert (ours / file).read_bytes() == (theirs / file).read_bytes()


def test_leaving_it_out_again_keeps_its_files_and_makes_the_report_alone(workshop: Workshop) -> None:
    run(with_second())
    workshop.forget()
    page = (FAKE / "report.html").stat().st_mtime_ns
    run(fake_recipe())
    assert workshop.translated == []
    assert (FAKE / "report.html").stat().st_mtime_ns > page
    assert (SECOND / "scores.json").exists()


def test_a_plan_counts_it(workshop: Workshop) -> None:
    plan = make_plan(with_second())
    steps = plan.everything()
    second = [step for step in steps if step.test]
    assert [step.id for step in second] == [
        *(f"outputs/everyday/{name}" for name in ("base", "mt", "1-shot", "pivot", "lat", "ontarget")),
        "scores/everyday/scores.json",
    ]
    assert second[0].todo == ("it-nl", "nl-it")
    assert set(steps[-1].needs) == {"scores/scores.json", "scores/everyday/scores.json"}
    console = Console(width=200, record=True)
    show_plan(console, plan, steps)
    text = console.export_text()
    assert "translate with mt, everyday" in text
    assert "score, everyday" in text


def test_points_of_a_sweep_leave_it_out(tmp_path: Path) -> None:
    recipe = tmp_path / "swept.yaml"
    recipe.write_text(
        "extends: phrasebook-tiny\nname: s\nsecond_test: everyday\nsweep: {stages.lat.alpha: [0.1, 0.3]}\n"
    )
    assert [point.recipe.second_test for point in points(recipe)] == [None, None]


def test_the_resolved_recipe_names_it_only_where_it_is_on() -> None:
    assert with_second().settings()["second_test"] == "everyday"
    assert "second_test" not in fake_recipe().settings()
    assert check(with_second().settings(), "again") == with_second()
