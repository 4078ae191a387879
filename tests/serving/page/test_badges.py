"""Verdicts in words."""

from itertools import product
from typing import get_args

import pytest

from ontarget.checked.verdict import FLAGS, Action, Verdict, VerdictOutcome
from ontarget.languages import Language
from ontarget.serving.page.badges import STATES, badge_of, name_of

FR = Language("fr")
CASES = [
    (
        Verdict("on_target", "fr", 0.987),
        "right",
        "in French",
        "identified as French with a probability of 98 %",
    ),
    (Verdict("on_target", "fr", 1.00003), "right", "in French", "99 %"),  # the identifier is never certain
    (
        Verdict("on_target", "fr", 0.9, "reranked"),
        "repaired",
        "re-ranked",
        "hypothesis of the beam was not in French",
    ),
    (Verdict("on_target", "fr", 0.9, "retried"), "repaired", "sampled again", "others were sampled"),
    (
        Verdict("on_target", "fr", 0.9, "pivoted"),
        "repaired",
        "via another language",
        "through another language",
    ),
    (
        Verdict("on_target", "fr", 0.9, "escalated"),
        "repaired",
        "by another model",
        "another model translated",
    ),
    (Verdict("unsure", "oc", 0.4), "unsure", "unsure: Occitan?", "it may well be French"),
    (Verdict("unsure", "und", 0.0), "unsure", "unsure: another language?", "may well be French"),
    (Verdict("off_target", "en", 0.9), "wrong", "English, not French", "identified as English"),
    (Verdict("off_target", "en", 0.9, "failed"), "wrong", "English, not French", "All retries"),
    (Verdict("off_target", "", 0.0, details={"empty": ()}), "untranslated", "not translated", "gave no text"),
    (Verdict("off_target", "", 0.0, details={"too_long": ()}), "untranslated", "not translated", "too long"),
    (Verdict("unsure", "de", 0.9, details={"kept": ()}), "kept", "already in French", "stays as it is"),
    (Verdict("neutral", "zxx", 0.0), "neutral", "no words", "nothing to check"),
]


@pytest.mark.parametrize(("verdict", "state", "label", "said"), CASES)
def test_a_badge_names_the_verdict_and_its_reason(
    verdict: Verdict, state: str, label: str, said: str
) -> None:
    badge = badge_of(verdict, FR)
    assert (badge.state, badge.label, badge.warning) == (state, label, False)
    assert said in badge.notes[0]


def test_only_a_translation_in_the_right_language_is_shown_as_such() -> None:
    """The rule of the page: no verdict but on_target looks right, whatever else is known."""
    seen = set()
    for outcome, action, flag in product(get_args(VerdictOutcome), get_args(Action), (None, *FLAGS)):
        verdict = Verdict(outcome, "fr", 0.5, action, {flag: ("x",)} if flag else {})
        badge = badge_of(verdict, FR)
        seen.add(badge.state)
        if badge.state in ("right", "repaired"):
            assert outcome == "on_target"
            assert flag not in ("empty", "too_long", "no_words")
        if outcome == "off_target":
            assert badge.state in ("wrong", "untranslated")
        assert badge.label
        assert all(note.endswith(".") and "{" not in note for note in badge.notes)
    assert seen == STATES.keys()


def test_each_flag_that_may_be_a_mistake_is_a_warning_with_its_evidence() -> None:
    for flag in set(FLAGS) - {"empty", "too_long", "no_words", "kept"}:
        bare = badge_of(Verdict("on_target", "fr", 0.9, details={flag: ()}), FR)
        told = badge_of(Verdict("on_target", "fr", 0.9, details={flag: ("17", "29")}), FR)
        assert bare.warning
        assert len(bare.notes) == 2, flag
        assert told.notes[1].endswith(": 17, 29.")


def test_a_missing_term_is_a_warning() -> None:
    badge = badge_of(Verdict("on_target", "fr", 0.9), FR, [("Hund", "toutou")])
    assert badge.warning
    assert badge.notes[1] == "The glossary translates “Hund” as “toutou”."


def test_labels_of_any_identifier_have_a_name() -> None:
    assert [name_of(label) for label in ("fr", "zh-Hant", "", "und")] == [
        "French",
        "Traditional Chinese",
        "another language",
        "another language",
    ]
    assert name_of("not-a-code-at-all") == "not-a-code-at-all"
