import json
import re
from pathlib import Path

from tests.reporting.conftest import RECIPE, score_rows
from tests.reporting.test_report import Page
from tests.reporting.test_series import seed

from ontarget.reporting import comparison_page as several
from ontarget.reporting.comparison_figures import scatter, side_by_side
from ontarget.reporting.run_files import read
from ontarget.reporting.series import series_of


def test_a_page_of_seeds_and_another_run(tmp_path: Path) -> None:
    other = RECIPE.replace("preset: paper", "preset: <i>mine</i>")
    runs = [
        seed(tmp_path / "s1", 1),
        seed(tmp_path / "s2", 2, better=3),
        seed(tmp_path / "other", 1, recipe=other),
    ]
    text = several.render(runs)
    page = Page(text)
    assert "Comparison of 3 runs" in text
    assert '<th scope="row">MT, 2 seeds of s1</th>' in text
    assert ">2.7 ± 2.1<" in text  # 1.2 and 4.2
    assert "3.0<sup>†</sup>" in text  # of the run alone, which was tested
    tags = [tag for tag, _ in page.tags]
    assert tags.count("svg") == 2 * 2 + 2
    assert tags.count("table") == 3 + 1
    assert "<code>stages.lat.preset</code>" in text
    assert "&lt;i&gt;mine&lt;/i&gt;" in text
    assert "<script" not in text
    assert not re.search(r"(src|href)=\"[^#]", text)


def test_runs_with_other_systems_and_kinds(tmp_path: Path) -> None:
    one, _ = seed(tmp_path / "one", 1), seed(tmp_path / "two", 2, recipe=RECIPE + "more: 1\n")
    rows = score_rows(["mt"], ("supervised",))
    (tmp_path / "two" / "scores.json").write_text(json.dumps(rows), encoding="utf-8")
    text = several.render([one, read(tmp_path / "two")])
    assert "LAT, one" in text
    assert "MT, two" in text
    assert "LAT, two" not in text


def test_no_figure_where_there_are_no_scores(tmp_path: Path) -> None:
    series = series_of([seed(tmp_path / "one", 1)])
    assert side_by_side(series, "comet", "zero-shot") is None
    assert scatter([], "zero-shot") is None
