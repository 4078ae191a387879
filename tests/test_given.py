"""What a caller from Python gives."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ontarget
from ontarget import given
from ontarget.corpora.instructions import Instruction
from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.scoring.confusion import confusion_matrix, language_confusion
from ontarget.scoring.metrics.bleu import bleu, chrf, sentence_chrf
from ontarget.scoring.metrics.sacrebleu import Metric
from ontarget.scoring.off_target import breakdown, outcomes, strict_off_target_ratio
from ontarget.scoring.significance import mean_of_segments, mean_value, paired_test
from ontarget.scoring.switch import first_off_words

NAN = float("nan")


class Frame:
    """Like a data frame: two dimensions, and an iterator over the names of its columns."""

    ndim = 2

    def __iter__(self) -> Iterator[str]:
        return iter(["hypothesis"])

    def __repr__(self) -> str:
        return "   hypothesis\n0  Hallo"


# What is no list of texts -> what is said of it.
NO_LISTS: list[tuple[Any, str]] = [
    (None, "are None; give a list of strings, one for each segment"),
    (NAN, "are nan; give a list of strings, one for each segment"),
    (np.nan, "are nan; give a list of strings"),
    (3, "are 3; give a list of strings"),
    (True, "are True; give a list of strings"),
    ("Hallo", "are one string; give a list of strings, one for each segment"),
    ("", "are one string; give a list of strings"),
    (b"Hallo", "are bytes, not text; give a list of strings"),
    ({"de": "Hallo"}, "are {'de': 'Hallo'}; give a list of strings"),
    ({"Hallo"}, "are {'Hallo'}; give a list of strings"),
    (Frame(), "are hypothesis 0 Hallo; give a list of strings"),
    (np.array("Hallo"), "give a list of strings"),
    (["Hallo", None], "1 is None, not a string; an empty"),
    (["Hallo", NAN], "1 is nan, not a string; an empty"),
    (["Hallo", b"Hallo"], "1 is b'Hallo', not a string; an empty"),
    (["Hallo", ["Hallo"]], "1 is ['Hallo'], not a string; an empty"),
    (np.array(["Hallo", None], dtype=object), "1 is None, not a string; an empty"),
    (["Hallo", "halb \ud83d"], "1 has half of a surrogate pair, '\\ud83d', at position 5"),
]
NO_PLACES: list[Any] = [None, NAN, 3, b"phrasebook-tiny", "", " ", ["phrasebook-tiny"], {}, "a\0b"]
DE, DE_FR = Language("de"), Direction.parse("de-fr")
# Entry point -> how it calls one of them.
SCORERS: dict[str, tuple[str, str, Callable[[Any], object]]] = {
    "ratio": ("hypotheses", "hypothesis", lambda texts: ontarget.off_target_ratio(texts, "de")),
    "strict ratio": ("hypotheses", "hypothesis", lambda texts: strict_off_target_ratio(texts, "de")),
    "sources": ("sources", "source", lambda texts: outcomes(["a", "b"], DE_FR, sources=texts)),
    "outcomes": ("hypotheses", "hypothesis", lambda texts: outcomes(texts, "de")),
    "breakdown": ("hypotheses", "hypothesis", lambda texts: breakdown(texts, None, DE_FR)),
    "bleu": ("hypotheses", "hypothesis", lambda texts: bleu(texts, ["a", "b"], "de")),
    "bleu's references": ("references", "reference", lambda texts: bleu(["a", "b"], texts, DE)),
    "chrf": ("hypotheses", "hypothesis", lambda texts: chrf(texts, ["a", "b"])),
    "chrf of each": ("hypotheses", "hypothesis", lambda texts: sentence_chrf(texts, ["a", "b"])),
    "confusion": ("responses", "response", lambda texts: language_confusion(texts, "ru")),
    "matrix": ("hypotheses", "hypothesis", lambda texts: confusion_matrix({DE: texts})),
    "words": ("texts", "text", lambda texts: first_off_words(texts, DE)),
    "ter": ("hypotheses", "hypothesis", lambda texts: Metric("ter", DE).statistics(texts, ["a", "b"])),
}


def said(call: Callable[[], object]) -> str:
    with pytest.raises(UserError) as caught:
        call()
    return str(caught.value)


@pytest.mark.parametrize("name", SCORERS)
def test_what_is_no_list_of_texts_is_a_sentence(name: str) -> None:
    all_of_them, one, call = SCORERS[name]
    for value, message in NO_LISTS:
        beginning = one if message.startswith("1 ") else f"the {all_of_them}"
        if not (name == "sources" and value is None):
            assert said(lambda: call(value)).startswith(beginning)  # noqa: B023
            assert message in said(lambda: call(value))  # noqa: B023


def test_anything_that_holds_texts_in_an_order_is_a_list() -> None:
    texts = ["Guten Tag, mein Freund!", "Bonjour mon ami, comment ça va?"]
    for same in (texts, tuple(texts), np.array(texts), np.array(texts, dtype=object), iter(texts)):
        assert ontarget.off_target_ratio(same, "de").value == 50
    assert bleu(np.array(texts), np.array(texts), "de").value == pytest.approx(100)
    assert outcomes([], "de") == []


def test_no_hypotheses_are_a_sentence() -> None:
    for empty in ([], (), np.array([]), iter(())):
        assert "no lines is undefined" in said(lambda: ontarget.off_target_ratio(empty, "de"))  # noqa: B023
    assert "there are no hypotheses" in said(lambda: bleu([], [], "de"))


def test_hypotheses_are_numbered_over_all_that_were_counted() -> None:
    texts = ["Hallo"] * 10_001 + [None]
    assert said(lambda: ontarget.off_target_ratio(texts, "de")).startswith("hypothesis 10001 is None")  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [None, NAN, 3, b"de", ["de"], True])
def test_what_is_no_language_is_a_sentence(value: Any) -> None:
    message = f"a language is a code such as 'de', not {value!r}"
    for call in (
        lambda: ontarget.off_target_ratio(["a"], value),
        lambda: strict_off_target_ratio(["a"], value),
        lambda: outcomes(["a"], value),
        lambda: bleu(["a"], ["a"], value),
        lambda: language_confusion(["a"], value),
        lambda: first_off_words(["a"], value),
        lambda: confusion_matrix({str: ["a"]} if isinstance(value, list) else {value: ["a"]}),  # type: ignore[dict-item]
        lambda: ontarget.Language(value),
    ):
        assert said(call).startswith("a language is a code such as 'de', not")
    assert said(lambda: ontarget.Language(value)) == message


@pytest.mark.parametrize("value", [None, NAN, 3, b"de-fr", ["de", "fr"]])
def test_what_is_no_direction_is_a_sentence(value: Any) -> None:
    assert said(lambda: ontarget.Direction.parse(value)).startswith(
        "a direction is a text such as 'it-nl', not"
    )
    assert said(lambda: ontarget.Direction(value, value)).startswith("a direction is between two languages")
    assert said(lambda: ontarget.Direction("de", "fr")).startswith("a direction is between two")  # type: ignore[arg-type]
    assert said(lambda: breakdown(["a"], None, value)).startswith("the direction is ")


@pytest.mark.parametrize(
    "value", [None, NAN, 3, b"phrasebook-tiny", "", " ", ["phrasebook-tiny"], {}, "a\0b"]
)
def test_what_is_no_recipe_or_place_is_a_sentence(value: Any, tmp_path: Path) -> None:
    assert said(lambda: ontarget.run(value)) == f"recipe is {value!r}; give a path or a name"
    if value is not None:
        message = f"directory is {value!r}; give a path or a name"
        assert said(lambda: ontarget.run("phrasebook-tiny", directory=value)) == message


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            None,
            "the overrides are None; give a list of strings such as 'stages.mt.samples=100', or a mapping",
        ),
        ("seed=1", "the overrides are one string; give a list of strings such as"),
        (3, "the overrides are 3; give a list"),
        ([None], "override 0 is None, not a string"),
        (["seed=1", NAN], "override 1 is nan, not a string"),
        (["seed"], "'seed' is not a valid override"),
        ({None: 1}, "unknown key 'None'"),
        ({"seed": None}, "'seed'"),
        ({"seed": NAN}, "'seed'"),
    ],
)
def test_what_are_no_overrides_is_a_sentence(value: Any, message: str) -> None:
    assert message in said(lambda: ontarget.run("phrasebook-tiny", value))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "the scores are None; give a list of numbers, one for each segment"),
        ("0.5", "the scores are one string; give a list of numbers"),
        ([0.1, None], "score 1 is None, not a number; remove the segment"),
        ([0.1, NAN], "score 1 is nan, not a number"),
        ([0.1, "0.2"], "score 1 is '0.2', not a number"),
    ],
)
def test_scores_that_are_no_numbers_are_a_sentence(value: Any, message: str) -> None:
    assert said(lambda: mean_of_segments(value)).startswith(message)


def test_a_test_needs_test_sets() -> None:
    scores = mean_of_segments(np.array([0.1, 0.2]))
    for wrong in (None, NAN, scores, "scores", [scores, None], [0.1]):
        assert said(lambda: paired_test(mean_value, wrong, [scores])).startswith("the baseline is ")  # type: ignore[arg-type]  # noqa: B023
        assert said(lambda: paired_test(mean_value, [scores], wrong)).startswith("the system is ")  # type: ignore[arg-type]  # noqa: B023
    assert "no segments" in said(lambda: paired_test(mean_value, [], []))


class TestATranslator:
    """What is wrong is found before the model is asked, so none is needed."""

    @pytest.fixture
    def translator(self) -> Any:
        pytest.importorskip("torch", reason="needs the extra `train`")
        return ontarget.Translator.__new__(ontarget.Translator)

    @pytest.mark.parametrize("value", NO_PLACES)
    def test_needs_a_model(self, translator: Any, value: Any) -> None:
        assert said(lambda: ontarget.Translator(value)) == f"model is {value!r}; give a path or a name"

    @pytest.mark.parametrize(("value", "message"), NO_LISTS)
    def test_needs_texts(self, translator: Any, value: Any, message: str) -> None:
        if not isinstance(value, str):  # one text
            assert message in said(lambda: translator.translate(value, "de", "fr"))
        assert message in said(lambda: translator.hypotheses(value, "de", "fr"))
        assert said(lambda: translator.answer(value)).startswith(("the instructions are", "instruction 0 is"))

    @pytest.mark.parametrize("value", [None, NAN, 3, b"de"])
    def test_needs_languages(self, translator: Any, value: Any) -> None:
        message = f"a language is a code such as 'de', not {value!r}"
        assert said(lambda: translator.translate("a", "fr", value)) == message
        assert said(lambda: translator.translate(["a"], value, "fr")) == message
        assert "both de" in said(lambda: translator.translate("a", DE, "deu"))

    @pytest.mark.parametrize("value", [None, NAN, 0, -1, 1.5, "4", True])
    def test_needs_whole_numbers(self, translator: Any, value: Any) -> None:
        translator.template = None
        for name in ("num_beams", "max_new_tokens", "no_repeat_ngram_size"):
            if value is not None or name == "max_new_tokens":
                call = lambda: translator.translate("a", "de", "fr", **{name: value})  # noqa: B023, E731
                assert said(call) == f"{name} must be a whole number of at least 1, not {value!r}"

    def test_needs_a_system(self, translator: Any) -> None:
        call = lambda: translator.translate("a", "de", "fr", system="mt")  # noqa: E731
        assert said(call) == "system is 'mt'; give a System, or leave it out"

    def test_needs_instructions(self, translator: Any) -> None:
        form = "Instruction(instruction, input, output)"
        good = Instruction("Say hello", "", "")
        assert said(lambda: translator.answer([good, "Say hello"])) == (
            f"instruction 1 is 'Say hello'; give an {form}"
        )
        wrong = Instruction("Say hello", None, "")  # type: ignore[arg-type]
        assert said(lambda: translator.answer([good, wrong])).startswith("the input of instruction 1 is None")


def test_a_long_value_is_shortened() -> None:
    assert given.shown("a" * 100) == f"'{'a' * 59}…"
