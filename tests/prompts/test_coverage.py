"""Whether a tokenizer has tokens for a language."""

from typing import Any

import pytest

pytest.importorskip("transformers", reason="needs the extra `train`")

from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from ontarget.languages import Language
from ontarget.prompts.coverage import coverage, uncovered
from ontarget.training.new_model import make_tokenizer

GREEK = ["Η γάτα κοιμάται στον καναπέ.", "Καλημέρα, φίλε μου."]
GERMAN = ["Die Katze schläft auf dem Sofa.", "Guten Morgen, mein Freund."]


@pytest.fixture(scope="module")
def by_bytes() -> Any:
    return make_tokenizer(GERMAN * 5, 300)


@pytest.fixture(scope="module")
def by_letters() -> Any:
    letters = sorted(set("".join(GERMAN)) - {" "})
    known = {letter: number for number, letter in enumerate(["<unk>", *letters])}
    backend = Tokenizer(models.BPE(known, [], unk_token="<unk>"))
    backend.pre_tokenizer = pre_tokenizers.Whitespace()
    return PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="<unk>", eos_token="<unk>")


def test_letters_that_are_spelt_in_bytes(by_bytes: Any) -> None:
    assert coverage(by_bytes, GERMAN) == "tokens"
    assert coverage(by_bytes, GREEK) == "bytes"
    assert coverage(make_tokenizer((GERMAN + GREEK) * 5, 400), GREEK) == "tokens"


def test_letters_that_are_unknown(by_letters: Any) -> None:
    assert coverage(by_letters, GERMAN) == "tokens"
    assert coverage(by_letters, GREEK) == "unknown"
    assert coverage(by_letters, [*GERMAN * 10, "Ω"]) == "tokens"  # a rare sign


def test_of_no_text_nothing_is_said(by_letters: Any) -> None:
    assert coverage(by_letters, []) == coverage(by_letters, [""]) == "tokens"


def test_a_language_without_text_is_told_by_its_own_name(by_bytes: Any, by_letters: Any) -> None:
    assert uncovered(by_letters, Language("de")) is None
    assert uncovered(by_letters, Language("el")) == (
        "the tokenizer does not know the letters of Greek (el), so its text would be lost"
    )
    assert uncovered(by_bytes, Language("ja")) == (
        "the tokenizer has no tokens for Japanese (ja) and spells it byte by byte, so "
        "the model has hardly seen it"
    )
    assert uncovered(by_bytes, Language("el"), GERMAN) is None
