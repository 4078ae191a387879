"""Labels and probabilities against those of the fastText library, loading the same bytes."""

import gzip
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import fasttext
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.scoring.language_id.fasttext.toy import (
    HIERARCHICAL,
    LABELS,
    NEGATIVE,
    ONE_AGAINST_ALL,
    SOFTMAX,
    WORDS,
    toy,
)

from ontarget.scoring.language_id.fasttext.file import read_fasttext
from ontarget.scoring.language_id.fasttext.model import FastTextModel
from ontarget.scoring.language_id.identifier import bundled

TEXTS = (
    "The train to Utrecht leaves half an hour late today.",
    "De trein naar Utrecht vertrekt vandaag een half uur later.",
    "Кот спит на диване, а собака во дворе.",
    "大阪行きの電車は、今日は残念ながら三十分遅れて出発します。",
    "猫在沙发上睡觉。",
    "القطة نائمة على الأريكة.",
    "החתולה ישנה על הספה.",
    "बिल्ली सोफ़े पर सो रही है।",
    "แมวนอนอยู่บนโซฟา",
    "고양이가 소파에서 자고 있다.",
    "Η γάτα κοιμάται στον καναπέ.",
    "a I 1 . the the the кот 猫",
    "👩‍👩‍👧 🙂🙂 \U0010ffff",
    "tab\tnewline\nreturn\rvertical\vform\fNUL\0end\u00a0no blank\u2003nor this\x1cnor this\x85",
    "< > <> <<< >>> <the> </s>x x</s>",
    "__label__en __label__fr __label__ #a the __label",
    "",
    " \n\0\t ",
    "x",
    "the",
    "e\u0301\u0323 \ufeff \ufffd",
    "long" * 3000 + " " + "猫犬" * 3000 + " end",
    "word " * 5000,
)


@cache
def library(path: Path) -> Callable[[str], dict[str, float]]:
    """fastText's own probability of each label for a text."""
    predict = fasttext.load_model(str(path)).f.predict

    def ask(text: str) -> dict[str, float]:
        line = text.replace("\n", " ") + "\n"  # it reads one line
        return {label: probability for probability, label in predict(line, -1, -1.0, "strict")}

    return ask


def near(text: str) -> float:
    """How far apart probabilities may be: the library adds row after row in 32 bits, and errors add up."""
    return 2e-6 + 5e-9 * len(text)


def agree(path: Path, texts: Sequence[str]) -> None:
    """Every label's probability is the library's, and the best label is the best."""
    model, ask = FastTextModel(read_fasttext(path)), library(path)
    best = list(model.best(texts))
    of_labels = [
        [(number, value) for _, _, value in model.best(texts, of=[number])]
        for number in range(len(model.labels))
    ]
    for text, (number, probability, _), *answers in zip(texts, best, *of_labels, strict=True):
        found = {model.labels[number]: value for number, value in answers}
        # Of a text of which the model has nothing the library says nothing.
        expected = ask(text) or dict.fromkeys(model.labels, 0.0)
        assert found == pytest.approx(expected, abs=near(text))
        assert probability == max(found.values()) == found[model.labels[number]]


BUNDLED = FastTextModel(read_fasttext(bundled()))
MODELS = {
    "dense, softmax": toy(SOFTMAX),
    "dense, hierarchical softmax": toy(HIERARCHICAL),
    "dense, one against all": toy(ONE_AGAINST_ALL),
    "dense, negative sampling": toy(NEGATIVE),
    "no n-grams": toy(ngrams=(0, 0), buckets=0),
    "n-grams of one": toy(ngrams=(1, 2)),
    "n-grams of any length": toy(ngrams=(0, 3)),
    "long n-grams": toy(ngrams=(3, 9)),
    "no lengths of n-grams": toy(ngrams=(3, 2)),
    "pairs of words": toy(word_ngrams=2),
    "five words and no n-grams": toy(ngrams=(0, 0), word_ngrams=5),
    "no end of a text": toy(words=WORDS[1:], ngrams=(0, 0), buckets=0),
    "labels by another prefix": toy(labels=["#a", "猫犬", "the"], words=["</s>", "a"]),
    "one label": toy(HIERARCHICAL, labels=["__label__x"]),
    "many labels": toy(HIERARCHICAL, labels=[f"__label__{k}" for k in range(60)]),
    "quantised": toy(HIERARCHICAL, quantised=True),
    "quantised, with norms": toy(quantised=True, norms=True, dimensions=6),
    "quantised, output too": toy(HIERARCHICAL, quantised=True, norms=True, output_too=True),
    "one dimension": toy(quantised=True, dimensions=1),
    "pruned": toy(quantised=True, kept=15),
    "pruned, pairs of words": toy(quantised=True, kept=15, word_ngrams=3),
    "pruned of all": toy(quantised=True, kept=0),
    "an old version": toy(version=11),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_toy_model_answers_as_in_the_library(name: str, tmp_path: Path) -> None:
    path = tmp_path / "toy.bin"
    path.write_bytes(MODELS[name])
    agree(path, TEXTS)


def test_the_bundled_model_answers_as_in_the_library() -> None:
    agree(bundled(), TEXTS)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=50), min_size=1, max_size=6))
@example(["", "", "a"])
def test_any_text_is_answered_as_in_the_library(texts: list[str]) -> None:
    texts = [text.replace("</s>", "") for text in texts]
    for text, (number, probability, _) in zip(texts, BUNDLED.best(texts), strict=True):
        expected = library(bundled())(text)
        assert probability == pytest.approx(expected[BUNDLED.labels[number]], abs=near(text))
        assert probability == pytest.approx(max(expected.values()), abs=near(text))


@pytest.mark.parametrize(("stem", "lines"), [("flores200/devtest", 33_396), ("ntrex/newstest2019", 65_901)])
def test_human_text_in_33_languages_has_the_librarys_labels(shared_data: Path, stem: str, lines: int) -> None:
    predict = fasttext.load_model(str(bundled())).f.predict
    seen = 0
    for file in sorted(shared_data.glob(f"{stem}.*.gz")):
        texts = gzip.decompress(file.read_bytes()).decode("utf-8").removesuffix("\n").split("\n")
        for text, (number, probability, _) in zip(texts, BUNDLED.best(texts), strict=True):
            [(expected, label)] = predict(f"{text}\n", 1, 0.0, "strict")
            assert BUNDLED.labels[number] == label, text
            assert abs(probability - expected) < 1e-6
        seen += len(texts)
    assert seen == lines


def test_a_matrix_that_stays_in_its_file_gives_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ontarget.scoring.language_id.fasttext.model._IN_MEMORY", 0)
    for name in ("dense, softmax", "quantised, with norms", "pruned, pairs of words"):
        path = tmp_path / f"{name}.bin"
        path.write_bytes(MODELS[name])
        agree(path, TEXTS)


def test_a_text_is_answered_the_same_in_any_company(monkeypatch: pytest.MonkeyPatch) -> None:
    """To the last digit: neither other texts nor where a batch ends may tip a close call."""
    model = BUNDLED
    texts = [*TEXTS, *(text[::-1] for text in TEXTS)]
    alone = [answer for text in texts for answer in model.best([text])]
    assert list(model.best(texts)) == alone
    assert list(model.best(texts[::-1]))[::-1] == alone
    monkeypatch.setattr("ontarget.scoring.language_id.fasttext.model._TEXTS", 3)
    assert list(model.best(texts)) == alone
    monkeypatch.setattr("ontarget.scoring.language_id.fasttext.model._CHARACTERS", 100)
    assert list(model.best(texts)) == alone
    assert list(model.best([])) == []


def test_half_a_surrogate_pair_is_a_question_mark() -> None:
    model = BUNDLED
    assert list(model.best(["half \ud83d a pair"])) == list(model.best(["half ? a pair"]))


def test_of_equal_labels_the_last_is_chosen_as_in_the_library(tmp_path: Path) -> None:
    """Where the logistic function is 1 for several."""
    path = tmp_path / "toy.bin"
    content = toy(ONE_AGAINST_ALL, words=["</s>"], ngrams=(0, 0), buckets=0, dimensions=1)
    path.write_bytes(content[: -4 * len(LABELS)] + np.full(len(LABELS), 99, "<f4").tobytes())
    sign = read_fasttext(path).rows.take(np.array([0]))[0, 0]
    values = np.array([99, 99, -99, 99, -99]) * sign
    path.write_bytes(content[: -4 * len(LABELS)] + (values * 99).astype("<f4").tobytes())
    model = FastTextModel(read_fasttext(path))
    [[(probability, label)]] = [fasttext.load_model(str(path)).f.predict("x\n", 1, 0.0, "strict")]
    [(number, ours, _)] = model.best(["x"])
    assert (model.labels[number], ours) == (label, pytest.approx(probability))
    assert label == LABELS[3]
