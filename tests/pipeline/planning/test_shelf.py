"""Artifacts of other runs: taken over where the fingerprint is the same, complete or not at all."""

import io
import json
import shutil
import struct
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from tests.pipeline.conftest import RECIPE, Workshop, fake_recipe

from ontarget.cli.plan import show_plan
from ontarget.files import read_jsonl
from ontarget.pipeline.planning.artifacts import Store
from ontarget.pipeline.planning.shelf import run_of, shelf, take_over
from ontarget.pipeline.run import carry_out, make_plan, run, train

FAKE, OTHER = Path("runs/fake"), Path("runs/other")
STAGES = ["base", "mt", "lat", "ontarget"]


class Told:
    """A progress that keeps what it is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, line: str) -> None:
        self.lines.append(line)

    def task(self, name: str) -> Any:
        from ontarget.pipeline.execution.progress import Silent

        return Silent().task(name)


def other(**changes: Any) -> Any:
    return fake_recipe(name="other", **changes)


def stages(**of: dict[str, Any]) -> dict[str, Any]:
    return {name: settings | of.get(name, {}) for name, settings in RECIPE["stages"].items()}


def cut(path: Path) -> None:
    """Cuts a file of a run; other names of the file, in another run, keep its content."""
    content = path.read_bytes()[:-1]
    path.unlink()
    path.write_bytes(content)


def test_a_run_under_another_name_takes_everything_over(workshop: Workshop) -> None:
    first = run(fake_recipe())
    workshop.forget()
    told = Told()
    second = run(other(), progress=told)
    assert workshop.trained == workshop.loaded == workshop.translated == []
    assert second.scores == first.scores
    assert (OTHER / "models/lat/model").samefile(FAKE / "models/lat/model")
    outputs = "outputs/mt/it-nl.jsonl"
    assert read_jsonl(OTHER / outputs) == read_jsonl(FAKE / outputs)
    assert not (OTHER / outputs).samefile(FAKE / outputs)
    assert any(
        line.startswith("base, mt, lat") and line.endswith("taken from runs/fake") for line in told.lines
    )
    assert (OTHER / "log.jsonl").read_text() == (FAKE / "log.jsonl").read_text()


def test_stages_that_depend_on_the_seed_are_made(workshop: Workshop) -> None:
    run(fake_recipe(stages=stages(base={"seed": 7})))
    workshop.forget()
    run(other(stages=stages(base={"seed": 7}), seed=2))
    assert workshop.trained == ["mt", "lat", "ontarget"]
    assert "base it-nl" not in workshop.translated
    assert "mt it-nl" in workshop.translated


def test_training_alone_takes_models_over(workshop: Workshop) -> None:
    train(make_plan(fake_recipe()))
    workshop.forget()
    assert train(make_plan(other()), "mt") == [OTHER / "models/base", OTHER / "models/mt"]
    assert workshop.trained == []
    assert not (OTHER / "models/lat").exists()


def test_a_damaged_model_is_not_taken_nor_are_those_that_lack_a_file(workshop: Workshop) -> None:
    run(fake_recipe())
    cut(FAKE / "models/lat/model")
    (FAKE / "models/ontarget/log.jsonl").unlink()
    workshop.forget()
    run(other())
    assert workshop.trained == ["lat", "ontarget"]
    assert (OTHER / "models/lat/model").read_text() == ">base>mt>lat"
    assert workshop.translated == [], "the translations are there, whatever became of the model"


def test_damaged_translations_are_not_taken(workshop: Workshop) -> None:
    run(fake_recipe())
    cut(FAKE / "outputs/mt/it-nl.jsonl")
    path = FAKE / "outputs/lat/nl-it.jsonl"
    path.write_bytes(b"x" + path.read_bytes()[1:])  # as long as it was
    workshop.forget()
    run(other())
    assert workshop.translated == ["mt it-nl", "lat nl-it"]


def test_a_run_that_another_process_holds_is_read_and_left_alone(workshop: Workshop) -> None:
    run(fake_recipe())
    before = {path: path.stat().st_mtime_ns for path in FAKE.rglob("*")}
    workshop.forget()
    with Store(FAKE).lock():
        run(other())
    assert workshop.trained == []
    assert {path: path.stat().st_mtime_ns for path in FAKE.rglob("*")} == before


def test_what_vanishes_meanwhile_is_made(workshop: Workshop) -> None:
    run(fake_recipe())
    plan, there = make_plan(other()), shelf()
    shutil.rmtree(FAKE / "models/base")
    replaced = FAKE / "models/mt/ontarget.json"
    replaced.write_text(json.dumps(json.loads(replaced.read_text()) | {"fingerprint": "0"}))
    workshop.forget()
    carry_out(plan, there=there)
    assert workshop.trained == ["base", "mt"]
    assert not list(OTHER.glob("models/.*"))


def test_half_a_recipe_is_taken_and_its_progress_goes(workshop: Workshop) -> None:
    run(fake_recipe())
    workshop.forget()
    workshop.fail_at = "train mt"
    with pytest.raises(KeyboardInterrupt):
        run(other(), {"stages.mt.samples": 3})
    workshop.fail_at = None
    assert list(OTHER.glob("models/.mt.progress-*"))
    workshop.forget()
    run(other())
    assert workshop.trained == []
    assert not list(OTHER.glob("models/.mt.progress-*"))


def test_the_plan_names_the_run_and_costs_nothing(workshop: Workshop) -> None:
    run(fake_recipe())
    cut(FAKE / "outputs/mt/it-nl.jsonl")
    plan = make_plan(other())
    steps = {step.id: step for step in plan.everything(shelf())}
    assert steps["model/base"].taken == {"base": FAKE}
    assert not steps["model/base"].todo
    assert steps["outputs/mt"].todo == ("it-nl",)
    assert set(steps["outputs/mt"].taken.values()) == {FAKE}
    assert steps["scores/scores.json"].todo == ("scores.json",)
    out = io.StringIO()
    show_plan(Console(file=out, width=200), plan, list(steps.values()))
    lines = {line.split("  ")[1].strip(): line for line in out.getvalue().split("\n") if line.count("  ") > 1}
    assert lines["train base"].split() == ["train", "base", "from", "runs/fake"]
    assert "to do: 1 of 6 directions; others from runs/fake" in lines["translate with mt"]
    assert "3 to do" in out.getvalue()


def test_the_model_of_an_older_version_is_taken_if_its_files_are_complete(tmp_path: Path) -> None:
    folder = tmp_path / "models" / "mt"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (folder / "ontarget.json").write_text(json.dumps({"fingerprint": "abc", "stage": "mt", "seconds": 1.0}))
    header = json.dumps({"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode()
    weights = struct.pack("<Q", len(header)) + header + bytes(8)
    (folder / "model.safetensors").write_bytes(weights)
    assert Store(tmp_path).found()["abc"][0] == folder
    assert run_of(folder) == tmp_path
    (folder / "model.safetensors").write_bytes(weights[:-1])
    assert Store(tmp_path).found() == {}


def test_nothing_is_taken_without_other_runs(workshop: Workshop) -> None:
    plan = make_plan(fake_recipe())
    assert shelf() == {}
    assert take_over(plan.store, plan.everything(shelf()), shelf()) == []
