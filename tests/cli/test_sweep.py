"""What `ontarget run` prints of a sweep."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from ontarget.cli.app import app

SMALL = ("phrasebook-tiny", "corpus.phrasebook.tuples=20", "test_lines=3", "systems=[mt, lat]")
ALPHAS = "sweep={stages.lat.alpha: [0.1, 0.2]}"


def ontarget(*arguments: str) -> tuple[int, str]:
    done = CliRunner(env={"COLUMNS": "110"}).invoke(app, list(arguments))
    return done.exit_code, done.output


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_plan_counts_what_points_share_once_and_makes_nothing(tmp_path: Path) -> None:
    code, output = ontarget("run", *SMALL, ALPHAS, "--plan")
    assert code == 0
    lines = {line.split()[0]: line for line in output.splitlines() if line.strip()}
    assert "10 steps" in lines["alpha=0.1"]
    assert "4 steps" in lines["alpha=0.2"]  # the model, its outputs, scores, report
    assert "2 points" in lines["total"]
    assert not list(tmp_path.iterdir())


def test_the_plan_of_a_share_has_its_points_alone() -> None:
    code, output = ontarget("run", *SMALL, ALPHAS, "--plan", "--points", "2/2")
    assert code == 0
    assert "alpha=0.2" in output
    assert "alpha=0.1" not in output
    assert "1 point " in output


def test_points_need_a_sweep() -> None:
    code, output = ontarget("run", *SMALL, "--points", "1/2")
    assert code == 2
    assert "--points 1/2 needs a recipe with a sweep, but 'phrasebook-tiny' has none" in output


@pytest.mark.parametrize("command", [("train", *SMALL, ALPHAS), ("train", "paper-figure4")])
def test_a_sweep_is_not_trained_alone(command: tuple[str, ...]) -> None:
    code, output = ontarget(*command)
    assert code == 2
    assert "sweeps stages." in output
    assert "set sweep=null for a single run" in output


def test_recipes_check_looks_at_every_point() -> None:
    assert "15 points of 2 stages, 2 systems" in ontarget("recipes", "check", "paper-figure3-alpha")[1]
    code, output = ontarget("recipes", "check", "phrasebook-tiny", "sweep={stages.lat.alpha: [0.1, x]}")
    assert code == 2
    assert "phrasebook-tiny at alpha=x: 'stages.lat.alpha' is 'x'" in output
