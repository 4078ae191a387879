"""Points of a sweep against their reference, from what is kept of each line."""

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.scoring.test_significance import texts

from ontarget.languages import Language
from ontarget.pipeline.evaluation import paired
from ontarget.pipeline.execution.progress import Silent
from ontarget.scoring.metrics.sacrebleu import Metric
from ontarget.scoring.metrics.statistics_codec import pack
from ontarget.scoring.significance import holm, mean_of_segments, paired_test

BLEU = Metric("bleu", Language("fr"))


def kept(flags: str, noise: float = 0.0, draw: int = 1, text: str = "x") -> dict[str, Any]:
    """One direction; `flags` are its off-target lines, written as 0 and 1."""
    return {
        "text": text,
        "lines": {"de-fr": len(flags)},
        "packed": {
            "tuned": {
                "otr": pack("otr", mean_of_segments([100.0 * int(flag) for flag in flags])),
                "bleu": pack("bleu", BLEU.statistics(*texts(draw, noise, len(flags)))),
            }
        },
    }


def point(variant: str, seed: int, of_kind: dict[str, Any] | None, **values: Any) -> dict[str, Any]:
    rows = [{"kind": "zero-shot", "system": system} for system in ("tuned", "reference")]
    segments = {"segments": {"zero-shot": of_kind}} if of_kind else {}
    return {"values": {"variant": variant, **values, "seed": seed}, "scores": rows, **segments}


def held(folder: Path, points: list[dict[str, Any]], reference: str = "a") -> list[dict[str, Any]]:
    paired.write(folder, points, [reference] * len(points), Silent())
    found: list[dict[str, Any]] = json.loads((folder / "significance.json").read_text())["differences"]
    return found


def of(found: list[dict[str, Any]], variant: str, metric: str) -> dict[str, Any]:
    (row,) = [row for row in found if (row["values"]["variant"], row["metric"]) == (variant, metric)]
    return row


def test_seeds_are_pooled_and_a_line_changes_sides_in_all_of_them_at_once(tmp_path: Path) -> None:
    a, b = ("00100000", "00010010"), ("01110110", "01010101")
    points = [point(v, seed, kept(flags[seed])) for seed in (0, 1) for v, flags in (("a", a), ("b", b))]
    row = of(held(tmp_path, points), "b", "otr")
    assert row["difference"] == pytest.approx(100 * ((5 - 1) + (4 - 2)) / 8 / 2)
    by_line = np.array([[int(x) - int(y) for x, y in zip(b[s], a[s], strict=True)] for s in (0, 1)]).sum(0)
    signs = [abs(np.dot(by_line, one)) for one in itertools.product((1, -1), repeat=8)]
    exact = sum(one >= abs(by_line.sum()) for one in signs) / 2**8
    assert row["p_value"] == pytest.approx(exact, abs=0.02)
    assert row["seeds"] == 2


def test_bleu_is_tested_as_compare_tests_it_and_by_holm_over_all_rows(tmp_path: Path) -> None:
    flags = "0" * 60
    noise = {"a": 0.3, "b": 0.5, "c": 0.32}
    points = [point(v, 1, kept(flags, n, draw)) for draw, (v, n) in enumerate(noise.items())]
    found = held(tmp_path, points)
    sets = {v: BLEU.statistics(*texts(draw, n)) for draw, (v, n) in enumerate(noise.items())}
    wanted = [paired_test(BLEU.value, [sets["a"]], [sets[v]]) for v in ("b", "c")]
    rows = [of(found, v, "bleu") for v in ("b", "c")]
    assert [row["difference"] for row in rows] == pytest.approx([one.difference for one in wanted])
    assert [row["p_value"] for row in rows] == [one.p_value for one in wanted]
    assert [row["p_holm"] for row in rows] == holm([one.p_value for one in wanted])
    assert rows[0]["p_holm"] < 0.05
    assert rows[0]["low"] < rows[0]["difference"] < rows[0]["high"] < 0
    assert {row["values"]["variant"] for row in found} == {
        "b",
        "c",
    }  # the reference has no other to differ from


def test_seeds_and_lines_that_one_side_lacks_are_left_out(tmp_path: Path) -> None:
    points = [
        *(point("a", seed, kept("0000")) for seed in (1, 2)),
        point("b", 1, kept("1111")),
        point("b", 2, None),  # made by an older version
        point("b", 3, kept("1111")),
        point("c", 1, kept("1111", text="other lines")),
    ]
    found = held(tmp_path, points)
    assert (of(found, "b", "otr")["seeds"], of(found, "b", "otr")["difference"]) == (1, 100.0)
    c = of(found, "c", "otr")
    assert c["seeds"] == 0
    assert {c[name] for name in ("difference", "low", "high", "p_value", "p_holm")} == {None}


def test_a_system_is_held_against_its_like_or_the_only_one(tmp_path: Path) -> None:
    def two(of_kind: dict[str, Any], other: str) -> dict[str, Any]:
        flags = mean_of_segments([100.0 * int(flag) for flag in other])
        more = {"mt": of_kind["packed"]["tuned"] | {"otr": pack("otr", flags)}}
        return of_kind | {"packed": of_kind["packed"] | more}

    both = point("b", 1, two(kept("1100"), "1111"))
    both["scores"].append({"kind": "zero-shot", "system": "mt"})
    only = held(tmp_path, [point("a", 1, kept("0000")), both])
    assert {row["system"]: row["difference"] for row in only if row["metric"] == "otr"} == {
        "tuned": 50.0,
        "mt": 100.0,
    }
    back = held(tmp_path, [point("a", 1, kept("0000")), both], reference="b")
    assert [row["difference"] for row in back if row["metric"] == "otr"] == [-50.0]


def test_the_reference_agrees_in_what_else_was_swept(tmp_path: Path) -> None:
    points = [
        point("a", 1, kept("0000"), size=1),
        point("a", 1, kept("1111"), size=2),
        point("b", 1, kept("1111"), size=1),
        point("b", 1, kept("1111"), size=2),
    ]
    rows = [row for row in held(tmp_path, points) if row["metric"] == "otr"]
    assert [(row["values"]["size"], row["difference"]) for row in rows] == [(1, 100.0), (2, 0.0)]
    points.append({**point("b", 1, kept("1111")), "values": {"alpha": 0.3, "seed": 1}})
    assert [row["difference"] for row in held(tmp_path, points) if row["values"] == {"alpha": 0.3}][
        1
    ] == 100.0


def test_a_test_is_made_again_only_where_its_lines_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    points = [point("a", 1, kept("0000")), point("b", 1, kept("1100")), point("c", 1, kept("0001"))]
    first = held(tmp_path, points)
    made: list[str] = []

    def counted(value: Any, *sets: Any) -> Any:
        made.append(value)
        return paired_test(value, *sets)

    monkeypatch.setattr(paired, "paired_test", counted)
    assert held(tmp_path, points) == first
    assert not made
    points[1] = point("b", 1, kept("1110"))
    assert of(held(tmp_path, points), "b", "otr")["difference"] == 75.0
    assert len(made) == 1  # its BLEU is what it was
    (tmp_path / "significance.json").write_text("{")
    assert len(held(tmp_path, points)) == 4
