"""`ontarget translate -o`, with a model that only writes capitals."""

import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from tests.cli.test_translate import Capitals, Upper
from typer.testing import CliRunner

from ontarget.checkpoints.record import Tuned
from ontarget.cli.app import app
from ontarget.cli.bulk import BulkProgress, _progress
from ontarget.languages import Language
from ontarget.translation import translator

TO = ("--model", "some/model", "--from", "de", "--to", "fr")
PRIOR = ("--system", "language-prior", "--monolingual", "fr=made/a", "--monolingual", "de=text.de")
FRENCH = "Le chien dort aujourd'hui sur le canapé."
ENGLISH = "The dog is sleeping on the sofa today."


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(translator, "Translator", Upper)
    monkeypatch.setattr(Capitals, "answers", {"eins": [FRENCH], "zwei": [ENGLISH]})
    Upper.asked.clear()
    Path("text.de").write_text("eins\nzwei\n\n", encoding="utf-8")


def run(*arguments: str, given: bytes = b"") -> Any:
    return CliRunner().invoke(app, ["translate", *TO, *arguments], input=given)


def test_a_file_to_a_file() -> None:
    result = run("text.de", "-o", "text.fr.gz", "--report", "report")
    assert (result.exit_code, result.stdout) == (0, ""), result.output
    assert gzip.decompress(Path("text.fr.gz").read_bytes()).decode() == f"{FRENCH}\n{ENGLISH}\n\n"
    assert result.stderr.splitlines() == [
        "3 lines checked: 1 on target, 1 off-target (1 English; line 2), 1 neutral"
    ]
    rows = [json.loads(line) for line in Path("report").read_text(encoding="utf-8").splitlines()]
    assert [(row["file"], row["line"], row["outcome"]) for row in rows] == [
        ("text.de", 1, "on_target"),
        ("text.de", 2, "off_target"),
        ("text.de", 3, "neutral"),
    ]


def test_exit_codes_are_those_of_translate_without_output() -> None:
    assert run("text.de", "-o", "a", "--strict").exit_code == 3
    long = run("-o", "b", given=b"eins\nlong line\n")
    assert (long.exit_code, Path("b").read_text(encoding="utf-8")) == (1, f"{FRENCH}\n\n")
    assert "line 2 is too long and left empty" in long.stderr
    assert run("text.de", "-o", "c", "--no-check").stderr == ""


def test_several_files_and_folders() -> None:
    Path("in").mkdir()
    Path("in/a").write_text("eins\n", encoding="utf-8")
    Path("in/b").write_text("zwei\n", encoding="utf-8")
    result = run("in", "text.de", "-o", "out")
    assert result.exit_code == 0, result.output
    assert sorted(path.name for path in Path("out").iterdir()) == ["a", "b", "text.de"]
    assert Path("out/b").read_text(encoding="utf-8") == f"{ENGLISH}\n"
    assert "note: lines are numbered through all 3 files" in result.stderr


def test_a_killed_command_resumes_with_the_same_options_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ontarget.bulk.pace.SMALLEST", 1)
    monkeypatch.setattr("ontarget.bulk.pace.LARGEST", 1)
    generate = Capitals.generate

    def stopped(self: Capitals, prompts: Any, *given: Any, **how: Any) -> Any:
        if "zwei" in str(prompts):
            raise KeyboardInterrupt
        return generate(self, prompts, *given, **how)

    with monkeypatch.context() as patch:
        patch.setattr(Capitals, "generate", stopped)
        result = run("text.de", "-o", "out")
    assert result.exit_code == 130
    assert "stopped; run the same command again to resume" in result.stderr
    other = run("text.de", "-o", "out", "--num-beams", "2")
    assert other.exit_code == 2
    assert "is an unfinished translation with --num-beams 4; give the same options" in other.stderr
    result = run("text.de", "-o", "out")
    assert result.exit_code == 0
    assert "resuming: 1 of 3 lines were translated before" in result.stderr
    assert "3 lines checked" in result.stderr
    assert Path("out").read_text(encoding="utf-8") == f"{FRENCH}\n{ENGLISH}\n\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("text.de", "text.de"), "several files or a folder need --output"),
        (("text.de", "--overwrite"), "--overwrite needs --output"),
        (("text.de", "--on", "ray"), "--on needs --output"),
        (("text.de", "-o", "-"), "--output '-' is not a file; omit it"),
        (("text.de", "-o", "no/out"), "--output 'no/out' cannot be written: there is no folder 'no'"),
        (
            ("text.de", "-o", "out", "--on", "spark"),
            "--on 'spark' is not valid; write ray, or ray://HOST:PORT",
        ),
        (("text.de", "-o", "text.de"), "would overwrite the input"),
        (
            ("text.de", "-o", "out", "--report", "out"),
            "--report 'out' and --output would overwrite each other",
        ),
        (("text.de", "-o", "out", "--report", "in/../out"), "and --output would overwrite each other"),
        (("text.de", "-o", "out", "--report", "text.de"), "--report 'text.de' is an input file"),
        (("texts", "-o", "out", "--report", "texts/a"), "--report 'texts/a' is an input file"),
        (
            ("texts", "-o", "out", "--report", "in/../texts/new"),
            "--report 'in/../texts/new' is in the input folder 'texts'; choose a path outside",
        ),
        (("texts", "-o", "made", "--report", "made/a"), "would overwrite each other"),
        (("text.de", "-o", "rest", "--report", "rest.part/x"), "would overwrite each other"),
        (("text.de", "-o", "t.yaml", "--overwrite", "--template", "t.yaml"), "--output 't.yaml' is an input"),
        (("texts", "-o", "made", "--overwrite", *PRIOR), "--output 'made/a' is an input file"),
        (("text.de", "-o", "out", "--column", "de"), "(.tsv), but 'text.de' is neither; save it as one of"),
        (("text.de", "--column", "de"), "but 'text.de' is neither; save it as one of them, or omit --column"),
        (("missing.de", "-o", "out"), "there is no file 'missing.de'"),
    ],
)
def test_mistakes_are_said_in_a_sentence_before_a_model_is_loaded(
    arguments: tuple[str, ...], sentence: str
) -> None:
    Path("in").mkdir()
    Path("in/page.html").write_text("<p>eins</p>", encoding="utf-8")
    for name in ("texts/a", "made/a", "rest.part/x", "t.yaml"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text("un\n", encoding="utf-8")
    before = sorted(Path().rglob("*"))
    result = run(*arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert sentence in " ".join(result.stderr.split())
    assert sorted(Path().rglob("*")) == before
    assert not Upper.asked


def test_the_first_lines_tell_the_language_of_short_ones_in_a_later_shard(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, lines in (("SMALLEST", 2), ("LARGEST", 2), ("_STEP", 1)):
        monkeypatch.setattr(f"ontarget.bulk.pace.{name}", lines)
    italian = "Il file non è stato trovato nella cartella dei documenti.\n"
    Path("text").write_text(italian * 2 + "Salva\nAnnulla\n", encoding="utf-8")
    result = CliRunner().invoke(
        app, ["translate", "--model", "some/model", "--to", "en", "text", "-o", "out"]
    )
    assert result.exit_code == 0, result.output
    assert Path("out").read_text(encoding="utf-8") == italian.upper() * 2 + "SALVA\nANNULLA\n"


def test_lines_of_several_sentences_are_named_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    class OfSentences(Upper):
        def __init__(self, *given: Any, **options: Any) -> None:
            super().__init__(*given, **options)
            self._tuned = Tuned((Language("de"), Language("fr")), (), single_sentences=True)

    monkeypatch.setattr(translator, "Translator", OfSentences)
    Path("text.de").write_text("Guten Tag. Wie geht es Ihnen?\nGut.\n", encoding="utf-8")
    result = run("text.de", "-o", "out")
    assert "note: 1 of 2 lines have several sentences, but the model was tuned on single" in result.stderr
    Path("many").write_text("Guten Tag. Wie geht es Ihnen?\n" * 501, encoding="utf-8")
    assert "note: 500 of the first 500 lines have several sentences" in run("many", "-o", "to").stderr


def test_progress_has_speed_and_time_left() -> None:
    assert _progress(12_000, 1_000_000, 0, 0.0) == "12,000 of 1,000,000 lines"
    assert _progress(12_000, 1_000_000, 2_000, 50.0) == (
        "12,000 of 1,000,000 lines, 40.0 lines/s, 6:51:40 left"
    )
    assert _progress(50_000, 100_000, 50_000, 100.0).endswith("lines, 500 lines/s, 1:40 left")


def test_without_a_terminal_progress_is_a_line_a_minute() -> None:
    times = iter([0.0, 30.0, 61.0, 90.0, 130.0])
    console = Console(file=io.StringIO(), width=100)
    with BulkProgress(console, clock=lambda: next(times)) as progress:
        for done in (100, 130, 161, 190, 230):
            progress.advance(done, 1000)
    assert console.file.getvalue().splitlines() == [  # type: ignore[attr-defined]
        "161 of 1,000 lines, 1.0 lines/s, 13:59 left",
        "230 of 1,000 lines, 1.0 lines/s, 12:50 left",
    ]
