"""The tutorials work as they are written: their files, their commands, and what they say is printed."""

import json
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ontarget.cli.app import app

TUTORIALS = Path(__file__).parents[1] / "docs" / "tutorials"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def blocks(page: str) -> list[tuple[str, str]]:
    return BLOCK.findall((TUTORIALS / page).read_text(encoding="utf-8"))


def run(command: str) -> str:
    words = shlex.split(command)
    assert words[0] == "ontarget"
    result = CliRunner().invoke(app, words[1:], env={"COLUMNS": "200", "TERM": "dumb"})
    assert result.exit_code == 0, result.output
    return result.stdout


def without_margins(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip("\n").split("\n")]


def test_score_your_system_prints_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    compared, printed = 0, ""
    for kind, text in blocks("score-your-system.md"):
        if kind == "python":
            exec(compile(text, "score-your-system.md", "exec"), {})
        elif kind == "sh" and not text.startswith("pip "):
            printed = "".join(run(line) for line in text.strip().split("\n"))
        elif kind == "bash":
            printed = subprocess.run(["sh", "-c", text], check=True, capture_output=True, text=True).stdout
        elif kind == "text" and printed:
            if "tabular" in text:  # without the signatures, and without the output of the second command
                printed = printed.partition("\n\n%")[0]
            assert without_margins(printed) == without_margins(text)
            compared += 1
        elif kind == "csv":
            assert Path("lines.csv").read_text(encoding="utf-8") == text
            compared += 1
    assert compared == 5


def test_two_systems_from_python_are_scored_as_by_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The example of docs/how-to/python.md, with the files of the tutorial."""
    monkeypatch.chdir(tmp_path)
    [files] = [text for kind, text in blocks("score-your-system.md") if kind == "python"]
    exec(compile(files, "score-your-system.md", "exec"), {})
    page = (TUTORIALS.parent / "how-to" / "python.md").read_text(encoding="utf-8")
    [(_, example), (_, output)] = BLOCK.findall(page.partition("### Two systems")[2].partition("\n## ")[0])
    exec(compile(example, "python.md", "exec"), {})
    assert capsys.readouterr().out == output
    rows = json.loads(run("ontarget compare outputs --reference references --by-direction --json"))
    tests = [row for row in rows if row["p"] is not None and not row["metric"].endswith("on_target")]
    assert len(tests) == 3 * 4
    for row in tests:
        group = row["group"].partition(" of ")[0]
        figures = (
            f"{row['difference']:+.2f} [{row['low']:+.2f}, {row['high']:+.2f}], p (Holm) {row['p_holm']:.4f}"
        )
        assert f"{row['metric']} {group}: {figures}\n" in output


@pytest.mark.slow
def test_tune_your_model_works_from_tsv_files_to_a_translation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a tiny random model in the place of the Hub's, and a step of each stage."""
    torch = pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    page = blocks("tune-your-model.md")
    make_tiny_model(Path("tiny"), torch)
    [pairs, triples] = [text for kind, text in page if kind == "text"]
    more = [(f"Das ist Haus {n}.", f"This is house {n}.", f"C'est la maison {n}.") for n in range(40)]
    write(Path("data", "de-en.tsv"), [*pairs.strip().split("\n"), *(f"{de}\t{en}" for de, en, _ in more)])
    write(Path("data", "fr-en.tsv"), ["fr\ten", *(f"{fr}\t{en}" for _, en, fr in more)])
    write(Path("data", "test.tsv"), triples.strip().split("\n"))
    write(Path("text.de"), ["Wo ist der Bahnhof?"])
    held_out, recipe = [text for kind, text in page if kind == "yaml"]
    quick = re.sub(r"epochs: 1|(max_)?steps: 100", lambda found: found[0].replace("100", "1"), recipe)
    quick = quick.replace("HuggingFaceTB/SmolLM2-135M", "tiny") + "decoding: {max_new_tokens: 4}\n"
    Path("mine.yaml").write_text(quick, encoding="utf-8")
    for kind, text in page:
        if kind == "sh" and not text.startswith("pip "):
            for line in text.strip().split("\n"):
                command, _, output = line.partition(" > ")
                printed = run(f"{command} --max-new-tokens 4" if output else command)
                assert printed
    without_test = "".join(line for line in quick.splitlines(True) if "test: data" not in line) + held_out
    Path("held-out.yaml").write_text(without_test.replace("test: 500", "test: 5"), encoding="utf-8")
    assert "0 zero-shot directions: ok" in run("ontarget recipes check held-out.yaml --deep")
    [python] = [text for kind, text in page if kind == "python"]
    names: dict[str, Any] = {}
    exec(compile(python, "tune-your-model.md", "exec"), names)
    assert Path("runs/mine/report.html").exists()


def write(path: Path, lines: list[str]) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def make_tiny_model(folder: Path, torch: Any) -> None:
    from ontarget.settings.model_shape import ModelShape
    from ontarget.training.new_model import make_model, make_tokenizer

    lines = [
        "Die Katze schläft auf dem Sofa.",
        "The cat sleeps on the sofa.",
        "Le chat dort sur le canapé.",
    ] * 5
    tokenizer = make_tokenizer(lines, 300)
    shape = ModelShape(vocabulary=300, hidden=16, layers=1, heads=2, intermediate=32)
    make_model(shape, tokenizer, 512, seed=1).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
