"""`--monolingual`: text of single languages."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from ontarget.cli.app import app
from ontarget.cli.monolingual import word_counts
from ontarget.languages import Language

FR, DE = Language("fr"), Language("de")


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, text in (
        ("hyp", "le chat schläft\n"),
        ("text.fr", "le chat dort dans la maison\n" * 50),
        ("text.de", "die katze schläft gern\n" * 50),
        ("numbers", "12\n"),
    ):
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["score", "hyp", "--to", "fr", *arguments])
    return result.exit_code, result.output


def test_a_word_that_is_rare_in_the_target_language_is_left_over(files: Path) -> None:
    text = ("--monolingual", "fr=text.fr", "--monolingual", "de=text.de")
    code, output = run("--metrics", "leftover", *text, "--lines", "lines.csv")
    assert code == 0, output
    assert "33.33" in output
    assert "text:de.200+fr.300/20x5" in output
    header, row = (files / "lines.csv").read_text(encoding="utf-8").splitlines()
    assert header.endswith(",leftover,leftover_words,text")
    assert row.endswith(",33.3333,schläft,le chat schläft")


def test_files_are_counted_by_language(files: Path) -> None:
    counts = word_counts(["fr=text.fr", "de=text.de"], ["leftover"], [FR])
    assert {language: found.n for language, found in counts.items()} == {FR: 300, DE: 200}
    assert word_counts([], ["bleu"], [FR]) == {}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["fr=text.fr"], "--monolingual affects only leftover, but --metrics is bleu, chrf; add leftover"),
        (["text.fr", "--metrics", "leftover"], "--monolingual 'text.fr' is not valid; write LANGUAGE=FILE"),
        (["fr=", "--metrics", "leftover"], "--monolingual 'fr=' is not valid; write LANGUAGE=FILE"),
        (["frr-x=text.fr", "--metrics", "leftover"], "unknown language 'frr-x'"),
        (["fr=none", "--metrics", "leftover"], "there is no file 'none'"),
        (["fr=numbers", "--metrics", "leftover"], "'numbers' contains no words; give a file with text"),
        (["de=text.de", "--metrics", "leftover"], "--monolingual needs text in the target language French"),
        (
            ["fr=text.fr", "--monolingual", "fra=text.de", "--metrics", "leftover"],
            "--monolingual names fr twice; give one file for each language",
        ),
    ],
)
def test_a_mistake_is_one_sentence(files: Path, arguments: list[str], sentence: str) -> None:
    code, output = run("--monolingual", *arguments, "--lines", "lines.csv")
    assert code == 2
    assert sentence in " ".join(output.split())
    assert not (files / "lines.csv").exists()
