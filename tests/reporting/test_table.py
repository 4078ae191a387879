import re
from typing import Any

from rich.console import Console
from tests.reporting.conftest import score_rows

from ontarget.reporting import table
from ontarget.reporting.run_files import Scores

GOLDEN = """\
| System | Zero-shot BLEU ↑ | Zero-shot OTR ↓ | Supervised BLEU ↑ | Supervised OTR ↓ |
| --- | ---: | ---: | ---: | ---: |
| LLaMA | 8.3 | 51.0 | 12.1 | 33.4 |
| MT | 1.2 | 93.0 | 30.5 | 1.1 |
| Post-ins | 2.9 | 85.2 | **30.6** | **1.0** |
| PTL | 3.4 | 79.9 | 27.7 | 2.5 |
| 1-shot | 2.2 | 88.1 | 29.8 | 1.3 |
| 5-shot | 4.0 | 76.4 | 29.9 | 1.2 |
| C\\_src+lang | 6.1 | 60.3 | 24.2 | 3.8 |
| LAT | 7.9 | 55.5 | 29.1 | 1.4 |
| ontarget-seen | 16.8 | 9.7 | 30.0 | 1.2 |
| ontarget | 19.4 | 3.0 | 29.6 | **1.0** |
| Pivot | **21.7** | **1.3** | 30.5 | 1.1 |
| reference (floor) | – | 1.0 | – | 0.9 |
"""


def _row(system: str, metric: str, value: float) -> dict[str, Any]:
    return dict(
        system=system, direction="avg", kind="zero-shot", metric=metric, value=value, n=1, signature="s"
    )


def test_markdown_of_the_averages(scores: Scores) -> None:
    assert table.markdown(scores) == GOLDEN


def test_markdown_of_the_directions() -> None:
    text = table.markdown(Scores.of(score_rows(["mt", "ontarget"])), "zero-shot")
    header, _, mt, ontarget, floor = text.rstrip("\n").split("\n")
    assert header.startswith("| System | it→nl BLEU ↑ | it→nl OTR ↓ | it→ro BLEU ↑ |")
    assert header.count("|") == 2 + 2 * 6
    assert mt.startswith("| MT | 0.9 | 92.8 |")
    assert ontarget.startswith("| ontarget | **19.1** | **2.8** |")
    assert floor.startswith("| reference (floor) | – | 0.8 |")


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


def test_terminal_shows_the_same_figures(scores: Scores) -> None:
    console = Console(width=100, color_system="standard", force_terminal=True)
    with console.capture() as capture:
        console.print(table.terminal(scores))
    text = capture.get()
    assert re.search(r"\x1b\[1m *21\.7", text)  # bold
    assert not re.search(r"\x1b\[1m *93\.0", text)
    assert text.index("LLaMA") < text.index("ontarget-seen") < text.index("reference (floor)")
    assert "Averages over 6 zero-shot and 6 supervised directions" in text


def test_terminal_takes_names_literally() -> None:
    console = Console(width=100)
    with console.capture() as capture:
        console.print(table.terminal(Scores.of([_row("my [bold]model[/bold]", "otr", 5.0)])))
    assert "my [bold]model[/bold]" in capture.get()
