from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.scoring.by_sentence import BySentence
from ontarget.scoring.language_id.identifier import Guess, bundled
from ontarget.scoring.language_id.identifiers import identifier_named
from ontarget.scoring.language_id.labels import labels_of
from ontarget.scoring.language_id.own_identifier import OwnIdentifier, as_identifier, every_label
from ontarget.scoring.lcb import benchmark_confusion
from ontarget.scoring.off_target import breakdown, off_target_ratio, outcomes, strict_off_target_ratio

CODES = [
    "de",
    "fr",
    "zh",
    "zh-Hant",
    "zh-TW",
    "pt-BR",
    "pt-PT",
    "sr-Latn",
    "nb",
    "no",
    "fil",
    "gom",
    "kmb",
    "prs",
]


def says(*answers: Any) -> OwnIdentifier:
    return OwnIdentifier(lambda texts: answers, "call:own", "the identifier own")


def test_a_function_gives_codes_or_codes_with_probabilities() -> None:
    assert says("fr", ("de", 0.75), ["en", 1]).identify(["a", "b", "c"]) == [
        Guess("fr", 1.0),
        Guess("de", 0.75),
        Guess("en", 1.0),
    ]


def test_what_has_nothing_to_read_is_not_asked() -> None:
    asked: list[str] = []

    def french(texts: list[str]) -> list[str]:
        asked.extend(texts)
        return ["fr"] * len(texts)

    guesses = as_identifier(french).identify(["", "un", " \u200b", "deux"])
    assert asked == ["un", "deux"]
    assert [guess.label for guess in guesses] == ["", "fr", "", "fr"]


def test_a_function_is_called_by_its_name_and_an_identifier_is_itself() -> None:
    def my_lid(texts: list[str]) -> list[str]:
        return ["fr" for _ in texts]

    assert as_identifier(my_lid).signature == "call:my_lid"
    assert as_identifier(lambda texts: ["fr" for _ in texts]).signature == "call:_lambda_"
    assert as_identifier(None) is identifier_named()
    assert as_identifier(identifier_named()) is identifier_named()


@pytest.mark.parametrize(
    ("code", "label"),
    [
        ("fra_Latn", "fr"),
        ("__label__fra_Latn", "fr"),
        ("cmn_Hant", "zh-Hant"),
        ("zh-TW", "zh-Hant-TW"),
        ("pt_br", "pt-BR"),
        ("fi-JP", "fi"),
        ("zho_Hans", "zh-Hans"),
        ("srp_Cyrl", "sr-Cyrl"),
        ("gom_Deva", "gom"),
        ("und", "und"),
        ("zxx", "und"),
        ("", "und"),
    ],
)
def test_codes_of_any_kind_become_labels(code: str, label: str) -> None:
    assert says((code, 0.5)).identify(["text"])[0].label == label


@given(st.sampled_from(CODES))
def test_a_language_that_can_be_asked_for_can_be_found(code: str) -> None:
    label = says(code).identify(["text"])[0].label
    assert label in labels_of(Language(code), every_label())


@pytest.mark.parametrize(
    ("asked", "answered", "right"),
    [
        ("zh-Hant", "zh-TW", True),
        ("zh-Hant", "zh", True),
        ("zh-Hant", "zh-Hans", False),
        ("zh-Hans", "zh-TW", False),
        ("pt-BR", "pt", True),
        ("pt-BR", "pt-PT", False),
        ("no", "nn", True),
        ("fr", "fr-CA", True),
        ("fr", "frp", False),
    ],
)
def test_script_and_region_decide_where_both_name_one(asked: str, answered: str, right: bool) -> None:
    label = says(answered).identify(["text"])[0].label
    assert (label in labels_of(Language(asked), every_label())) is right


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (None, "None, not a language code, or a code and a probability, for the text 'Bonjour.'"),
        (("fr", 0.5, 1), "not a language code, or a code and a probability"),
        ((0.5, "fr"), "not a language code, or a code and a probability"),
        (("fr", "0.5"), "the probability '0.5', not a number from 0 to 1"),
        (("fr", 97.3), "the probability 97.3, not a number from 0 to 1"),
        (("fr", -0.1), "the probability -0.1"),
        (("fr", float("nan")), "the probability nan"),
        ("klingon2", "'klingon2', not a language code such as fr or zh-Hant"),
    ],
)
def test_an_answer_that_is_none_is_told_with_the_text(answer: Any, message: str) -> None:
    with pytest.raises(UserError) as caught:
        says(answer).identify(["Bonjour."])
    assert str(caught.value).startswith("the identifier own gives ")
    assert message in str(caught.value)
    assert str(caught.value).endswith("for the text 'Bonjour.'")


def test_one_language_a_text() -> None:
    with pytest.raises(UserError, match="gives 1 language for 2 texts"):
        says("fr").identify(["a", "b"])
    with pytest.raises(UserError, match="gives 'fr'; it must give a list"):
        OwnIdentifier(lambda texts: "fr", "call:own", "own").identify(["a", "b"])
    with pytest.raises(UserError, match="gives None; it must give a list"):
        OwnIdentifier(lambda texts: None, "call:own", "own").identify(["a"])  # type: ignore[arg-type,return-value]


def test_what_cannot_be_asked_is_no_identifier() -> None:
    with pytest.raises(UserError, match="the identifier is 7; give a name such as 'lingua', or a function"):
        as_identifier(7)  # type: ignore[arg-type]


def test_an_identifier_can_be_given_by_its_name() -> None:
    lines = ["Un chat dort sur le canapé.", "A cat sleeps on the sofa."]
    model = str(bundled())
    assert as_identifier("lid.176") is as_identifier("lid.176.ftz") is identifier_named()
    assert off_target_ratio(lines, "fr", model) == off_target_ratio(lines, "fr")
    assert strict_off_target_ratio(lines, "fr", identifier=model).value == 50.0
    assert outcomes(lines, "fr", identifier=model) == ["on", "english"]
    assert breakdown(lines, None, Direction.parse("de-fr"), model)["english"] == 1
    assert BySentence("fr", model).identifier.signature == "lid.176.ftz"
    assert (
        benchmark_confusion(lines, "fr", model).lpr.signature
        == benchmark_confusion(lines, "fr").lpr.signature
    )
    with pytest.raises(
        UserError, match="there is no identifier or model file 'ligua'; did you mean 'lingua'"
    ):
        off_target_ratio(lines, "fr", "ligua")
