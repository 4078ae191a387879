import json
from pathlib import Path
from typing import Any

from tests.reporting.conftest import score_rows, write_run

from ontarget.reporting import table
from ontarget.reporting.details import Details, Difference
from ontarget.reporting.paper import Paper
from ontarget.reporting.run_files import Scores, read
from ontarget.reporting.series import series_of


def _row(system: str, metric: str, value: float) -> dict[str, Any]:
    return dict(
        system=system, direction="avg", kind="zero-shot", metric=metric, value=value, n=1, signature="s"
    )


def test_lower_off_target_and_higher_bleu_are_best() -> None:
    rows = [_row("mt", "otr", 90), _row("lat", "otr", 10), _row("mt", "bleu", 0.0), _row("lat", "bleu", 0.2)]
    mt, lat = table.layout(Scores.of(rows)).rows
    assert [cell.best for cell in mt.cells] == [False, False]
    assert [cell.best for cell in lat.cells] == [True, True]


def test_what_prints_the_same_ties_and_the_floor_never_wins() -> None:
    rows = [_row("mt", "otr", 3.04), _row("lat", "otr", 2.96), _row("pivot", "otr", 3.06)]
    view = table.layout(Scores.of([*rows, _row("reference", "otr", 3)]))
    assert [(row.name, row.cells[0].text, row.cells[0].best) for row in view.rows] == [
        ("MT", "3.0", True),
        ("LAT", "3.0", True),
        ("Pivot", "3.1", False),
        ("reference (floor)", "3.0", False),
    ]


def test_where_groups_begin_is_found_once_for_all_cells() -> None:
    view = table.layout(Scores.of([_row("mt", "otr", 90), _row("mt", "bleu", 1)]))
    assert view.first_of_group == {0, 2}
    assert view.first_of_group is view.first_of_group


def test_columns_without_any_score_are_left_out_and_zero_is_a_score() -> None:
    view = table.layout(Scores.of([_row("mt", "otr", 0.0)]))
    assert [(column.group, column.metric) for column in view.columns] == [("Zero-shot", "otr")]
    assert [row.cells[0].text for row in view.rows] == ["0.0"]
    assert table.layout(Scores.of([])).columns == ()


def test_groups_span_the_columns_of_one_direction(scores: Scores) -> None:
    view = table.layout(scores, "supervised")
    assert view.groups[0] == ("en→it", 2)
    assert sum(span for _, span in view.groups) == len(view.columns) == 12
    assert {0, 2, 4} <= view.first_of_group


def test_cells_carry_intervals_marks_and_the_paper() -> None:
    rows = [_row("mt", "otr", 90.0), {**_row("lat", "otr", 10.0), "low": 8.25, "high": 12.0}]
    details = Details(
        differences=(Difference("lat", "avg", "zero-shot", "otr", -80.0, 0.049),), baseline="mt"
    )
    paper = Paper("Table 2", {("Ours", "zero-shot", "avg", "otr"): 2.6})
    view = table.layout(Scores.of(rows), details=details, paper=paper)
    mt, lat = (row.cells[0] for row in view.rows)
    assert (lat.interval, lat.different, lat.paper) == ("8.2–12.0", True, 2.6)
    assert (mt.interval, mt.different, mt.paper) == ("", False, None)
    assert view.baseline == "MT"


def test_what_may_be_chance_is_not_marked() -> None:
    rows = [_row("mt", "otr", 90.0), _row("lat", "otr", 89.0)]
    details = Details(differences=(Difference("lat", "avg", "zero-shot", "otr", -1.0, 0.05),), baseline="mt")
    view = table.layout(Scores.of(rows), details=details)
    assert not any(cell.different for row in view.rows for cell in row.cells)
    assert view.baseline == ""


def test_several_runs_stand_under_each_system(run_dir: Path, tmp_path: Path) -> None:
    other = write_run(tmp_path / "other")
    better = [row | {"value": 40.0} if row["metric"] == "bleu" else row for row in score_rows(["mt"])]
    better += [row | {"system": "mine"} for row in better if row["system"] == "mt"]
    (other / "scores.json").write_text(json.dumps(better), encoding="utf-8")
    view = table.comparison(series_of([read(run_dir), read(other)]))
    names = [row.name for row in view.rows]
    assert names[1:4] == ["MT, phrasebook-fake", "MT, other", "Post-ins, phrasebook-fake"]
    assert names[-2:] == ["reference (floor), phrasebook-fake", "reference (floor), other"]
    assert names[-3] == "mine, other"
    assert view.caption == "Averages of phrasebook-fake, other"
    best = [row.name for row in view.rows if row.cells[0].best]
    assert best == ["MT, other", "mine, other"]


def test_what_is_unsure_stands_beside_the_averages_and_none_of_it_is_best() -> None:
    rows = [
        _row("mt", "otr", 9.0) | {"direction": direction} for direction in ("avg", "it-nl")
    ] + [_row("mt", "otr_unsure", 2.0), _row("mt", "otr_unsure", 2.0) | {"direction": "it-nl"},
         _row("mt", "otr_agreed", 7.0), _row("lat", "otr_agreed", 8.0)]  # fmt: skip
    averages = table.layout(Scores.of(rows))
    assert [column.title for column in averages.columns] == ["OTR ↓", "unsure", "OTR agreed ↓"]
    assert [cell.best for cell in averages.rows[0].cells] == [True, False, True]
    assert [column.title for column in table.layout(Scores.of(rows), "zero-shot").columns] == ["OTR ↓"]
