"""Paired tests in the tables of a sweep."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.reporting.test_sweep import _write

from ontarget.errors import UserError
from ontarget.reporting import sweep
from ontarget.reporting import table_formats as forms
from ontarget.reporting.table import Cell

POINTS = [
    {"variant": name, "flag": False, "seed": seed} for name in ("ours", "paper", "old") for seed in (1, 2)
]


def _test(variant: str, metric: str, **more: Any) -> dict[str, Any]:
    place = {"values": {"variant": variant, "flag": False}, "system": "lat", "kind": "zero-shot"}
    row = {"reference": "ours", "seeds": 2, "difference": -0.314, "p_holm": 0.0123}
    return place | row | {"metric": metric, "low": -1.0, "high": 0.0, "p_value": 0.01, "evidence": "e"} | more


def _sweep(folder: Path, *tests: dict[str, Any]) -> Path:
    _write(folder, POINTS)
    data = {"signature": "test:approximate-randomisation|tests:2", "differences": tests}
    (folder / "significance.json").write_text(json.dumps(data), encoding="utf-8")
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    nothing = {"seeds": 0, "difference": None, "p_holm": None}
    return _sweep(
        tmp_path / "mine",
        _test("paper", "bleu"),
        _test("paper", "otr", difference=12.0, p_holm=0.2),
        _test("old", "bleu", **nothing),
        _test("old", "otr", **nothing),
    )


def test_what_differs_is_marked_and_the_note_says_what_that_covers(folder: Path) -> None:
    table = sweep.table(folder)
    marked = [
        (row.name, number) for row in table.rows for number, cell in enumerate(row.cells) if cell.different
    ]
    assert marked == [("paper, LAT", 0)]
    text = forms.markdown(table)
    assert "†: differs from ours, p < 0.05. Tests pair translations of the same sentences" in text
    assert "but not for variance across seeds" in text


def test_differences_stand_with_their_p_and_a_dash_where_no_lines_were_kept(folder: Path) -> None:
    (table,) = sweep.differences(folder)
    text = forms.markdown(table)
    assert "| paper, LAT (2) | -0.31, p 0.012† | +12.00, p 0.200 | – | – |" in text
    assert "| old, LAT (0) | – | – | – | – |" in text
    assert "ours" not in [row.name.split(",")[0] for row in table.rows]
    assert "not for variance across seeds" in text
    assert "p|test:approximate-randomisation|tests:2" in text
    assert r"$-$0.31, p 0.012$^\dagger$" in forms.latex(table)
    assert r"p\textbar{}test:approximate-randomisation\textbar{}tests:2" in forms.latex(table)


def test_points_held_against_two_variants_are_two_tables(tmp_path: Path) -> None:
    swept = _sweep(tmp_path / "mine", _test("paper", "bleu"), _test("old", "bleu", reference="paper"))
    one, other = sweep.differences(swept)
    assert [row.name for row in one.rows] == ["paper, LAT (2)"]
    assert [row.name for row in other.rows] == ["old, LAT (2)"]
    assert "differences from paper" in other.caption
    assert "differs from the variant it was tested against" in forms.legend(sweep.table(swept))


def test_without_tests_the_table_is_as_it_was(tmp_path: Path) -> None:
    swept = _write(tmp_path, POINTS)
    assert sweep.differences(swept) == []
    assert not sweep.table(swept).note
    old = _sweep(tmp_path / "old", _test("old", "bleu", seeds=0, difference=None, p_holm=None))
    assert sweep.differences(old) == []


def test_a_damaged_file_is_named(folder: Path) -> None:
    (folder / "significance.json").write_text('{"differences": [{}]}')
    with pytest.raises(UserError, match=r"significance\.json is damaged; delete it"):
        sweep.table(folder)


def test_a_difference_is_printed_with_its_sign() -> None:
    assert Cell(0.0, p_value=1.0).text == "+0.00, p 1.000"
    assert forms._latex_cell(Cell(-2.5, p_value=0.0004)) == "$-$2.50, p $<$ 0.001"
    assert Cell(-2.5, p_value=0.0004).text == "-2.50, p < 0.001"
