import json
import subprocess
import sys
from pathlib import Path

import pytest

from ontarget.errors import UserError
from ontarget.languages import Language
from ontarget.scoring.metrics import sacrebleu as module
from ontarget.scoring.metrics.bleu import bleu, chrf

FRENCH = (
    ["Le chat dort sur le canapé .", "Il a payé 3,50 € pour deux cafés.", "", "On part demain, à l'aube !"],
    [
        "Le chat dort sur le canapé.",
        "Il a payé 3,50 € les deux cafés.",
        "Rien à dire.",
        "Nous partons à l'aube demain !",
    ],
)
CHINESE = (
    ["猫在沙发上睡觉。", "他花了3.50欧元买了两杯咖啡。", "我们明天出发！"],
    ["那只猫正在沙发上睡觉。", "他花3.50欧元买了两杯咖啡。", "我们明天黎明就出发！"],
)


@pytest.mark.parametrize(
    ("texts", "code", "tokenizer"), [(FRENCH, "fr", "13a"), (CHINESE, "zh", "zh"), (CHINESE, "zh-Hant", "zh")]
)
def test_equals_the_command_line_of_sacrebleu_to_the_digit(
    tmp_path: Path, texts: tuple[list[str], list[str]], code: str, tokenizer: str
) -> None:
    for name, lines in zip(("hyp", "ref"), texts, strict=True):
        (tmp_path / name).write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "sacrebleu",
        "ref",
        "-i",
        "hyp",
        "-m",
        "bleu",
        "chrf",
        "-tok",
        tokenizer,
        "-w",
        "12",
    ]
    output = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True, encoding="utf-8").stdout
    by_command = {score["name"]: score for score in json.loads(output)}

    hypotheses, references = texts
    ours = {"BLEU": bleu(hypotheses, references, Language(code)), "chrF2": chrf(hypotheses, references)}
    for name, score in ours.items():
        assert 10 < score.value < 90
        assert round(score.value, 12) == by_command[name]["score"]
        assert score.signature == by_command[name]["signature"]
        assert score.n == len(hypotheses)


def test_the_tokenizer_is_the_target_languages() -> None:
    """With the wrong one a Chinese sentence is a single word."""
    assert bleu(*CHINESE, Language("zh")).value > 3 * bleu(*CHINESE, Language("fr")).value


def test_the_signatures_say_which_bleu_and_that_chrf_is_without_words() -> None:
    assert "|tok:zh|" in bleu(*CHINESE, Language("zh")).signature
    assert "|nw:0|" in chrf(*FRENCH).signature


def test_a_perfect_translation_scores_100() -> None:
    references = FRENCH[1]
    assert bleu(references, references, Language("fr")).value == pytest.approx(100.0)
    assert chrf(references, references).value == pytest.approx(100.0)


@pytest.mark.parametrize(("code", "extra"), [("ja", "ja"), ("ko", "ko")])
def test_a_missing_tokenizer_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, code: str, extra: str
) -> None:
    def unavailable(self: object, tokenize: str, **_: object) -> None:
        raise RuntimeError(f"{tokenize} requires extra dependencies")

    monkeypatch.setattr(module.BLEU, "__init__", unavailable)
    with pytest.raises(UserError, match=rf"pip install 'ontarget\[{extra}\]'"):
        bleu(["a"], ["b"], Language(code))


def test_line_counts_that_differ_name_both() -> None:
    with pytest.raises(UserError, match="2 hypotheses but 1 reference;"):
        bleu(["a", "b"], ["a"], Language("fr"))
    with pytest.raises(UserError, match="1 hypothesis but 2 references"):
        chrf(["a"], ["a", "b"])


def test_no_lines_is_an_error() -> None:
    with pytest.raises(UserError, match="no hypotheses"):
        bleu([], [], Language("fr"))
