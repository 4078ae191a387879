import re
from typing import Any

import pytest
from rich.console import Console
from tests.reporting.conftest import score_rows

from ontarget.reporting import table
from ontarget.reporting import table_formats as forms
from ontarget.reporting.details import Details, Difference
from ontarget.reporting.paper import Paper
from ontarget.reporting.run_files import Scores

GOLDEN = """\
| System | Zero-shot BLEU ↑ | Zero-shot OTR ↓ | Supervised BLEU ↑ | Supervised OTR ↓ |
| --- | ---: | ---: | ---: | ---: |
| base model | 8.3 | 51.0 | 12.1 | 33.4 |
| MT | 1.2 | 93.0 | 30.5 | 1.1 |
| Post-ins | 2.9 | 85.2 | **30.6** | **1.0** |
| PTL | 3.4 | 79.9 | 27.7 | 2.5 |
| 1-shot | 2.2 | 88.1 | 29.8 | 1.3 |
| 5-shot | 4.0 | 76.4 | 29.9 | 1.2 |
| C\\_src+lang | 6.1 | 60.3 | 24.2 | 3.8 |
| LAT | 7.9 | 55.5 | 29.1 | 1.4 |
| ontarget | 19.4 | 3.0 | 29.6 | **1.0** |
| ontarget-any | 16.8 | 9.7 | 30.0 | 1.2 |
| Pivot | **21.7** | **1.3** | 30.5 | 1.1 |
| reference (floor) | – | 1.0 | – | 0.9 |
"""


def _row(system: str, metric: str, value: float) -> dict[str, Any]:
    return dict(
        system=system, direction="avg", kind="zero-shot", metric=metric, value=value, n=1, signature="s"
    )


def test_markdown_of_the_averages(scores: Scores) -> None:
    assert forms.markdown(table.layout(scores)) == GOLDEN


def test_markdown_of_the_directions() -> None:
    text = forms.markdown(table.layout(Scores.of(score_rows(["mt", "ontarget"])), "zero-shot"))
    header, _, mt, ontarget, floor = text.rstrip("\n").split("\n")
    assert header.startswith("| System | it→nl BLEU ↑ | it→nl OTR ↓ | it→ro BLEU ↑ |")
    assert header.count("|") == 2 + 2 * 6
    assert mt.startswith("| MT | 0.9 | 92.8 |")
    assert ontarget.startswith("| ontarget | **19.1** | **2.8** |")
    assert floor.startswith("| reference (floor) | – | 0.8 |")


def test_terminal_shows_the_same_figures(scores: Scores) -> None:
    console = Console(width=100, color_system="standard", force_terminal=True)
    with console.capture() as capture:
        console.print(forms.terminal(table.layout(scores)))
    text = capture.get()
    assert re.search(r"\x1b\[1m *21\.7", text)  # bold
    assert not re.search(r"\x1b\[1m *93\.0", text)
    assert text.index("base model") < text.index("ontarget-any") < text.index("reference (floor)")
    assert "Averages over 6 zero-shot and 6 supervised directions" in text


@pytest.mark.parametrize(("width", "parts"), [(120, 1), (99, 2), (80, 2)])
def test_a_narrow_terminal_gets_a_table_for_each_kind_with_whole_headings_and_figures(
    width: int, parts: int
) -> None:
    metrics = {"bleu": 12.3, "otr": 100.0, "otr_unsure": 3.4, "otr_agreed": 40.0}
    rows = [
        _row("mt", metric, value) | {"kind": kind}
        for kind in ("zero-shot", "supervised")
        for metric, value in metrics.items()
    ]
    tables = forms.terminals(table.layout(Scores.of([*rows, _row("reference", "otr", 0.5)])), width)
    assert len(tables) == parts
    console = Console(width=width)
    with console.capture() as capture:
        console.print(*tables)
    text = capture.get()
    assert "…" not in text
    assert text.count("Zero-shot") == text.count("Supervised") == 1
    assert text.count("100.0") == text.count("OTR agreed ↓") == 2


def test_a_table_of_directions_is_divided_as_little_as_a_terminal_needs(scores: Scores) -> None:
    whole = table.layout(scores, "zero-shot")
    assert [len(forms.terminals(whole, width)) for width in (200, 80, 10)] == [1, 2, 6]


def test_terminal_takes_names_literally() -> None:
    console = Console(width=100)
    with console.capture() as capture:
        console.print(forms.terminal(table.layout(Scores.of([_row("my [bold]model[/bold]", "otr", 5.0)]))))
    assert "my [bold]model[/bold]" in capture.get()


def _marked() -> table.Table:
    rows = [_row("mt", "otr", 90.0), {**_row("contrastive", "otr", 10.0), "low": 8.0, "high": 12.0}]
    rows.append(_row("reference", "otr", 0.5))
    difference = Difference("contrastive", "avg", "zero-shot", "otr", -80.0, 0.01)
    return table.layout(Scores.of(rows), details=Details(differences=(difference,), baseline="mt"))


def test_a_mark_is_explained() -> None:
    text = forms.markdown(_marked())
    assert "| C\\_src+lang | **10.0**† |" in text
    assert text.endswith("\n\n†: differs from MT, p < 0.05\n")
    console = Console(width=100)
    with console.capture() as capture:
        console.print(forms.terminal(_marked()))
    assert "10.0†" in capture.get()
    assert "differs from MT" in capture.get()


def test_latex_is_a_booktabs_table() -> None:
    assert forms.latex(_marked()) == (
        "\\begin{table}\n"
        "\\centering\n"
        "\\begin{tabular}{lr}\n"
        "\\toprule\n"
        " & \\multicolumn{1}{c}{Zero-shot} \\\\\n"
        "\\cmidrule(lr){2-2}\n"
        "System & OTR $\\downarrow$ \\\\\n"
        "\\midrule\n"
        "MT & 90.0 \\\\\n"
        "C\\_src+lang & \\textbf{10.0}$^\\dagger$ \\\\\n"
        " & {\\scriptsize 8.0--12.0} \\\\\n"
        "\\midrule\n"
        "reference (floor) & 0.5 \\\\\n"
        "\\bottomrule\n"
        "\\end{tabular}\n"
        "\\caption{Averages over  directions. $\\dagger$: differs from MT, $p < 0.05$.}\n"
        "\\end{table}\n"
    )


def test_latex_spans_groups_and_takes_names_literally(scores: Scores) -> None:
    text = forms.latex(table.layout(scores))
    assert " & \\multicolumn{2}{c}{Zero-shot} & \\multicolumn{2}{c}{Supervised} \\\\" in text
    assert "\\cmidrule(lr){2-3}\\cmidrule(lr){4-5}" in text
    odd = forms.latex(table.layout(Scores.of([_row("50% & #1_{x}\\y", "otr", 5.0)])))
    assert "50\\% \\& \\#1\\_\\{x\\}\\textbackslash{}y & " in odd


def test_the_papers_figure_stands_in_brackets() -> None:
    paper = Paper("Table 2", {("MT", "zero-shot", "avg", "otr"): 65.0})
    view = table.layout(Scores.of([_row("mt", "otr", 60.0)]), paper=paper)
    assert "| MT | **60.0** (65.0) |" in forms.markdown(view)
    assert "\\textbf{60.0} \\textit{(65.0)}" in forms.latex(view)
