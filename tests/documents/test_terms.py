from collections.abc import Sequence

import pytest

from ontarget.checked.verdict import Checked, Flag, Verdict, VerdictOutcome
from ontarget.documents.terms import translate_with_terms
from ontarget.languages import Direction
from ontarget.translation.hypothesis import Hypothesis
from ontarget.translation.system import Request

DE_EN = Direction.parse("de-en")
REQUEST = Request("Hund und Katze", DE_EN, (("Hund", "hound"), ("Katze", "moggy")))


def checked(text: str, outcome: VerdictOutcome = "on_target", *flags: Flag) -> Checked:
    verdict = Verdict(outcome, "en", 0.9, details=dict.fromkeys(flags, ()))
    return Checked(REQUEST.source, DE_EN, Hypothesis(text, "stop", 0.0, 3), verdict)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([checked("dog and cat"), checked("hound and cat"), checked("Hound and Moggy")], 2),
        ([checked("dog and cat"), checked("pooch and cat")], 0),
        ([checked("hound and cat"), checked("dog and moggy")], 0),  # as many terms
        ([checked("dog and cat"), checked("hound and moggy", "off_target")], 0),
        ([checked("dog and cat"), checked("hound and moggy", "on_target", "looping")], 0),
        ([checked("dog", "off_target"), checked("hound", "off_target")], 1),
    ],
)
def test_the_translation_with_most_terms_is_taken_unless_it_is_worse(
    answers: Sequence[Checked], expected: int
) -> None:
    asked = list[tuple[str, int]]()

    def translate(requests: Sequence[Request], count: int) -> list[list[Checked]]:
        asked.extend((one.source, count) for one in requests)
        return [list(answers[:count]) if one is REQUEST else [checked("water")] for one in requests]

    other = Request("Wasser", DE_EN)
    first, second = translate_with_terms([REQUEST, other], translate)
    assert first.text == answers[expected].text
    assert first.verdict.action == ("reranked" if expected else "none")
    assert second.text == "water"
    assert asked == [("Hund und Katze", 1), ("Wasser", 1), ("Hund und Katze", 4)]  # only what lacks a term


def test_nothing_is_asked_again_where_no_term_is_missing() -> None:
    counts = list[int]()

    def translate(requests: Sequence[Request], count: int) -> list[list[Checked]]:
        counts.append(count)
        return [[checked("The HOUND and the moggy.")] for _ in requests]

    assert translate_with_terms([REQUEST], translate)[0].text == "The HOUND and the moggy."
    assert counts == [1]
