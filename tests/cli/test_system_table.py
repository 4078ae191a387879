"""`ontarget score` of several systems and languages as tables."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from statistics import mean

import pytest
from typer.testing import CliRunner

from ontarget.cli.app import app
from ontarget.scoring.off_target import off_target_ratio

GERMAN = ["Die Katze schläft auf dem Sofa im Haus.", "Wir fahren morgen früh zusammen ans Meer."]
FRENCH = ["Le chat dort sur le canapé de la maison.", "Nous allons ensemble à la mer demain matin."]
CHINESE = ["猫在家里的沙发上睡觉。", "我们明天早上一起去海边。"]


@pytest.fixture
def printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    monkeypatch.chdir(tmp_path)
    for name, lines in {
        "out/a.de": GERMAN,
        "out/a.fr": [FRENCH[0], GERMAN[1]],
        "out/a.zh": CHINESE,
        "out/b.de": FRENCH,
        "out/b.fr": FRENCH,
        "ref/de": GERMAN,
        "ref/fr": FRENCH,
        "ref/zh": CHINESE,
    }.items():
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(app, ["score", *arguments])
        assert result.exit_code == 0, result.output
        return result.stdout

    return run


def rows_of(text: str, title: str) -> list[list[str]]:
    """The cells of a Markdown table under its title, the header first."""
    part = text.split(f"**{title}**\n\n")[1].split("\n\n")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in part.splitlines()]
    return [rows[0], *rows[2:]]


def test_a_row_is_a_system_and_a_column_a_language(printed: Callable[..., str]) -> None:
    text = printed("out", "--reference", "ref", "--markdown")
    ratio = {
        (system, code): off_target_ratio(Path(f"out/{system}.{code}").read_text().splitlines(), code).value
        for system, code in [("a", "de"), ("a", "fr"), ("a", "zh"), ("b", "de"), ("b", "fr")]
    }
    a, b = [ratio["a", code] for code in ("de", "fr", "zh")], [ratio["b", code] for code in ("de", "fr")]
    assert (a, b) == ([0.0, 50.0, 0.0], [100.0, 0.0])
    assert rows_of(text, "OTR %") == [
        ["system", "de", "fr", "zh", "mean", "directions"],
        ["a", *(f"{value:.2f}" for value in a), f"{mean(a):.2f}", "3"],
        ["b", *(f"{value:.2f}" for value in b), "", f"{mean(b):.2f}", "2"],
        ["reference (floor)", "0.00", "0.00", "0.00", "0.00", "3"],
    ]
    assert [row[0] for row in rows_of(text, "BLEU")] == ["system", "a", "b"]
    assert rows_of(text, "lines")[1][:2] == ["a", "5"]  # on target, over all languages


def test_what_differs_by_language_alone_is_one_signature(printed: Callable[..., str]) -> None:
    text = printed("out", "--reference", "ref")
    assert re.findall(r"^(?:BLEU|chrF|OTR)\|", text, re.M) == ["BLEU|", "chrF|", "OTR|"]
    assert "|tok:13a,zh|" in text


def test_why_a_cell_is_empty_is_said(printed: Callable[..., str]) -> None:
    text = printed("out")
    assert "empty: there is no file of b for zh\n" in text
    assert re.search(r"^empty: OTR close of .*fr.*: no close relative of the language is known$", text, re.M)


def test_intervals_stand_in_the_cells_and_not_at_the_mean(printed: Callable[..., str]) -> None:
    a = rows_of(printed("out", "--markdown", "--confidence"), "OTR %")[1]
    assert re.fullmatch(r"50\.00 \[\d+\.\d\d, \d+\.\d\d\]", a[2])
    assert a[4] == "16.67"


def test_one_language_has_the_usual_table(printed: Callable[..., str]) -> None:
    text = printed("out", "--to", "de", "--markdown")
    assert text.split("|")[1:3] == [" system   ", "   direction "]
    assert "mean" not in text


def test_norwegian_is_one_column_whatever_it_is_called(printed: Callable[..., str]) -> None:
    for name in ("x.nb", "x.de", "y.no", "y.de"):
        Path("nordic").mkdir(exist_ok=True)
        Path("nordic", name).write_text("Katten sover på sofaen hjemme hos oss i dag.\n", encoding="utf-8")
    header, x, y = rows_of(printed("nordic", "--markdown"), "OTR %")
    assert header == ["system", "de", "nb", "mean", "directions"]
    assert x[1:] == y[1:]


@pytest.mark.parametrize(("flag", "edge", "border"), [("--latex", "&", " \\\\"), ("--markdown", "|", "|")])
def test_named_metrics_and_otr_are_one_table(
    printed: Callable[..., str], flag: str, edge: str, border: str
) -> None:
    text = printed("out", "--reference", "ref", "--metrics", "chrf,BLEU,otr", flag)
    lines = [
        line.removesuffix(border).removeprefix("|") for line in text.split("\n") if line.endswith(border)
    ]
    rows = [
        [cell.strip().replace("\\", "") for cell in line.split(edge)] for line in lines if ":-" not in line
    ]
    assert rows[0] == ["metric", "system", "de", "fr", "zh", "mean", "directions"]
    assert [row[:2] for row in rows[1:]] == [
        *([metric, system] for metric in ("chrF", "BLEU") for system in ("a", "b")),
        *(["OTR %", system] for system in ("a", "b", "reference (floor)")),
    ]
    assert rows[5][2:] == ["0.00", "50.00", "0.00", "16.67", "3"]
    assert rows[6][2:] == ["100.00", "0.00", "", "50.00", "2"]
    assert "unsure %" not in text
    assert text.count("\\begin{tabular}" if flag == "--latex" else "|:-") == 1


def test_otr_alone_is_a_metric(printed: Callable[..., str]) -> None:
    text = printed("out", "--metrics", "otr", "--markdown")
    assert text.count("| OTR %") == 2
    one = json.loads(printed("out/a.fr", "--metrics", "otr", "--json"))
    assert [key for key, value in one.items() if isinstance(value, dict) and "value" in value] == ["otr"]


def test_a_misspelt_otr_is_suggested(printed: Callable[..., str]) -> None:
    result = CliRunner().invoke(app, ["score", "out", "--metrics", "bleu,ot"])
    assert (result.exit_code, result.stderr) == (2, "error: there is no metric 'ot'; did you mean 'otr'?\n")
