"""`ontarget recipes`."""

from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from ontarget.cli.app import app
from ontarget.recipes.load import find, load, shipped


def recipes(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["recipes", *arguments])
    return done.exit_code, done.output


def test_ls_lists_what_is_shipped() -> None:
    code, output = recipes("ls")
    assert code == 0
    assert all(name in output for name in shipped())


def test_show_prints_the_file_with_its_comments() -> None:
    code, output = recipes("show", "phrasebook-tiny")
    assert code == 0
    assert output == find("phrasebook-tiny").read_text(encoding="utf-8")


def test_show_resolved_prints_every_key_and_can_be_read_back() -> None:
    code, output = recipes("show", "phrasebook-tiny", "stages.lat.alpha=0.9", "--resolved")
    assert code == 0
    data = yaml.safe_load(output)
    assert data["stages"]["lat"]["alpha"] == 0.9
    assert data["stages"]["lat"]["conflict"]["policy"] == "any-instruction"
    assert data["systems"]["5-shot"]["demonstrations"] == 5


def test_overrides_of_the_plain_text_are_refused() -> None:
    code, output = recipes("show", "phrasebook-tiny", "seed=2")
    assert code == 2
    assert "--resolved" in output


def test_copy_makes_a_recipe_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert recipes("copy", "diagnose", "mine.yaml")[0] == 0
    assert load("mine.yaml") == load("diagnose")
    code, output = recipes("copy", "phrasebook-tiny", "mine.yaml")
    assert code == 2
    assert "mine.yaml exists already" in output
    assert load("mine.yaml") == load("diagnose")
    code, output = recipes("copy", "diagnose", "nowhere/mine.yaml")
    assert code == 2
    assert "there is no folder nowhere" in output


def test_check_says_ok_or_what_is_wrong() -> None:
    code, output = recipes("check", "multi30k-tiny", "seed=3")
    assert code == 0
    assert "6 stages, 11 systems, 6 zero-shot directions: ok" in output
    code, output = recipes("check", "multi30k-tiny", "sed=3")
    assert code == 2
    assert "unknown key 'sed'; did you mean 'seed'" in output
    assert "Traceback" not in output


def test_check_without_a_name_checks_all_that_ship() -> None:
    code, output = recipes("check")
    assert code == 0
    lines = output.splitlines()
    assert [line.partition(":")[0] for line in lines] == list(shipped())
    assert all(line.endswith(" zero-shot directions: ok") for line in lines)
