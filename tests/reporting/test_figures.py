import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from tests.reporting.conftest import score_rows

from ontarget.errors import UserError
from ontarget.reporting import figures
from ontarget.reporting.run_files import LogRecord, Scores


def _texts(svg: str) -> list[str]:
    return [text.replace("\u2212", "-") for text in re.findall(r"<text[^>]*>([^<]*)</text>", svg)]


def _bar_widths(svg: str, colour: str) -> list[float]:
    """Width of each bar, in points, top to bottom."""
    paths = re.findall(rf'<path d="([^"]*)"[^>]*style="fill: {colour}', svg)
    widths = []
    for path in paths:
        x = [float(pair.split()[1]) for pair in path.replace("z", "").strip().split("\n")]
        widths.append(max(x) - min(x))
    return widths


def test_bars_are_as_long_as_the_scores(scores: Scores) -> None:
    widths = _bar_widths(figures.off_target_bars(scores), figures.ORANGE)
    values = [scores.value(system, "otr", "zero-shot") or 0 for system in scores.systems]
    assert widths == pytest.approx([value / values[1] * widths[1] for value in values], rel=1e-3)


def test_each_system_and_figure_is_named(scores: Scores) -> None:
    texts = _texts(figures.off_target_bars(scores))
    assert {"LLaMA", "C_src+lang", "ontarget", "93.0", "3.0", "references 1.0"} <= set(texts)
    assert {"21.7", "supervised"} <= set(_texts(figures.bleu_bars(scores)))


def test_text_takes_the_colour_of_the_page(scores: Scores) -> None:
    svg = figures.off_target_bars(scores)
    assert "currentColor" in svg
    assert {colour.lower() for colour in re.findall(r"#[0-9a-fA-F]{6}\b", svg)} == {figures.ORANGE}


def test_the_same_scores_give_the_same_bytes(scores: Scores) -> None:
    assert figures.picture(scores) == figures.picture(Scores.of(score_rows()))


def test_two_figures_can_share_a_page(scores: Scores) -> None:
    """An id that both hold stands for the same shape, and nothing points outside."""
    drawn = [figures.off_target_bars(scores), figures.bleu_bars(scores)]
    definitions: dict[str, set[str]] = {}
    for svg in drawn:
        for name, content in re.findall(r'id="([^"]+)"(.*?)/>', svg, flags=re.DOTALL):
            definitions.setdefault(name, set()).add(content)
    assert definitions
    assert all(len(contents) == 1 for contents in definitions.values())
    assert "http" not in "".join(drawn)


def test_picture_is_a_whole_svg_file(run_dir: Path, scores: Scores) -> None:
    path = figures.write_picture(run_dir, run_dir / "docs" / "results.svg")
    text = path.read_text(encoding="utf-8")
    root = ElementTree.fromstring(text)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert text == figures.picture(scores)
    assert "currentColor" not in text  # it would be black on a dark page
    assert _texts(text).count("ontarget") == 1
    assert len(text) < 40_000


def test_picture_reads_on_white_and_on_github_dark() -> None:
    def luminance(colour: str) -> float:
        channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    def contrast(one: str, two: str) -> float:
        low, high = sorted((luminance(one), luminance(two)))
        return (high + 0.05) / (low + 0.05)

    grey = figures._GREY
    assert min(contrast(grey, "#ffffff"), contrast(grey, "#0d1117")) > 3.9
    for colour in (figures.ORANGE, figures.BLUE):
        assert min(contrast(colour, "#ffffff"), contrast(colour, "#0d1117")) > 3


def test_picture_of_a_run_without_scores(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"scores\.json is missing"):
        figures.write_picture(tmp_path, tmp_path / "x.svg")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("metric", ["otr", "bleu"])
def test_bars_of_a_single_system_without_the_other_metric(metric: str) -> None:
    scores = Scores.of(row for row in score_rows(["llama"], kinds=("supervised",)) if row["metric"] == metric)
    assert "–" in _texts(figures.picture(scores))


def test_training_curve_shows_each_sign_and_the_probability() -> None:
    log = [LogRecord("lat", step, 1.0, 0.9, 2.0 - step / 50, 0.9 - step / 200) for step in range(0, 101, 2)]
    texts = _texts(figures.training_curve("lat", log))
    assert {"likelihood", "unlikelihood", "p (wrong)", "step"} <= set(texts)
    assert "loss" not in texts


def test_training_curve_of_one_sign_has_no_empty_panel() -> None:
    log = [LogRecord("mt", step, 3.0) for step in range(5)]
    texts = _texts(figures.training_curve("mt", log))
    assert "loss (nats)" in texts
    assert not {"p (wrong)", "unlikelihood"} & set(texts)


def test_a_long_log_stays_small_and_keeps_its_last_point() -> None:
    log = [LogRecord("mt", step, 3.0 + step % 2) for step in range(100_001)]
    svg = figures.training_curve("mt", log)
    assert len(svg) < 40_000
    assert "100000" in _texts(svg)


def test_training_curve_of_a_stage_that_logged_no_loss_or_nan() -> None:
    assert figures.training_curve("mt", [LogRecord("mt", 0)]).startswith("<svg")
    assert figures.training_curve("mt", [LogRecord("mt", 0, float("nan")), LogRecord("mt", 1, 2.0)])


def test_evaluation_curves_show_both_scores_of_both_kinds() -> None:
    log = [
        LogRecord("lat", step, likelihood=1.0)
        if step % 2
        else LogRecord("lat", step, zero_shot_otr=90.0 - step, zero_shot_bleu=2.0, supervised_otr=1.0)
        for step in range(9)
    ]
    texts = _texts(figures.evaluation_curve("lat", log) or "")
    assert {"OTR (%)", "BLEU", "zero-shot", "supervised", "step"} <= set(texts)


def test_a_stage_that_was_not_judged_has_no_evaluation_curve() -> None:
    assert figures.evaluation_curve("mt", [LogRecord("mt", 1, likelihood=2.0)]) is None


def test_matplotlib_loads_with_the_first_figure_only() -> None:
    code = "import sys, ontarget.reporting.figures; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
