import json

from hypothesis import given
from hypothesis import strategies as st

from ontarget.checked.verdict import FLAGS, Action, Checked, Verdict, VerdictOutcome, better, report_row
from ontarget.languages import Direction
from ontarget.translation.hypothesis import Hypothesis

DETAILS = st.dictionaries(st.sampled_from(FLAGS), st.lists(st.text(), max_size=3).map(tuple))


def checked(verdict: Verdict) -> Checked:
    return Checked("Hund", Direction.parse("de-fr"), Hypothesis("chien", "stop", -1.0, 3), verdict)


@given(DETAILS)
def test_a_verdict_survives_json(details) -> None:
    verdict = Verdict("off_target", "en", 0.25, "failed", details)
    again = Verdict.of_dict(json.loads(json.dumps(verdict.to_dict())))
    assert again == verdict
    assert again.flags == tuple(flag for flag in FLAGS if flag in details)


def test_the_line_of_a_report() -> None:
    verdict = Verdict("on_target", "fr", 0.98765, "pivoted", {"numbers_lost": ("1998",), "cut_off": ()})
    assert report_row(7, checked(verdict)) == {
        "line": 7,
        "source": "Hund",
        "text": "chien",
        "direction": "de-fr",
        "outcome": "on_target",
        "language": "fr",
        "confidence": 0.9877,
        "action": "pivoted",
        "flags": ["cut_off", "numbers_lost"],
        "details": {"numbers_lost": ["1998"]},
        "finish_reason": "stop",
        "tokens": 3,
    }


def test_which_translation_is_better() -> None:
    """In this order, the best first."""
    order = [
        Verdict("on_target", "fr", 0.9),
        Verdict("unsure", "ca", 0.4),
        Verdict("on_target", "fr", 0.9, details={"looping": ("a",)}),
        Verdict("on_target", "fr", 0.9, details={"looping": ("a",), "cut_off": ()}),
        Verdict("on_target", "fr", 0.9, details={"placeholders_lost": ("{x}",)}),
        Verdict("off_target", "en", 0.9),
        Verdict("off_target", "en", 0.9, details={"echo": ()}),
    ]
    for place, one in enumerate(order):
        for other in order[place + 1 :]:
            assert better(checked(one), checked(other))
            assert not better(checked(other), checked(one))
        assert not better(checked(one), checked(one))
    hint = Verdict("on_target", "fr", 0.5, details={"source_words": ("Haus",), "numbers_lost": ("13",)})
    assert not better(checked(order[0]), checked(hint))  # hints do not decide


def test_outcomes_and_actions_are_named_as_documented() -> None:
    assert VerdictOutcome.__args__ == ("on_target", "off_target", "unsure", "neutral")  # type: ignore[attr-defined]
    assert "escalated" in Action.__args__  # type: ignore[attr-defined]
