import json
from pathlib import Path
from typing import Any

import pytest
from tests.reporting.conftest import score_rows
from tests.reporting.svg import texts

from ontarget.errors import UserError
from ontarget.reporting import sweep
from ontarget.reporting.drawing import BLUE, ORANGE, inline


def _write(folder: Path, points: list[dict[str, Any]]) -> Path:
    (folder / "points").mkdir(parents=True)
    for number, values in enumerate(points):
        otr = 90.0 - 10 * number
        rows = [
            row | {"value": otr if row["metric"] == "otr" else 5.0 + number}
            if row["system"] == "lat"
            else row
            for row in score_rows(["mt", "lat"])
        ]
        data = json.dumps({"values": values, "scores": rows})
        (folder / "points" / f"{number}.json").write_text(data, encoding="utf-8")
    return folder


def test_bleu_and_otr_are_drawn_against_the_swept_value(tmp_path: Path) -> None:
    folder = _write(tmp_path, [{"stages.lat.alpha": alpha} for alpha in (0.01, 0.05, 0.3)])
    assert sweep.is_sweep(folder)
    drawn = sweep.drawings(folder)
    assert [drawing.name for drawing in drawn] == ["alpha-zero-shot", "alpha-supervised"]
    svg = inline(drawn[0])
    assert {"BLEU", "OTR (%)", "alpha", "Zero-shot directions"} <= set(texts(svg))
    assert BLUE in svg
    assert ORANGE in svg
    assert "MT" not in texts(svg)  # nothing changes for it


@pytest.mark.parametrize(
    ("values", "scale"), [((0.01, 0.3), "log"), ((1, 2, 3), "linear"), ((0, 5), "linear")]
)
def test_values_over_a_decade_stand_on_a_logarithmic_axis(
    tmp_path: Path, values: tuple[float, ...], scale: str
) -> None:
    from matplotlib.figure import Figure

    (drawing, _) = sweep.drawings(_write(tmp_path, [{"k": value} for value in values]))
    figure = Figure()
    drawing.paint(figure)
    assert [axes.get_xscale() for axes in figure.axes] == [scale, scale]
    line = figure.axes[0].lines[0]
    assert list(line.get_xdata()) == sorted(values)
    assert list(line.get_ydata()) == [5.0 + i for i in range(len(values))]


def test_words_stand_in_their_order_on_the_axis(tmp_path: Path) -> None:
    (drawing, _) = sweep.drawings(_write(tmp_path, [{"stages.lat.conflict.policy": p} for p in ("b", "a")]))
    assert {"a", "b", "policy"} <= set(texts(inline(drawing)))


def test_two_keys_give_a_figure_each_with_a_line_for_every_value_of_the_other(tmp_path: Path) -> None:
    points = [{"stages.lat.alpha": a, "steps": s} for a in (0.1, 0.2) for s in (1, 2)]
    drawn = sweep.drawings(_write(tmp_path, points))
    assert [drawing.name for drawing in drawn[::2]] == ["alpha-zero-shot", "steps-zero-shot"]
    assert {"LAT, steps 1", "LAT, steps 2"} <= set(texts(inline(drawn[0])))


def test_seeds_are_one_line_of_their_means_with_a_band_of_a_deviation(tmp_path: Path) -> None:
    from matplotlib.figure import Figure

    points = [{"k": k, "seed": s} for k in (1, 2) for s in (1, 2)]
    (drawing, _) = sweep.drawings(_write(tmp_path, points))
    figure = Figure()
    drawing.paint(figure)
    bleu = figure.axes[0]
    (line,) = bleu.lines
    assert list(line.get_ydata()) == [5.5, 7.5]  # of 5, 6 and of 7, 8
    (band,) = bleu.collections
    ends = {round(float(y), 4) for _, y in band.get_paths()[0].vertices}
    assert {round(5.5 - 0.5**0.5, 4), round(5.5 + 0.5**0.5, 4)} <= ends


def test_points_stand_in_the_recipes_order_and_those_that_it_no_longer_has_are_left_out(
    tmp_path: Path,
) -> None:
    folder = _write(tmp_path, [{"k": k} for k in (1, 2, 3)])
    (folder / "points.json").write_text(json.dumps(["2", "0", "7"]))
    assert [point.values for point in sweep.read_points(folder)] == [{"k": 3}, {"k": 1}]


def test_points_of_another_recipe_alone_are_a_clear_error(tmp_path: Path) -> None:
    folder = _write(tmp_path, [{"k": 1}, {"k": 2}])
    (folder / "points.json").write_text('["another"]', encoding="utf-8")
    for read in (sweep.table, sweep.differences, sweep.drawings):
        with pytest.raises(UserError, match=r"no point in .* has finished since"):
            read(folder)


def test_keys_that_were_swept_alike_are_one_and_keys_of_the_same_last_word_are_told_apart(
    tmp_path: Path,
) -> None:
    together = [
        {"stages.lat.alpha, stages.ontarget.alpha": a, "stages.mt.samples": s} for a in (1, 2) for s in (3, 4)
    ]
    assert {d.name for d in sweep.drawings(_write(tmp_path, together))} >= {
        "alpha-zero-shot",
        "samples-zero-shot",
    }
    assert sweep._words(["stages.mt.alpha", "stages.lat.alpha"]) == {
        "stages.mt.alpha": "stages.mt.alpha",
        "stages.lat.alpha": "stages.lat.alpha",
    }


def test_one_value_is_nothing_to_draw(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="only one value of each swept key"):
        sweep.drawings(_write(tmp_path, [{"k": 1}]))


def test_a_damaged_point_is_named(tmp_path: Path) -> None:
    folder = _write(tmp_path, [{"k": 1}])
    (folder / "points" / "9.json").write_text("{", encoding="utf-8")
    with pytest.raises(UserError, match=r"9\.json is not a point of a sweep"):
        sweep.read_points(folder)


def test_a_run_is_no_sweep(run_dir: Path) -> None:
    assert not sweep.is_sweep(run_dir)


def test_points_under_former_names_of_keys_belong_to_the_others(tmp_path: Path) -> None:
    points = [
        {"stages.lat.tuning.steps": 1},
        {"stages.lat.tuning.max_steps": 2},
        {"stages.lat.tuning.steps": 3},
    ]
    drawn = sweep.drawings(_write(tmp_path, points))
    assert [drawing.name for drawing in drawn] == ["max_steps-zero-shot", "max_steps-supervised"]
