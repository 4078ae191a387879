from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ontarget.cli.app import app

pytest.importorskip("torch", reason="needs the extra `train`")

from ontarget.checkpoints.context import ContextWindow
from ontarget.languages import Direction, Language
from ontarget.prompts.template import PromptTemplate
from ontarget.settings.decoding import Decoding, Prior
from ontarget.translation import translator
from ontarget.translation.hypothesis import Hypothesis


class Upper:
    """Stands for a model: answers in capitals, and says how it was asked."""

    asked: dict[str, Any]

    def __init__(self, model: str, template: str | None = None, **options: Any) -> None:
        Upper.asked = {"model": model, "template": template, **options}
        self.template = PromptTemplate.load("plain")
        self.context = ContextWindow(9, ends=True)

    def doubts(self, direction: Direction) -> list[str]:
        return [f"{direction} is doubted"] if direction.target.code == "sv" else []

    def hypotheses(
        self, texts: list[str], source: Any, target: Any, progress: Any, **how: Any
    ) -> list[Hypothesis]:
        Upper.asked |= {"source": str(source), "target": str(target), **how}
        progress(len(texts), len(texts))
        return [
            Hypothesis("", "too-long", 0.0, 0, len(text))
            if text.startswith("long")
            else Hypothesis(text.upper(), "stop", -1.0, 3)
            for text in texts
        ]


@pytest.fixture(autouse=True)
def no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(translator, "Translator", Upper)


def run(*arguments: str, given: bytes = b"") -> Any:
    return CliRunner().invoke(app, ["translate", *arguments], input=given)


TO = ("--model", "some/model", "--from", "de", "--to", "fr")


def test_a_file(tmp_path: Path) -> None:
    file = tmp_path / "text.de"
    file.write_text("ein Hund\n\nzwei\u2028Hunde\r\n", encoding="utf-8", newline="")
    result = run(*TO, str(file), "--num-beams", "2", "--template", "plain", "--max-new-tokens", "9")
    assert result.exit_code == 0, result.output
    assert result.stdout_bytes.decode() == "EIN HUND\n\nZWEI\u2028HUNDE\n"
    assert Upper.asked == {
        "model": "some/model",
        "template": "plain",
        "trust_remote_code": False,
        "source": "de",
        "target": "fr",
        "num_beams": 2,
        "max_new_tokens": 9,
        "no_repeat_ngram_size": None,
    }
    assert run(*TO, str(file), "--no-repeat-ngram-size", "3").exit_code == 0
    assert Upper.asked["no_repeat_ngram_size"] == 3


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (b"", b""),
        (b"\n", b"\n"),
        (b"ein\n\nzwei", b"EIN\n\nZWEI\n"),
        (b"\xef\xbb\xbfein\r\nzwei\r\n", b"EIN\nZWEI\n"),
    ],
)
def test_standard_input_one_line_in_one_line_out(given: bytes, expected: bytes) -> None:
    result = run(*TO, given=given)
    assert result.exit_code == 0, result.output
    assert result.stdout_bytes == expected


def test_lines_that_are_too_long_are_left_empty_and_named() -> None:
    result = run(*TO, given=b"ein\nlong line\n\n" + b"long\n" * 6 + b"zwei\n")
    assert result.exit_code == 1
    assert result.stdout_bytes == b"EIN\n" + b"\n" * 8 + b"ZWEI\n"
    first, *others, last, note = result.stderr.splitlines()
    assert note == "note: 1 of 10 lines may contain words that are not French (line 10: ZWEI)"
    assert first.startswith(
        "line 2 is too long and left empty: with its prompt it has 9 tokens, but the model "
    )
    assert "takes 9, output included; split it" in first
    assert [line.split(" is ")[0] for line in others] == ["line 4", "line 5", "line 6", "line 7"]
    assert last == "2 more lines are too long and left empty"


@pytest.mark.parametrize(
    ("arguments", "given", "sentence"),
    [
        (TO, b"gut\n\xff", "standard input is not UTF-8: line 2, byte 4"),
        ((*TO, "no-such-file.de"), b"", "there is no file 'no-such-file.de'"),
        (("--model", "m", "--from", "de", "--to", "frr-x"), b"x", "unknown language 'frr-x'"),
        (("--model", "m", "--from", "de", "--to", "de"), b"x", "both de"),
        ((*TO, "--template", "alpacca"), b"x", "did you mean 'alpaca'"),
        ((*TO, "--system", "anti-ml"), b"x", "there is no system 'anti-ml'; did you mean 'anti-lm'?"),
        ((*TO, "--system", "1-shot"), b"x", "the system '1-shot' needs demonstrations"),
        (
            (*TO, "--system", "language-prior"),
            b"x",
            "'language-prior' needs monolingual text; give --monolingual fr",
        ),
        (
            (*TO, "--system", "anti-lm", "--monolingual", "fr=x"),
            b"x",
            "--monolingual needs a system that uses",
        ),
        ((*TO, "--system", "reranked", "--num-beams", "1"), b"x", "a beam of 1 has only one hypothesis"),
        ((*TO, "--monolingual", "fr=x"), b"x", "--monolingual needs a system that uses"),
        (
            (*TO, "--system", "token-boosting", "--monolingual", "fr"),
            b"x",
            "--monolingual 'fr' is not valid; write LANGUAGE=FILE",
        ),
        ((*TO, "--system", "token-boosting", "--monolingual", "fr=no"), b"x", "there is no file 'no'"),
    ],
)
def test_mistakes_are_said_in_a_sentence(arguments: tuple[str, ...], given: bytes, sentence: str) -> None:
    result = run(*arguments, given=given)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert sentence in " ".join(result.stderr.split())


def test_a_system_that_learns_from_text(tmp_path: Path) -> None:
    for code, line in (("de", "ein Hund"), ("fr", "un chien")):
        (tmp_path / code).write_text(f"{line}\n", encoding="utf-8")
    text = [word for code in ("de", "fr") for word in ("--monolingual", f"{code}={tmp_path / code}")]
    how = ("--system", "language-prior", *text, "--num-beams", "2", "--no-repeat-ngram-size", "3")
    result = run(*TO, *how, given=b"Hund\n")
    assert result.exit_code == 0, result.output
    system = Upper.asked["system"]
    assert (system.id, system.prior, system.decoding) == ("language-prior", Prior(), Decoding(2, 512, 1.0, 3))
    assert {str(code): list(lines) for code, lines in system.text.lines.items()} == {
        "de": ["ein Hund"],
        "fr": ["un chien"],
    }


def test_a_direction_that_the_model_was_not_tuned_on_is_told_on_standard_error() -> None:
    result = run("--model", "some/model", "--from", "de", "--to", "sv", given=b"ein\n")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "EIN\n", "note: de-sv is doubted\n")
    assert run(*TO, given=b"ein\n").stderr == ""


def test_a_system_that_needs_nothing_more() -> None:
    assert run(*TO, "--system", "first-token-contrast", given=b"Hund\n").exit_code == 0
    contrast = Upper.asked["system"].contrast
    assert (contrast.first_tokens, contrast.against) == (1, (Language("en"),))
    assert run(*TO, "--system", "pivot", given=b"Hund\n").exit_code == 0
    assert Upper.asked["system"].pivot == Language("en")
    assert run(*TO, "--system", "retried", given=b"Hund\n").exit_code == 0
    assert Upper.asked["system"].rerank.retry == Language("en")
