from typing import Any, Literal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ontarget.languages import Language
from ontarget.scoring.language_id.identifier import Guess
from ontarget.scoring.language_id.rules import Reading
from ontarget.scoring.outcome import OUTCOMES, Ladder, Thresholds, is_copy, width
from ontarget.scoring.repetition import repetition

LOOP = "het is een huis en het is een huis en " * 6
PLAIN = "Toen de zon opkwam, opende de bakker zijn winkel en zette hij het eerste brood in de grote etalage."


class Known:
    """An identifier that is never asked: only its labels count here."""

    signature = "known"
    labels = frozenset({"de", "nl", "en", "it", "sr", "zh"})

    def identify(self, texts: object) -> list[Guess]:
        raise AssertionError("the ladder takes guesses")


def outcome(
    text: str,
    label: str,
    probability: float = 0.9,
    *,
    source: str | None = "Ein ganz anderer Satz.",
    finish: str | None = "stop",
    target: str = "nl",
    thresholds: Thresholds | None = None,
    doubt: Literal["neutral", "unsure"] | None = None,
) -> str:
    ladder = Ladder(Language(target), Language("de"), Known(), thresholds or Thresholds(), "robust")
    reading = Reading(Guess(label, probability), doubt)
    off = ladder.is_off(reading, text)
    return ladder.outcome(reading, off, text, source, finish, ladder.loops([text]))


@pytest.mark.parametrize(
    ("text", "label", "expected"),
    [
        ("Een huis.", "nl", "on"),
        ("Ein Haus.", "de", "source"),
        ("A house.", "en", "english"),
        ("Una casa.", "it", "other"),
        ("Qwrt.", "und", "unknown"),
        ("  ", "", "empty"),
        ("\u200b\ufeff", "nl", "empty"),
        ("Ein ganz anderer Satz!", "nl", "copy"),
        (LOOP, "nl", "run-on"),
    ],
)
def test_each_rung(text: str, label: str, expected: str) -> None:
    assert outcome(text, label) == expected
    assert expected in OUTCOMES


def test_doubt_is_below_the_threshold() -> None:
    assert outcome("Een huis.", "nl", 0.3) == "on"
    assert outcome("Een huis.", "nl", 0.29) == "unknown"
    assert outcome("Een huis.", "nl", 0.29, thresholds=Thresholds(confidence=0.2)) == "on"


def test_what_was_cut_off_ran_on() -> None:
    assert outcome("Een huis", "nl", finish="length") == "run-on"
    assert outcome("Een huis", "nl", finish=None) == "on"


def test_far_longer_than_the_source_is_a_run_on() -> None:
    assert outcome(PLAIN, "nl", source="Ein Satz.") == "run-on"
    assert outcome(PLAIN, "nl", source="Ein Satz.", thresholds=Thresholds(length=10)) == "on"
    assert outcome(PLAIN, "nl", source=None) == "on"
    assert (
        outcome("Dat moet echt gebeuren, hoe dan ook.", "nl", source="Muss.") == "on"
    )  # short, and no run-on


def test_a_short_answer_may_repeat_itself() -> None:
    assert repetition("Nee, nee, nee, nee, nee.") > 0.3
    assert outcome("Nee, nee, nee, nee, nee.", "nl", source="Nein, nein, nein.") == "on"


@pytest.mark.parametrize(("target", "text"), [("sr-Cyrl", "Voz kasni."), ("zh-Hant", "这个问题还没有解决。")])
def test_the_right_language_in_the_wrong_script(target: str, text: str) -> None:
    label = target.split("-")[0]
    assert outcome(text, label, target=target) == "script"
    assert outcome(text, label, target=label) == "on"


def test_the_sources_language_where_it_is_the_one_asked_for_is_on() -> None:
    ladder = Ladder(Language("de"), Language("de"), Known(), Thresholds(), "robust")
    assert ladder.outcome(Reading(Guess("de", 0.9)), False, "Ein Haus.", None, None, ()) == "on"


@pytest.mark.parametrize(
    ("text", "source", "doubt", "expected"),
    [
        ("12:30", "12.30", "neutral", "neutral"),  # a copy that is right
        ("12:30", "Um halb eins.", "neutral", "neutral"),
        ("12 " * 50, "Ein Satz.", "neutral", "run-on"),
        ("Oslo", "Oslo", "unsure", "copy"),
        ("Oslo", "In Oslo", "unsure", "unsure"),
    ],
)
def test_doubts_have_their_rungs(text: str, source: str, doubt: Any, expected: str) -> None:
    assert outcome(text, "it", 0.4, source=source, doubt=doubt) == expected


def test_a_doubtful_guess_is_unknown_first() -> None:
    assert outcome("Oslo", "it", 0.2, doubt="unsure") == "unknown"
    assert outcome("Oslo", "und", 0.0, doubt="unsure") == "unknown"


@pytest.mark.parametrize(
    ("reading", "off"),
    [
        (Reading(Guess("nl", 0.9)), False),
        (Reading(Guess("de", 0.9)), True),
        (Reading(Guess("", 0.0)), True),
        (Reading(Guess("de", 0.4), "unsure"), False),
        (Reading(Guess("zxx", 1.0), "neutral"), False),
    ],
)
def test_off_target_is_what_is_surely_another_language(reading: Reading, off: bool) -> None:
    ladder = Ladder(Language("nl"), Language("de"), Known(), Thresholds(), "robust")
    assert ladder.is_off(reading, "Een huis.") == off


@pytest.mark.parametrize(
    ("target", "text", "off"),
    [
        ("zh-Hant", "这个问题还没有解决。", True),
        ("zh-TW", "这个问题还没有解决。", True),
        ("zh-Hant", "這個問題還沒有解決。", False),
        ("zh-Hans", "這個問題還沒有解決。", True),
        ("zh", "這個問題還沒有解決。", False),
        ("sr-Latn", "Воз касни.", True),
        ("sr", "Voz kasni.", False),
        ("nl", "Нов роман", True),  # Dutch has no Cyrillic, whatever the identifier says
        ("nl", "ᱥᱟᱱᱛᱟᱲᱤ", True),
        ("zh", "iPhone", False),  # but names in Latin letters are everywhere
        ("zh", "Нов роман", True),
    ],
)
def test_a_script_that_was_chosen_is_part_of_the_language(target: str, text: str, off: bool) -> None:
    reading = Reading(Guess(target.split("-")[0], 0.9))
    for rules, expected in (("robust", off), ("paper", False)):
        ladder = Ladder(Language(target), None, Known(), Thresholds(), rules)  # type: ignore[arg-type]
        assert ladder.is_off(reading, text) == expected


def test_every_threshold_is_in_the_signature() -> None:
    settings = Thresholds(confidence=0.5, repetition=0.7, length=4, script=0.2).signature
    assert settings == "confidence:0.5|repetition:0.7|length:4|script:0.2"


@pytest.mark.parametrize(
    ("text", "source", "copied"),
    [
        ("Ein Haus am Meer.", "Ein Haus am Meer.", True),
        ("  ein haus am MEER!", '"Ein Haus am Meer"', True),
        ("Ein Haus am See.", "Ein Haus am Meer.", False),
        ("12:30", "12.30", True),
        ("...", "?!", False),
        ("?!", " ?! ", True),
    ],
)
def test_a_copy_has_the_same_letters(text: str, source: str, copied: bool) -> None:
    assert is_copy(text, source) == copied
    assert is_copy(source, text) == copied


@given(st.text("aAbBßſsSİı_ 1.", max_size=6), st.text("aAbBßſsSİı_ 1.", max_size=6))
@example("ß", "SS")
def test_a_copy_is_what_has_the_same_letters_in_any_case(text: str, source: str) -> None:
    one, other = ("".join(c for c in t if c.isalnum()).casefold() for t in (text, source))
    assert is_copy(text, source) == (one == other if one else text.strip() == source.strip())


def test_width_makes_translations_as_long_as_their_sources() -> None:
    assert width("house") == 5
    assert width("図書館") == width("도서관") == 9


def test_doubt_does_not_hold_in_a_script_that_the_language_is_not_written_in() -> None:
    ladder = Ladder(Language("sr-Latn"), None, Known(), Thresholds(), "robust")
    for label, expected in (("mk", "other"), ("sr", "script"), ("und", "unknown")):
        reading = Reading(Guess(label, 0.4), "unsure")
        assert ladder.is_off(reading, "Србија и Београд")
        assert ladder.outcome(reading, True, "Србија и Београд", None, None, ()) == expected
        assert not ladder.is_off(reading, "Srbija i Beograd")
