"""`ontarget recipes`."""

import errno
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from ontarget.cli.app import app
from ontarget.recipes.loading import find, load, shipped


def recipes(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["recipes", *arguments])
    return done.exit_code, done.output


def test_ls_lists_what_is_shipped() -> None:
    code, output = recipes("list")
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
    assert data["systems"]["5-shot"]["num_fewshot"] == 5


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
    assert "mine.yaml already exists" in output
    assert load("mine.yaml") == load("diagnose")
    code, output = recipes("copy", "diagnose", "nowhere/mine.yaml")
    assert code == 2
    assert "there is no folder nowhere" in output


def test_copy_to_a_full_disk_leaves_no_half_of_a_recipe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half(source: object, target: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(source), None, str(target))

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("shutil.copyfile", half)
    monkeypatch.setattr(Path, "write_bytes", lambda path, data: half("", path))
    code, output = recipes("copy", "diagnose", "mine.yaml")
    assert code == 2
    assert "'mine.yaml' cannot be used: No space left on device" in output
    assert list(tmp_path.iterdir()) == []


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


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A recipe of one's own, with text for it."""
    monkeypatch.chdir(tmp_path)
    for code in ("en", "it", "nl"):
        for split in ("train", "test"):
            Path(f"{split}.{code}").write_text(f"{split} {code}\n" * 3, encoding="utf-8")
    data = {
        "name": "mine",
        "languages": ["en", "it", "nl"],
        "pivot": "en",
        "corpus": {"plain": {"train": "train.{language}", "test": "test.{language}"}},
        "stages": {
            "base": {"kind": "pretraining", "tuning": {"max_steps": 1, "global_batch_size": 2}},
            "mt": {"kind": "sft", "from": "base", "tuning": {"max_steps": 1, "global_batch_size": 2}},
        },
        "systems": ["mt"],
    }
    Path("mine.yaml").write_text(yaml.safe_dump(data), encoding="utf-8")
    return tmp_path


def test_check_looks_at_the_files_of_a_recipe(mine: Path) -> None:
    assert recipes("check", "mine.yaml") == (
        0,
        "mine.yaml: 2 stages, 1 system, 2 zero-shot directions: ok\n",
    )
    assert recipes("check", "mine.yaml", "--deep")[0] == 0
    (mine / "test.nl").unlink()
    (mine / "train.it").unlink()
    code, output = recipes("check", "mine.yaml")
    assert code == 2
    assert "mine.yaml: corpus.plain.train: there is no file 'train.it'" in output
    assert "mine.yaml: corpus.plain.test: there is no file 'test.nl'" in output
    assert "error: mine.yaml cannot be run: 2 mistakes, listed above" in output
    assert sorted(path.name for path in mine.iterdir()) == [
        "mine.yaml",
        "test.en",
        "test.it",
        "train.en",
        "train.nl",
    ]


def test_check_of_a_recipe_that_comes_with_ontarget_says_what_is_not_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONTARGET_DATA", str(tmp_path))
    code, output = recipes("check", "multi30k-tiny")
    assert code == 0
    assert "note: train: corpus 'multi30k' is incomplete" in output
    assert output.splitlines()[-1].endswith(": ok")
    monkeypatch.delenv("ONTARGET_DATA")
    code, output = recipes("check", "paper-figure5")
    assert code == 0
    assert "needs the environment variable ONTARGET_DATA" in output


def test_check_looks_deep_into_one_recipe() -> None:
    code, output = recipes("check", "--deep")
    assert code == 2
    assert "--deep needs the name of a recipe" in output


def test_copy_of_a_recipe_that_is_wrong_copies_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("broken.yaml").write_text("name: broken\n", encoding="utf-8")
    assert recipes("copy", "broken.yaml", "mine.yaml")[0] == 2
    assert not Path("mine.yaml").exists()
