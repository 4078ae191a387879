"""Points that ship: they come back as they were, to the last character of their statistics."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ontarget.pipeline.execution import shipped_points
from ontarget.scoring.metrics.statistics_codec import pack
from ontarget.scoring.significance import mean_of_segments


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(shipped_points, "SHIPPED", tmp_path)
    return tmp_path


def point(seed: int, segments: int = 300) -> dict[str, Any]:
    draw = np.random.default_rng(0)  # as all systems do, each translates the same lines
    lengths = draw.integers(5, 40, (segments, 2))
    of_seed = np.random.default_rng(seed)
    matches = np.sort(of_seed.integers(0, 5, (segments, 4)))[:, ::-1]
    bleu = np.hstack([lengths, matches, lengths[:, :1] - np.arange(4)]).astype(float)
    packed = {
        "bleu": pack("bleu", bleu),
        "otr": pack("otr", mean_of_segments([0.0, 100.0] * (segments // 2))),
    }
    rows = [{"system": "lat", "direction": "avg", "kind": "zero-shot", "metric": "bleu", "value": 1 / 3}]
    segment = {"text": "9f2c", "lines": {"de-fr": segments}, "packed": {"lat": packed}}
    return {"values": {"seed": seed, "variant": "é"}, "scores": rows, "segments": {"zero-shot": segment}}


def test_points_come_back_in_order_character_for_character() -> None:
    points = {"b": point(1), "a": point(2), "old": {"values": {}, "scores": []}}
    points["untested"] = {"values": {}, "scores": [], "segments": {}}
    shipped_points.write("study", points)
    assert shipped_points.read("study") == points
    assert list(shipped_points.read("study")) == list(points)
    assert shipped_points.names() == ["study"]


def test_a_recipe_without_points_has_none() -> None:
    assert shipped_points.read("mine") == {}
    assert shipped_points.names() == []


def test_lines_that_points_share_are_stored_once(folder: Path) -> None:
    shipped_points.write("one", {"0": point(0)})
    shipped_points.write("eight", {str(seed): point(seed) for seed in range(8)})
    one, eight = ((folder / f"{name}.jsonl.xz").stat().st_size for name in ("one", "eight"))
    assert eight < 5 * one
