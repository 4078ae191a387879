"""tatoeba-tiny from its first line to its report, with a toy of a base and a few lines of each pair."""

from itertools import combinations
from pathlib import Path

import pytest

from ontarget.pipeline.run import run
from ontarget.recipes.loading import load

WORDS = {"en": "cat", "de": "Katze", "it": "gatto", "nl": "kat", "ro": "pisica"}


@pytest.mark.slow
def test_it_runs_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ONTARGET_DATA", str(tmp_path))
    (tmp_path / "tatoeba").mkdir()
    for number, pair in enumerate(combinations(sorted(WORDS), 2)):
        for code in pair:
            lines = (f"{number * 100 + n} {WORDS[code]}.\n" for n in range(12))
            (tmp_path / f"tatoeba/{'-'.join(pair)}.{code}").write_text("".join(lines), encoding="utf-8")
    recipe = load("tatoeba-tiny")
    overrides: dict[str, object] = {
        "test_lines": 1,
        "hold_out": {"test": 2},
        "decoding": {"num_beams": 1, "max_new_tokens": 4},
    }
    overrides["stages.base.model"] = {
        "vocabulary": 300,
        "hidden": 16,
        "layers": 1,
        "heads": 2,
        "intermediate": 32,
    }
    # A toy says nothing that could be learnt.
    overrides |= {"stages.distilled-both": None, "systems.distilled-both": {"model": "mt"}}
    for name in set(recipe.stages) - {"distilled-both"}:
        changes = {"epochs": None, "max_steps": 1, "global_batch_size": 2, "precision": "fp32"}
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
    assert len(recipe.zero_shot) == 12
