"""`ontarget score --unit sentence`, and `--lid cmd:` as a user gives it; the examples of docs/how-to."""

import csv
import json
import re
import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ontarget.cli.app import app

FRENCH = ["Le chat dort sur le canapé.", "Nous allons à la mer demain.", "Le pain est encore chaud."]
ENGLISH = "The baker in our neighbourhood opens her shop before the sun rises."
PARAGRAPH = " ".join([*FRENCH, *FRENCH[:2], ENGLISH])
NOTE = "most lines are long, and OTR identifies each as a whole"
HOW_TO = Path(__file__).parents[2] / "docs" / "how-to"


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    monkeypatch.chdir(tmp_path)

    def to_file(name: str, *lines: str) -> str:
        Path(name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return name

    return to_file


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, [*arguments], env={"COLUMNS": "250"})
    assert result.exit_code == 0, result.output
    return result.stdout


def error(*arguments: str) -> str:
    result = CliRunner().invoke(app, [*arguments], env={"COLUMNS": "250"})
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1), result.output
    return result.stderr


def test_sentences_their_ratio_and_the_floor_of_both(write: Callable[..., str]) -> None:
    hypothesis = write("hyp.fr", PARAGRAPH, f"{FRENCH[0]} {ENGLISH}", FRENCH[2], "123")
    reference = write("ref.fr", " ".join(FRENCH), FRENCH[0], f"{FRENCH[1]} {ENGLISH} {FRENCH[0]}", "123")
    scores = json.loads(run("score", hypothesis, "--reference", reference, "--unit", "sentence", "--json"))
    assert scores["otr"]["value"] == 25.0
    assert (scores["otr_sentences"]["value"], scores["otr_sentences"]["n"]) == (20.0, 10)
    assert scores["otr_floor"]["value"] == 0.0
    assert (scores["otr_sentences_floor"]["value"], scores["otr_sentences_floor"]["n"]) == (12.5, 8)
    found = {outcome: n for outcome, n in scores["breakdown"].items() if n}
    assert found == {"on": 1, "mixed": 1, "neutral": 1, "english": 1}
    assert all(
        "|unit:sentence|" in scores[name]["signature"] for name in ("otr", "otr_sentences", "otr_floor")
    )


def test_each_line_has_the_outcomes_of_its_sentences(write: Callable[..., str]) -> None:
    run("score", write("hyp.fr", PARAGRAPH, "", "12"), "--unit", "SENTENCE", "--lines", "lines.csv")
    with Path("lines.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["outcome"], row["sentences"], row["sentence_outcomes"]) for row in rows] == [
        ("mixed", "6", "on:5 english:1"),
        ("empty", "0", ""),
        ("neutral", "1", "neutral:1"),
    ]


def test_a_note_where_lines_are_long_and_it_can_do_something(write: Callable[..., str]) -> None:
    hypothesis = write("hyp.fr", PARAGRAPH, PARAGRAPH, FRENCH[0])
    assert run("score", hypothesis).count(NOTE) == 1
    assert NOTE not in run("score", hypothesis, "--unit", "sentence")
    assert NOTE not in run("score", write("short.fr", *FRENCH, PARAGRAPH))
    assert "most lines of 1 file are long" in run("score", hypothesis, "short.fr", "--to", "fr")


def test_compare_by_sentence(write: Callable[..., str]) -> None:
    half = f"{FRENCH[0]} {ENGLISH} {ENGLISH}"
    files = write("a.fr", half, *FRENCH), write("b.fr", *FRENCH, PARAGRAPH)
    rows = json.loads(run("compare", *files, "--to", "fr", "--unit", "sentence", "--json"))
    assert [(row["metric"], row["value"]) for row in rows] == [("otr", 25.0), ("otr", 0.0)]
    assert "|unit:sentence|" in rows[0]["signature"]


def test_systems_by_languages_have_the_floor_as_a_row(write: Callable[..., str]) -> None:
    for folder in ("out", "ref"):
        Path(folder).mkdir()
        write(f"{folder}/x.fr", PARAGRAPH)
        write(f"{folder}/x.de", "Die Katze schläft auf dem Sofa. Das Brot ist noch warm.")
    printed = run("score", "out", "--reference", "ref", "--unit", "sentence")
    table = printed.split("OTR sentences %")[1].split("\n\n")
    assert "reference (floor)" in "\n\n".join(table[:3])
    assert "OTR sentences floor" not in printed


@pytest.mark.parametrize("command", ["score", "compare"])
def test_a_unit_that_is_none(write: Callable[..., str], command: str) -> None:
    files = [write("a.fr", *FRENCH), write("b.fr", *FRENCH)]
    message = "--unit 'sentense' is neither line nor sentence; did you mean 'sentence'?"
    assert message in error(command, *files, "--to", "fr", "--unit", "sentense")


LID = "import sys\nfor line in sys.stdin: print('fr' if ' le ' in f' {line}' else 'en', 0.9, sep='\\t')\n"


def test_a_command_identifies(write: Callable[..., str]) -> None:
    command = f"cmd: {shlex.join([sys.executable, write('my lid.py', LID), '--labels', 'fr,en'])}"
    hypothesis = write("hyp.fr", "Le chat dort.", "The cat sleeps.", "", "12")
    printed = json.loads(run("score", hypothesis, "--lid", command, "--json"))
    assert printed["otr"]["value"] == 50.0
    assert re.match(r"lid:cmd:python[\w.]*@[0-9a-f]{8}\|case:lower\|", printed["otr"]["signature"])
    both = json.loads(run("score", hypothesis, "--lid", f"lid.176, {command}", "--json"))
    assert both["otr"]["signature"].startswith("lid:lid.176.ftz|")
    assert both["otr_agreed"]["value"] == 50.0


def test_a_command_that_fails_leaves_nothing(write: Callable[..., str]) -> None:
    hypothesis = write("hyp.fr", *FRENCH)
    command = f"cmd: {shlex.quote(sys.executable)} -c 'raise SystemExit(7)'"
    said = error("score", hypothesis, "--lid", command, "--lines", "lines.csv")
    assert "failed with exit code 7" in said
    assert not Path("lines.csv").exists()
    assert "--languages cannot be combined with a command" in error(
        "score", hypothesis, "--lid", command, "--languages", "fr"
    )
    assert "there is no command after cmd:" in error("score", hypothesis, "--lid", "lid.176,cmd:")


def section(page: str, heading: str) -> str:
    """A section of a page in docs/how-to, up to the next of its rank or a higher one."""
    return re.split(
        r"^##? ", (HOW_TO / page).read_text(encoding="utf-8").split(f"# {heading}\n")[1], flags=re.MULTILINE
    )[0]


def blocks(text: str, kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def test_the_examples_of_an_own_identifier_do_what_they_say(
    write: Callable[..., str], capsys: pytest.CaptureFixture[str]
) -> None:
    text = section("identifiers.md", "Your own identifier")
    program, function = blocks(text, "python")
    Path("my-lid").write_text(program, encoding="utf-8")
    Path("my-lid").chmod(0o755)
    write("hyp.fr", "Le chat dort.", "The cat sleeps.")
    for line in blocks(text, "sh")[0].splitlines():
        assert json.loads(run(*shlex.split(line)[1:], "--json"))["otr"]["value"] == 50.0
    _as_it_says(function, capsys)


def test_the_example_of_sentences_does_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    [example] = blocks(section("long-lines.md", "Long lines, sentence by sentence"), "python")
    _as_it_says(example, capsys)


def _as_it_says(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Runs code in which a comment after each `print` has what it prints."""
    exec(compile(code, "docs/how-to", "exec"), {})
    assert capsys.readouterr().out.splitlines() == re.findall(r"^print\(.*\)  # (.*)$", code, re.MULTILINE)
