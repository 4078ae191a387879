"""tatoeba-tiny from its first line to its report, with a toy of a base and a few lines of each set."""

from pathlib import Path

import pytest

from ontarget.pipeline.run import run
from ontarget.recipes.load import load

PAIRED = {"it": "gatto", "nl": "kat", "ro": "pisica"}


def put(path: Path, word: str, lines: int) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(f"{word} {n}.\n" for n in range(lines)), encoding="utf-8")


@pytest.mark.slow
def test_it_runs_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ONTARGET_DATA", str(tmp_path))
    for code, word in PAIRED.items():
        put(tmp_path / f"tatoeba/en-{code}.en", "cat", 12)
        put(tmp_path / f"tatoeba/en-{code}.{code}", word, 12)
    for code in ("en", *PAIRED):
        for number, file in enumerate(("mozilla_www/train", "ntrex/newstest2019", "flores200/devtest")):
            put(tmp_path / f"{file}.{code}", f"{code} {number} text", 8)
    recipe = load("tatoeba-tiny")
    overrides: dict[str, object] = {"test_lines": 1, "decoding": {"beam": 1, "max_new_tokens": 4}}
    overrides["stages.base.model"] = {
        "vocabulary": 300,
        "hidden": 16,
        "layers": 1,
        "heads": 2,
        "intermediate": 32,
    }
    for name in recipe.stages:
        changes = {"epochs": None, "steps": 1, "batch_samples": 2, "precision": "fp32"}
        overrides |= {f"stages.{name}.tuning.{key}": value for key, value in changes.items()}
        if name != "base":
            overrides[f"stages.{name}.samples"] = 4
    scores = run("tatoeba-tiny", overrides).scores
    assert {row["system"] for row in scores} == {*recipe.systems, "reference"}
    assert {row["direction"] for row in scores} == {
        "avg",
        *map(str, recipe.supervised),
        *map(str, recipe.zero_shot),
    }
    assert len(recipe.zero_shot) == 6
