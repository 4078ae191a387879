import re
from dataclasses import replace
from itertools import pairwise

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from tests.reporting.conftest import score_rows
from tests.reporting.svg import texts

from ontarget.reporting import figures
from ontarget.reporting.drawing import ORANGE, inline
from ontarget.reporting.run_files import Scores


def _bar_widths(svg: str, colour: str) -> list[float]:
    """Width of each bar, in points, top to bottom."""
    paths = re.findall(rf'<path d="([^"]*)"[^>]*style="fill: {colour}', svg)
    widths = []
    for path in paths:
        x = [float(pair.split()[1]) for pair in path.replace("z", "").strip().split("\n")]
        widths.append(max(x) - min(x))
    return widths


def test_bars_are_as_long_as_the_scores(scores: Scores) -> None:
    widths = _bar_widths(inline(figures.off_target_bars(scores)), ORANGE)
    values = [scores.value(system, "otr", "zero-shot") or 0 for system in scores.systems]
    assert widths == pytest.approx([value / values[1] * widths[1] for value in values], rel=1e-3)


def test_each_system_and_figure_is_named(scores: Scores) -> None:
    words = texts(inline(figures.off_target_bars(scores)))
    assert {"base model", "C_src+lang", "ontarget", "93.0", "3.0", "references 1.0"} <= set(words)
    assert {"21.7", "supervised"} <= set(texts(inline(figures.bleu_bars(scores))))


def test_long_names_of_models_cut_nothing_off(scores: Scores) -> None:
    scores = replace(scores, base_model="SmolLM2-135M-Instruct.Q4_1.gguf")
    for draw in (figures.off_target_bars, figures.bleu_bars, figures.both_bars, figures.scatter):
        drawing = draw(scores)
        assert drawing is not None
        figure = Figure(figsize=drawing.size, layout="constrained")
        drawing.paint(figure)
        FigureCanvasAgg(figure).draw()
        for axes in figure.axes:
            box = axes.get_tightbbox()
            assert box is not None
            assert figure.bbox.x0 - 1 < box.x0 < box.x1 < figure.bbox.x1 + 1


def test_both_bars_name_each_system_once(scores: Scores) -> None:
    assert texts(inline(figures.both_bars(scores))).count("ontarget") == 1


@pytest.mark.parametrize("metric", ["otr", "bleu"])
def test_bars_of_a_single_system_without_the_other_metric(metric: str) -> None:
    scores = Scores.of(row for row in score_rows(["base"], kinds=("supervised",)) if row["metric"] == metric)
    assert "–" in texts(inline(figures.both_bars(scores)))
    assert figures.scatter(scores) is None


def test_scatter_has_a_point_and_a_name_for_each_system(scores: Scores) -> None:
    drawing = figures.scatter(scores)
    assert drawing is not None
    svg = inline(drawing)
    assert {"base model", "MT", "ontarget", "Pivot"} <= set(texts(svg))
    names = re.findall(
        r'<text[^>]*y="([\d.]+)"[^>]*>(base model|MT|Post-ins|PTL|1-shot|5-shot|LAT|Pivot)<', svg
    )
    heights = {name: float(y) for y, name in names}
    assert heights["Pivot"] < heights["base model"] < heights["MT"]  # best BLEU on top
    places = sorted(heights.values())
    assert min(b - a for a, b in pairwise(places)) > 7  # points: no name on another


@pytest.mark.parametrize(
    ("wanted", "places"),
    [
        ([1.0, 5.0], [1.0, 5.0]),
        ([1.0, 1.0, 1.0], [1.0, 2.0, 3.0]),
        ([9.9, 9.9], [9.0, 10.0]),
        ([3.0, 2.9], [3.9, 2.9]),
    ],
)
def test_names_are_moved_apart_and_stay_inside(wanted: list[float], places: list[float]) -> None:
    assert figures.apart(wanted, gap=1.0, top=10.0) == pytest.approx(places)
