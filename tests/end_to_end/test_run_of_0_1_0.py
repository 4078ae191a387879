"""A run that version 0.1.0 made is complete: its recipe loads, and nothing is trained or translated again."""

import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from ontarget.cli.app import app
from ontarget.pipeline.run import make_plan
from ontarget.recipes.loading import load

ARCHIVE = Path(__file__).with_name("run_of_0.1.0.tar.gz")


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The unpacked archive, as the current directory."""
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(tmp_path, filter="data")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def artifacts() -> dict[Path, bytes]:
    """Every file of the models, the synthetic text and the outputs."""
    folders = ("models", "synthetic", "outputs")
    return {
        path: path.read_bytes()
        for folder in folders
        for path in Path("runs/old", folder).rglob("*")
        if path.is_file()
    }


def ontarget(*arguments: str) -> str:
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    return done.output


def test_only_scores_and_report_are_made_again() -> None:
    """Both carry the version of ontarget, since rules of scoring change between versions."""
    todo = [step.id for step in make_plan("old.yaml").everything() if step.todo]
    assert todo == ["scores/scores.json", "report/report.html"]
    before = artifacts()
    assert len(before) > 80
    output = ontarget("run", "old.yaml")
    assert "training" not in output
    assert "translating" not in output
    assert artifacts() == before
    assert Path("runs/old/report.html").is_file()
    assert [step.id for step in make_plan("old.yaml").everything() if step.todo] == []


def test_the_resolved_recipe_of_the_run_loads() -> None:
    assert (
        yaml.safe_load(Path("runs/old/recipe.yaml").read_text(encoding="utf-8"))["versions"]["ontarget"]
        == "0.1.0"
    )
    assert load("runs/old/recipe.yaml").settings() == load("old.yaml").settings()


def test_a_report_is_written_from_its_files() -> None:
    table = ontarget("report", "runs/old", "--markdown")
    rows = [line for line in table.splitlines() if line.startswith("| MT")]
    assert "95.2" in rows[0]  # BLEU of the supervised directions, which this version computed
    ontarget("report", "runs/old")
    page = Path("runs/old/report.html").read_text(encoding="utf-8")
    assert "half-way" in page


def test_a_command_prints_one_note_about_all_former_names() -> None:
    command = [sys.executable, "-m", "ontarget", "run", "old.yaml", "--plan"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=True)
    (note,) = [line for line in done.stderr.splitlines() if "former" in line]
    assert note.startswith("note: former names in old.yaml still work, but ")
    for former, current in (("beam", "num_beams"), ("steps", "max_steps"), ("llama", "base")):
        assert f"{former} is now called {current}" in note
    assert "2 to do" in done.stdout
