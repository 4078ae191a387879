import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from tests.reporting.conftest import score_rows

from ontarget.reporting import drawing, figures
from ontarget.reporting.run_files import Scores


def test_text_takes_the_colour_of_the_page(scores: Scores) -> None:
    svg = drawing.inline(figures.off_target_bars(scores))
    assert "currentColor" in svg
    assert {colour.lower() for colour in re.findall(r"#[0-9a-fA-F]{6}\b", svg)} == {drawing.ORANGE}


def test_the_same_scores_give_the_same_bytes(scores: Scores, tmp_path: Path) -> None:
    for form in drawing.Format:
        one, other = (
            drawing.write(figures.both_bars(of), tmp_path / name, form).read_bytes()
            for name, of in (("a", scores), ("b", Scores.of(score_rows())))
        )
        assert one == other


def test_two_figures_can_share_a_page(scores: Scores) -> None:
    """An id that both hold stands for the same shape, and nothing points outside."""
    drawn = [drawing.inline(draw(scores)) for draw in (figures.off_target_bars, figures.bleu_bars)]
    definitions: dict[str, set[str]] = {}
    for svg in drawn:
        for name, content in re.findall(r'id="([^"]+)"(.*?)/>', svg, flags=re.DOTALL):
            definitions.setdefault(name, set()).add(content)
    assert definitions
    assert all(len(contents) == 1 for contents in definitions.values())
    assert "http" not in "".join(drawn)


def test_an_svg_file_is_whole_and_small(scores: Scores, tmp_path: Path) -> None:
    path = drawing.write(figures.both_bars(scores), tmp_path / "figures")
    assert path == tmp_path / "figures" / "scores.svg"
    text = path.read_text(encoding="utf-8")
    assert ElementTree.fromstring(text).tag == "{http://www.w3.org/2000/svg}svg"
    assert "currentColor" not in text  # it would be black on a dark page
    assert len(text) < 40_000


@pytest.mark.parametrize(
    ("form", "begins"), [(drawing.Format.pdf, b"%PDF-"), (drawing.Format.png, b"\x89PNG\r\n")]
)
def test_other_files_are_what_their_names_say(
    scores: Scores, tmp_path: Path, form: drawing.Format, begins: bytes
) -> None:
    assert drawing.write(figures.both_bars(scores), tmp_path, form).read_bytes().startswith(begins)
    assert [path.name for path in tmp_path.iterdir()] == [f"scores.{form}"]


def test_colours_read_on_white_and_on_github_dark() -> None:
    def luminance(colour: str) -> float:
        channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    def contrast(one: str, two: str) -> float:
        low, high = sorted((luminance(one), luminance(two)))
        return (high + 0.05) / (low + 0.05)

    assert min(contrast(drawing.GREY, "#ffffff"), contrast(drawing.GREY, "#0d1117")) > 3.9
    for colour in (drawing.ORANGE, drawing.BLUE):
        assert min(contrast(colour, "#ffffff"), contrast(colour, "#0d1117")) > 3


def test_matplotlib_loads_with_the_first_figure_only() -> None:
    code = "import sys, ontarget.reporting.gallery; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
