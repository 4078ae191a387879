import json
from pathlib import Path
from statistics import mean, stdev

import pytest
from tests.reporting.conftest import RECIPE, score_rows, write_run

from ontarget.reporting.run_files import RunFiles, read
from ontarget.reporting.series import differences, incomparable, series_of


def seed(directory: Path, seed: int, better: float = 0.0, recipe: str = RECIPE) -> RunFiles:
    """A run with another seed, whose scores are all so much higher."""
    write_run(directory)
    text = recipe.replace("seed: 1", f"seed: {seed}").replace("phrasebook-fake", directory.name)
    (directory / "recipe.yaml").write_text(text, encoding="utf-8")
    rows = [row | {"value": row["value"] + better} for row in score_rows()]
    (directory / "scores.json").write_text(json.dumps(rows), encoding="utf-8")
    return read(directory)


def test_runs_that_differ_by_the_seed_alone_are_one(tmp_path: Path) -> None:
    runs = [seed(tmp_path / f"s{k}", k, better=k * k) for k in (1, 2, 3)]
    other = seed(tmp_path / "other", 2, recipe=RECIPE.replace("preset: paper", "preset: ontarget"))
    of_seeds, alone = series_of([runs[0], other, *runs[1:]])
    assert (of_seeds.name, len(of_seeds.runs)) == ("3 seeds of s1", 3)
    assert (alone.name, alone.scores) == ("other", other.scores)
    row = of_seeds.scores.row("mt", "bleu", "zero-shot")
    values = [1.2 + k * k for k in (1, 2, 3)]
    assert row is not None
    assert (row.value, row.deviation) == (pytest.approx(mean(values)), pytest.approx(stdev(values)))
    assert (row.n, row.low) == (3 * 18, None)


def test_the_same_seed_twice_is_no_sample(tmp_path: Path) -> None:
    one, two = seed(tmp_path / "one", 1), seed(tmp_path / "two", 1)
    assert [series.name for series in series_of([one, two])] == ["one", "two"]


def test_what_differs_is_named_by_its_key(tmp_path: Path) -> None:
    one = seed(tmp_path / "one", 1)
    two = seed(tmp_path / "two", 2, recipe=RECIPE.replace("  lat: {preset: paper}\n", ""))
    assert differences([one, two]) == [
        ("name", ["one", "two"]),
        ("seed", ["1", "2"]),
        ("stages.lat.preset", ["paper", "–"]),
    ]
    assert differences([one, one]) == []


def test_scores_of_other_signatures_are_not_comparable(tmp_path: Path) -> None:
    one, two = seed(tmp_path / "one", 1), seed(tmp_path / "two", 1)
    assert incomparable(series_of([one, two])) == []
    rows = [row | ({"signature": "x:1"} if row["metric"] == "otr" else {}) for row in score_rows()]
    (tmp_path / "two" / "scores.json").write_text(json.dumps(rows), encoding="utf-8")
    assert incomparable(series_of([one, read(tmp_path / "two")])) == ["otr"]


def test_how_an_interval_was_drawn_does_not_make_scores_incomparable(tmp_path: Path) -> None:
    """Runs of versions before it was in the signature."""
    one = seed(tmp_path / "one", 1)
    seed(tmp_path / "two", 1)
    rows = [row | {"signature": f"bs:1000|seed:12345|{row['signature']}"} for row in score_rows()]
    (tmp_path / "two" / "scores.json").write_text(json.dumps(rows), encoding="utf-8")
    assert incomparable(series_of([one, read(tmp_path / "two")])) == []


def test_a_seed_that_an_older_version_ran_belongs_to_the_others(tmp_path: Path) -> None:
    old = f"{RECIPE}decoding: {{beam: 4}}\n"
    runs = [
        seed(tmp_path / "old", 1, recipe=old),
        seed(tmp_path / "new", 2, recipe=old.replace("beam", "num_beams")),
    ]
    assert [series.name for series in series_of(runs)] == ["2 seeds of old"]
