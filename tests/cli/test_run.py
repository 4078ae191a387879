"""`ontarget run` and `ontarget train`, with the work itself replaced."""

import errno
import os
import signal
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ontarget.cli import train as train_module
from ontarget.cli.app import app
from ontarget.cli.progress import duration
from ontarget.cli.run import recipe_and_overrides
from ontarget.pipeline import run as pipeline
from ontarget.pipeline.planning.plan import Plan

SMALL = "corpus.phrasebook.tuples=20"


def ontarget(*arguments: str, width: int = 80) -> tuple[int, str]:
    done = CliRunner(env={"COLUMNS": str(width)}).invoke(app, list(arguments))
    return done.exit_code, done.output


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "recipe", "overrides"),
    [
        ([], "phrasebook-tiny", []),
        (["seed=2"], "phrasebook-tiny", ["seed=2"]),
        (["diagnose"], "diagnose", []),
        (["a/b.yaml", "seed=2", "x.y=z"], "a/b.yaml", ["seed=2", "x.y=z"]),
    ],
)
def test_the_recipe_may_be_left_out(arguments: list[str], recipe: str, overrides: list[str]) -> None:
    assert recipe_and_overrides(arguments) == (recipe, overrides)


def test_plan_prints_steps_and_costs_and_makes_nothing(tmp_path: Path) -> None:
    code, output = ontarget("run", SMALL, "test_lines=3", "--plan")
    assert code == 0
    for word in ("train base", "translate with 5-shot", "score", "report", "total", "MB", "estimates"):
        assert word in output
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("width", [60, 80, 200])
def test_a_plan_cuts_no_word_in_a_narrow_terminal(width: int) -> None:
    _, output = ontarget("run", SMALL, "test_lines=3", "--plan", "--workers", "2", width=width)
    lines = [line.split() for line in output.splitlines()]
    (total,) = [words for words in lines if words[:1] == ["total"]]
    assert total[1:4] == ["31", "to", "do"]
    assert total[-1] == "MB"
    assert "The total is for 2 workers" in " ".join(output.split())


def test_plan_of_one_stage(tmp_path: Path) -> None:
    code, output = ontarget("train", "phrasebook-tiny", "mt", SMALL, "--plan")
    assert code == 0
    assert "train mt" in output
    assert "train lat" not in output
    assert not list(tmp_path.iterdir())


def test_train_can_compile_all_stages(monkeypatch: pytest.MonkeyPatch) -> None:
    plans: list[Plan] = []
    monkeypatch.setattr(train_module, "make_models", lambda plan, *_: plans.append(plan) or [])
    for flag in ([], ["--compile"]):
        assert ontarget("train", "phrasebook-tiny", "mt", SMALL, *flag)[0] == 0
    off, on = ([stage.tuning.compile for stage in plan.recipe.stages.values()] for plan in plans)
    assert not any(off)
    assert all(on)
    assert plans[0].stages == plans[1].stages  # what is there already is not made again


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "phrasebok-tiny"], "unknown recipe 'phrasebok-tiny'; did you mean 'phrasebook-tiny'"),
        (["run", "stages.mt.sample=3"], "unknown key 'stages.mt.sample'; did you mean 'samples'"),
        (["run", "diagnose"], "add model=DIRECTORY"),
        (["run", "diagnose", "model=./nowhere"], "there is no model directory 'nowhere'"),
        (["run", "multi30k-tiny"], "download it with 'ontarget data get multi30k"),
        (["train", "phrasebook-tiny", "latt", SMALL], "has no stage 'latt'; did you mean 'lat'"),
        (["train", "phrasebook-tiny", SMALL, "--machines", "2"], "need --main-address HOST:PORT"),
        (["train", "diagnose", "model=a/b"], "has no stages to train"),
    ],
)
def test_mistakes_are_one_sentence_and_nothing_is_made(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONTARGET_DATA", str(tmp_path))
    code, output = ontarget(*arguments)
    assert code == 2
    assert message in output
    assert "Traceback" not in output
    assert not list(tmp_path.rglob("*.yaml"))


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stopped_run_says_how_to_go_on(monkeypatch: pytest.MonkeyPatch, number: int, code: int) -> None:
    monkeypatch.setattr(pipeline, "_do", lambda *_, **__: os.kill(os.getpid(), number))
    for command in (["run", SMALL], ["train", "phrasebook-tiny", SMALL]):
        exit_code, output = ontarget(*command)
        assert exit_code == code
        assert "run the same command again to resume" in output


def test_a_full_disk_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pipeline, "_do", fill)
    for command in (["run", SMALL], ["train", "phrasebook-tiny", SMALL]):
        code, output = ontarget(*command)
        assert code == 2
        assert "the disk is full: 'runs/phrasebook-tiny' could not be written" in output


def test_help_teaches_with_examples() -> None:
    for command, example in (("run", "stages.lat.alpha=0.1"), ("train", "ontarget train phrasebook-tiny")):
        code, output = ontarget(command, "--help")
        assert code == 0
        assert example in output


def test_durations_are_printed_as_clocks_do() -> None:
    assert [duration(s) for s in (6.6, 754, 10921)] == ["0:07", "12:34", "3:02:01"]
