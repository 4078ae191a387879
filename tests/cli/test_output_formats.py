import io
import re

import pytest

from ontarget.cli.output_formats import chosen, print_tables
from ontarget.errors import UserError

ROWS = [{"system": "a_b|c", "BLEU": "1.00"}, {"system": "[bold]d", "BLEU": "20.50"}]


def test_one_form_is_chosen() -> None:
    assert chosen(json=False, csv=False) == "table"
    assert chosen(json=True, csv=False) == "json"
    with pytest.raises(UserError, match="--csv and --latex cannot be combined; choose one"):
        chosen(latex=True, csv=True)


def test_a_table_shows_names_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    print_tables([("title [x]", ROWS)], "table", ["note [y]"])
    printed = capsys.readouterr().out
    for text in ("title [x]", "a_b|c", "[bold]d", "20.50", "note [y]"):
        assert text in printed


def test_a_table_wider_than_the_terminal_comes_in_blocks_of_whole_columns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "40")
    figures = {f"en-{number}": f"{number}.25" for number in range(10, 22)}
    print_tables([("title", [{"system": "ours", **figures}])], "table", [])
    printed = re.sub(r"\x1b\[\d*m", "", capsys.readouterr().out)
    assert printed.count("title") == printed.count("ours") > 1
    assert re.findall(r"\d+\.\d+", printed) == list(figures.values())
    assert max(map(len, printed.split("\n"))) <= 40


def test_latex_is_booktabs_with_notes_as_comments(capsys: pytest.CaptureFixture[str]) -> None:
    print_tables([("title", ROWS)], "latex", ["note"])
    printed = capsys.readouterr().out
    assert printed.startswith("% title\n\\begin{tabular}{lr}\n\\toprule\n")
    assert "a\\_b\\textbar{}c" in printed
    assert printed.endswith("% note\n")


def test_markdown_keeps_its_columns(capsys: pytest.CaptureFixture[str]) -> None:
    print_tables([("", ROWS)], "markdown", ["note"])
    rows = capsys.readouterr().out.split("\n")
    assert all(row.replace("\\|", "").count("|") == 3 for row in rows[:4])
    assert rows[-2] == "- `note`"


@pytest.mark.parametrize(("encoding", "rule"), [("utf-8", "─"), ("ascii", "-")])
def test_a_pipe_in_another_encoding_gets_what_it_can_hold(
    monkeypatch: pytest.MonkeyPatch, encoding: str, rule: str
) -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr("sys.stdout", out)
    print_tables([("", [{"file": "a"}])], "table", ["note"])
    out.flush()
    printed = out.buffer.getvalue().decode(encoding)  # type: ignore[attr-defined]
    assert rule in printed
    assert printed.endswith("note\n")
