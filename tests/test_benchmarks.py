"""Benchmarks of training are run by hand; here is seen that what they take of ontarget is there."""

import importlib
import json
import sys
from pathlib import Path

import pytest

from ontarget.recipes.schema.presets import PRESETS

pytest.importorskip("torch")

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture(autouse=True)
def _beside_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(BENCHMARKS), *sys.path])


@pytest.mark.parametrize(
    "name",
    [
        "stage1_step",
        "stage2_step",
        "stage2_profile",
        "gpu",
        "gpu_profile",
        "packing",
        "loss_memory",
        "repetition",
        "start",
        "placeholders",
        "serve",
        "translate",
        "decoding",
        "bulk",
        "continuous",
    ],
)
def test_what_a_benchmark_imports_is_there(name: str) -> None:
    importlib.import_module(name)


@pytest.mark.parametrize("preset", PRESETS)
def test_a_step_is_drawn_as_each_preset_draws_it(tmp_path: Path, preset: str) -> None:
    stage2, steps = (importlib.import_module(name) for name in ("stage2_step", "steps"))
    steps.make_model(tmp_path, "tiny")
    job = steps.Job(tmp_path, steps=1, samples=3, micro_batch_tokens=512, sentences=1)
    right, wrong = job.encoded(stage2.drawn_as(preset)(job.translations()))[0]
    assert (right.sign, wrong.sign) == (1, -1)
    counted = sum(share > 0 for share in wrong.shares)
    assert (counted == 1) == (preset == "first-token")


def test_what_is_said_twice_is_counted_beside_the_references(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "outputs" / "mt").mkdir(parents=True)
    for direction, text in {"it-nl": "0123456789" * 2, "it-en": "0123456789"}.items():  # 1 run of 11, 0 of 1
        line = json.dumps({"source": "a", "reference": "abcdefghijk", "text": text})
        (tmp_path / "outputs" / "mt" / f"{direction}.jsonl").write_text(line + "\n", encoding="utf-8")
    monkeypatch.setattr(sys, "argv", ["repetition.py", str(tmp_path)])
    importlib.import_module("repetition").main()
    said = {row.split()[0]: row.split()[1:] for row in capsys.readouterr().out.splitlines()}
    assert said == {"mt": ["9.09%", "0.00%"], "reference": ["0.00%", "0.00%"]}
