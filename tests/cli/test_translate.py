import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest
from typer.testing import CliRunner

from ontarget.cli.app import app

pytest.importorskip("torch", reason="needs the extra `train`")

from ontarget.checkpoints.context import ContextWindow
from ontarget.checkpoints.record import Tuned
from ontarget.cli import verdicts
from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.prompts.segment import Prompt, text_of
from ontarget.prompts.template import PromptTemplate
from ontarget.settings.decoding import Decoding, Prior
from ontarget.translation import translator
from ontarget.translation.engines.protocol import Capability
from ontarget.translation.hypothesis import Hypothesis
from ontarget.translation.system import System
from ontarget.translation.translator import Translator
from ontarget.translators import checked as checked_translator
from ontarget.translators.checked import CheckedTranslator


class Capitals:
    """Stands for a model: answers in capitals, or as `answers` says."""

    name = "capitals"
    capabilities = frozenset(Capability)
    context = ContextWindow(9, ends=True)
    answers: ClassVar[dict[str, list[str]]] = {}

    def generate(
        self, prompts: Sequence[Prompt], decoding: Decoding, *, count: int = 1, progress: Any = None, **_: Any
    ) -> list[list[Hypothesis]]:
        sources = [text_of(prompt).strip().split("\n")[-1] for prompt in prompts]
        if progress is not None:
            progress(len(prompts), len(prompts))
        return [
            [Hypothesis("", "too-long", 0.0, 0, len(source))]
            if source.startswith("long")
            else [
                Hypothesis(text, "length" if "…" in text else "stop", -1.0, 3)
                for text in self.answers.get(source, [source.upper()])[:count]
            ]
            for source in sources
        ]


class Upper(Translator):
    """Says how it was asked."""

    asked: ClassVar[list[dict[str, Any]]] = []

    def __init__(self, model: str, template: str | None = None, **options: Any) -> None:
        Upper.asked.append({"model": model, "template": template, **options})
        self.template = PromptTemplate.load("plain")
        self.engine = Capitals()  # type: ignore[assignment]
        self._tuned = None

    def doubts(self, direction: Direction) -> list[str]:
        return [f"{direction} is doubted"] if direction.target.code == "sv" else []


class Seen(CheckedTranslator):
    first: ClassVar[list[System]] = []

    def __init__(self, *given: Any, **how: Any) -> None:
        super().__init__(*given, **how)
        Seen.first.append(self.attempts[0].system)


@pytest.fixture(autouse=True)
def no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(translator, "Translator", Upper)
    monkeypatch.setattr(checked_translator, "CheckedTranslator", Seen)
    monkeypatch.setattr(Capitals, "answers", {})


@pytest.fixture
def nothing_translated(monkeypatch: pytest.MonkeyPatch) -> None:
    """For systems that need an engine with tokens."""
    monkeypatch.setattr(Seen, "translate", lambda *given, **how: [])


def run(*arguments: str, given: bytes = b"") -> Any:
    return CliRunner().invoke(app, ["translate", *arguments], input=given)


TO = ("--model", "some/model", "--from", "de", "--to", "fr")


def test_a_file(tmp_path: Path) -> None:
    file = tmp_path / "text.de"
    file.write_text("ein Hund\n\nzwei\u2028Hunde\r\n", encoding="utf-8", newline="")
    result = run(*TO, str(file), "--num-beams", "2", "--template", "plain", "--max-new-tokens", "9")
    assert result.exit_code == 0, result.output
    assert result.stdout_bytes.decode() == "EIN HUND\n\nZWEI HUNDE\n"
    expected = {"model": "some/model", "template": "plain", "trust_remote_code": False, "precision": "auto"}
    assert Upper.asked[-1] == expected
    assert Seen.first[-1].decoding == Decoding(2, 9)
    assert run(*TO, str(file), "--no-repeat-ngram-size", "3").exit_code == 0
    assert Seen.first[-1].decoding.no_repeat_ngram_size == 3


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (b"\n", b"\n"),
        (b"ein\n\nzwei", b"EIN\n\nZWEI\n"),
        (b"\xef\xbb\xbfein\r\nzwei\r\n", b"EIN\nZWEI\n"),
    ],
)
def test_standard_input_one_line_in_one_line_out(given: bytes, expected: bytes) -> None:
    result = run(*TO, given=given)
    assert result.exit_code == 0, result.output
    assert result.stdout_bytes == expected


@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.yaml", "a.po", "a.srt", "-"])
@pytest.mark.parametrize("more", [(), ("-o", "out"), ("--segment", "line")])
def test_an_input_without_a_byte_is_a_mistake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, more: tuple[str, ...]
) -> None:
    """It may come from a command that failed, so scripts should see it."""
    monkeypatch.chdir(tmp_path)
    if name != "-":
        Path(name).write_bytes(b"")
    more = tuple("out" + Path(name).suffix if one == "out" else one for one in more)
    result = run(*TO, name, *more)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"{'standard input' if name == '-' else repr(name)} is empty; " in result.stderr
    assert {path.name for path in tmp_path.iterdir()} <= {name}


def test_lines_that_are_too_long_are_left_empty_and_named() -> None:
    result = run(*TO, given=b"ein\nlong line\n\n" + b"long\n" * 6 + b"zwei\n")
    assert result.exit_code == 1
    assert result.stdout_bytes == b"EIN\n" + b"\n" * 8 + b"ZWEI\n"
    first, *others, last, summary, echo = result.stderr.splitlines()
    assert summary.startswith("10 lines checked: ")
    assert echo == "2 lines with a copy of the source (lines 1, 10)"
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
        ((*TO, "--retry", "pivots"), b"x", "there is no retry 'pivots'; did you mean 'pivot'?"),
        ((*TO, "--retry", "model:no/such/place"), b"x", "there is no model directory 'no/such/place'"),
        ((*TO, "--retry", "model:"), b"x", "--retry model: names no model"),
        ((*TO, "--retry", "rerank", "--num-beams", "1"), b"x", "a beam of 1 has only one hypothesis"),
        ((*TO, "--retry", "rerank", "--system", "retried"), b"x", "makes several passes itself"),
        ((*TO, "--no-check", "--strict"), b"x", "--strict needs the check; omit --no-check or --strict"),
        ((*TO, "--no-check", "--report", "x"), b"x", "--report needs the check"),
        ((*TO, "--report", "no/such/x"), b"x", "there is no folder 'no/such'"),
        ((*TO, "--lid", "linga"), b"x", "there is no identifier or model file 'linga'; did you mean"),
        (
            ("--model", "some/model", "--to", "fr", "--system", "pivot"),
            b"x",
            "the system 'pivot' needs to know the source language; name it with --from",
        ),
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


@pytest.mark.usefixtures("nothing_translated")
def test_a_system_that_learns_from_text(tmp_path: Path) -> None:
    for code, line in (("de", "ein Hund"), ("fr", "un chien")):
        (tmp_path / code).write_text(f"{line}\n", encoding="utf-8")
    text = [word for code in ("de", "fr") for word in ("--monolingual", f"{code}={tmp_path / code}")]
    how = ("--system", "language-prior", *text, "--num-beams", "2", "--no-repeat-ngram-size", "3")
    result = run(*TO, *how, given=b"Hund\n")
    assert result.exit_code == 0, result.output
    system = Seen.first[-1]
    assert (system.id, system.prior, system.decoding) == ("language-prior", Prior(), Decoding(2, 512, 1.0, 3))
    assert {str(code): list(lines) for code, lines in system.text.lines.items()} == {
        "de": ["ein Hund"],
        "fr": ["un chien"],
    }


def test_a_direction_that_the_model_was_not_tuned_on_is_told_on_standard_error() -> None:
    result = run("--model", "some/model", "--from", "de", "--to", "sv", given=b"ein\n")
    assert (result.exit_code, result.stdout) == (0, "EIN\n")
    assert "note: de-sv is doubted\n" in result.stderr
    assert "note: " not in run(*TO, given=b"ein\n").stderr


@pytest.mark.usefixtures("nothing_translated")
def test_a_system_that_needs_nothing_more() -> None:
    assert run(*TO, "--system", "first-token-contrast", given=b"Hund\n").exit_code == 0
    contrast = Seen.first[-1].contrast
    assert (contrast.first_tokens, contrast.against) == (1, (Language("en"),))
    assert run(*TO, "--system", "pivot", given=b"Hund\n").exit_code == 0
    assert Seen.first[-1].pivot == Language("en")
    assert run(*TO, "--system", "retried", given=b"Hund\n").exit_code == 0
    assert Seen.first[-1].rerank.retry == Language("en")


GERMAN = "Der Hund schläft heute auf dem Sofa."
FRENCH = "Le chien dort aujourd'hui sur le canapé."
ENGLISH = "The dog is sleeping on the sofa today."


def test_a_summary_tells_which_lines_are_in_another_language() -> None:
    Capitals.answers = {
        "eins": [FRENCH],
        "zwei": [ENGLISH],
        "drei": ["12"],
        "vier": ["Le chien dort sur le …"],
    }
    result = run(*TO, given=b"eins\nzwei\n\ndrei\nvier\n")
    assert (result.exit_code, result.stdout.split("\n")[:2]) == (0, [FRENCH, ENGLISH])
    assert result.stderr.splitlines() == [
        "5 lines checked: 2 on target, 1 off-target (1 English; line 2), 2 neutral",
        "1 line with a translation that is cut off; raise the maximum number of tokens, unless it repeats "
        "itself (line 5)",
    ]
    strict = run(*TO, "--strict", given=b"eins\nzwei\n")
    assert (strict.exit_code, strict.stdout) == (3, f"{FRENCH}\n{ENGLISH}\n")
    assert run(*TO, "--strict", given=b"eins\n").exit_code == 0
    Capitals.answers = {**Capitals.answers, "fünf Hunde": [". . . ."]}
    no_words = run(*TO, "--strict", given="fünf Hunde\n".encode())
    assert (no_words.exit_code, no_words.stdout) == (3, ". . . .\n")
    assert "1 line with a translation without any word (line 1)" in no_words.stderr
    silent = run(*TO, "--no-check", given=b"eins\nzwei\n")
    assert (silent.exit_code, silent.stdout, silent.stderr) == (0, strict.stdout, "")


def test_what_is_off_target_is_tried_again_on_request(tmp_path: Path) -> None:
    Capitals.answers = {"eins": [ENGLISH, FRENCH], "zwei": [ENGLISH, ENGLISH]}
    report = tmp_path / "report.jsonl"
    plain = run(*TO, given=b"eins\nzwei\n")
    assert plain.stdout == f"{ENGLISH}\n{ENGLISH}\n"
    result = run(*TO, "--retry", "rerank,pivot", "--report", str(report), "--strict", given=b"eins\nzwei\n")
    assert (result.exit_code, result.stdout) == (3, f"{FRENCH}\n{ENGLISH}\n")
    assert result.stderr.splitlines()[1] == (
        "tried again: 1 on target after re-ranking, 1 still off-target after all retries"
    )
    first, second = map(json.loads, report.read_text(encoding="utf-8").splitlines())
    assert first.pop("confidence") > 0.5
    assert first == {
        "line": 1,
        "source": "eins",
        "text": FRENCH,
        "direction": "de-fr",
        "outcome": "on_target",
        "language": "fr",
        "action": "reranked",
        "flags": [],
        "details": {},
        "finish_reason": "stop",
        "tokens": 3,
    }
    assert [second[key] for key in ("line", "outcome", "language", "action")] == [
        2,
        "off_target",
        "en",
        "failed",
    ]


@pytest.fixture
def other_model(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A second model, `other/model`; the models that are loaded, in order."""
    loaded = list[str]()

    class Two(Upper):
        def __init__(self, model: str, *given: Any, **options: Any) -> None:
            super().__init__(model, *given, **options)
            loaded.append(model)
            if model == "other/model":
                self.engine.answers = {GERMAN: [FRENCH]}  # type: ignore[misc]

    def on_hub(name: str) -> None:
        if name != "other/model":
            raise UserError(f"'{name}' is not on the Hub")

    monkeypatch.setattr(translator, "Translator", Two)
    monkeypatch.setattr(verdicts, "check_on_hub", on_hub)
    return loaded


def test_another_model_is_asked_for_the_lines_that_stay_off_target(other_model: list[str]) -> None:
    result = run(*TO, "--retry", "model:other/model", given=f"{GERMAN}\n12\n".encode())
    assert (result.exit_code, result.stdout) == (0, f"{FRENCH}\n12\n")
    assert "tried again: 1 on target by the other model" in result.stderr
    assert other_model == ["some/model", "other/model"]


def test_another_model_is_loaded_only_if_a_line_needs_it(
    other_model: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Capitals, "answers", {GERMAN: [FRENCH]})
    result = run(*TO, "--retry", "model:other/model", given=f"{GERMAN}\n".encode())
    assert (result.exit_code, result.stdout) == (0, f"{FRENCH}\n")
    assert other_model == ["some/model"]


def test_what_another_model_lacks_is_found_before_any_model_is_loaded(
    tmp_path: Path, other_model: list[str]
) -> None:
    (tmp_path / "other").mkdir()
    result = run(*TO, "--retry", f"model:{tmp_path / 'other'}", given=b"x\n")
    assert result.exit_code == 2
    assert "other' has no config.json, so it is not a model" in " ".join(result.stderr.split())
    assert other_model == []


def test_a_name_that_the_hub_lacks_is_found_before_any_model_is_loaded(other_model: list[str]) -> None:
    result = run(*TO, "--retry", "model:other/modle", given=b"x\n")
    assert (result.exit_code, result.stderr) == (2, "error: 'other/modle' is not on the Hub\n")
    assert other_model == []


def test_the_source_language_is_identified_line_by_line() -> None:
    Capitals.answers = {GERMAN: [FRENCH], ENGLISH: [FRENCH]}
    lines = f"{GERMAN}\n{ENGLISH}\n{FRENCH}\n"
    for source in ((), ("--from", "auto")):
        result = run("--model", "some/model", "--to", "fr", *source, given=lines.encode())
        assert (result.exit_code, result.stdout) == (0, f"{FRENCH}\n" * 3)
    assert result.stderr.splitlines()[1:] == [
        "1 line with text that is in the target language already and was kept (line 3)"
    ]
    swedish = run("--model", "some/model", "--to", "sv", given=f"{GERMAN}\n".encode())
    assert "note: de-sv is doubted" in swedish.stderr


def test_a_target_that_the_identifier_does_not_know_is_named() -> None:
    result = run("--model", "some/model", "--from", "it", "--to", "fur", given=b"ciao\n")
    assert (result.exit_code, result.stdout) == (0, "CIAO\n")
    assert "note: lid.176.ftz cannot recognise Friulian (fur); choose another one with --lid" in result.stderr


def test_lines_of_several_sentences_are_named_where_the_model_knows_single_ones(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Single(Upper):
        def __init__(self, *given: Any, **options: Any) -> None:
            super().__init__(*given, **options)
            self._tuned = Tuned((Language("de"), Language("fr")), (), single_sentences=True)

    lines = b"Guten Tag. Wie geht es Ihnen?\nGuten Tag.\n"
    said = "note: 1 of 2 lines have several sentences, but the model was tuned on single ones; split them"
    assert said not in run(*TO, given=lines).stderr
    monkeypatch.setattr(translator, "Translator", Single)
    assert said in run(*TO, given=lines).stderr
    assert "several sentences" not in run(*TO, given=b"Guten Tag.\n").stderr
