"""The table and the figure of a sweep's points."""

import math
from pathlib import Path

from tests.reporting.svg import texts
from tests.reporting.test_sweep import _write

from ontarget.reporting import sweep
from ontarget.reporting import table_formats as forms
from ontarget.reporting.drawing import inline


def test_a_row_is_the_mean_and_deviation_of_its_seeds(tmp_path: Path) -> None:
    points = [{"variant": name, "seed": seed} for name in ("paper", "first-3") for seed in (1, 2, 3)]
    table = sweep.table(_write(tmp_path, points))
    assert "mean ± standard deviation over 3 seeds" in table.caption
    names = [row.name for row in table.rows]
    assert names == ["paper, MT", "paper, LAT", "first-3, MT", "first-3, LAT", "reference (floor)"]
    bleu, otr = table.rows[3].cells[:2]  # seeds: BLEU 8, 9, 10, OTR 60, 50, 40
    assert (bleu.text, otr.text) == ("9.0 ± 1.0", "50.0 ± 10.0")
    assert bleu.best
    assert otr.best
    assert not table.rows[1].cells[0].best
    assert "| first-3, LAT | **9.0 ± 1.0** | **50.0 ± 10.0** |" in forms.markdown(table)
    assert r"9.0 $\pm$ 1.0" in forms.latex(table)


def test_rows_of_fewer_seeds_say_so(tmp_path: Path) -> None:
    points = [{"variant": "a", "seed": 1}, {"variant": "a", "seed": 2}, {"variant": "b", "seed": 1}]
    table = sweep.table(_write(tmp_path, points))
    assert "the number of seeds is in brackets" in table.caption
    assert [row.name for row in table.rows] == [
        "a, MT (2)",
        "a, LAT (2)",
        "b, MT (1)",
        "b, LAT (1)",
        "reference (floor)",
    ]
    (a, b) = (table.rows[i].cells[0] for i in (1, 3))
    assert math.isclose(a.deviation or 0, 0.5**0.5)
    assert b.deviation is None


def test_the_papers_models_have_the_papers_figures_beside(tmp_path: Path) -> None:
    models = ["meta-llama/Llama-2-7b-hf", "meta-llama/Llama-2-13b-hf", "Qwen/Qwen3-4B-Base"]
    directory = _write(tmp_path / "paper-table3", [{"model": model} for model in models])
    table = sweep.table(directory)
    assert table.caption.endswith("; figures of the paper are in brackets")
    printed = [[cell.paper for cell in row.cells[:2]] for row in table.rows]
    assert printed == [[5.1, 65.0], [14.7, 2.6], [7.8, 57.9], [16.5, 2.9], *[[None, None]] * 3]
    directory = _write(tmp_path / "mine", [{"model": model} for model in models])
    assert not [cell for row in sweep.table(directory).rows for cell in row.cells if cell.paper is not None]


def test_variants_are_drawn_as_bars_by_name(tmp_path: Path) -> None:
    from matplotlib.figure import Figure

    points = [{"variant": name, "seed": seed} for name in ("paper", "first-3") for seed in (1, 2)]
    drawn = sweep.drawings(_write(tmp_path, [*points, {"k": 1}, {"k": 2}]))
    assert [drawing.name for drawing in drawn[::2]] == ["variants-zero-shot", "k-zero-shot"]
    assert {"paper, LAT", "first-3, LAT", "BLEU, zero-shot", "Off-target, zero-shot (%)"} <= set(
        texts(inline(drawn[0]))
    )
    figure = Figure()
    drawn[0].paint(figure)
    off_target, bleu = figure.axes
    assert [round(bar.get_width(), 1) for bar in bleu.patches][1::2] == [5.5, 7.5]
    errors = [line for line in off_target.lines if len(set(line.get_ydata())) == 1]
    assert [round(max(line.get_xdata()) - min(line.get_xdata()), 2) for line in errors][1::2] == [14.14] * 2


def test_a_row_of_a_list_is_named_as_its_point_is(tmp_path: Path) -> None:
    points = [{"languages": languages} for languages in (["en", "de", "fr"], ["en", "it"])]
    names = [row.name for row in sweep.table(_write(tmp_path, points)).rows]
    assert names == ["en-de-fr, MT", "en-de-fr, LAT", "en-it, MT", "en-it, LAT", "reference (floor)"]
