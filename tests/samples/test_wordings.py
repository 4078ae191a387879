from collections import Counter

import pytest

from ontarget.errors import UserError
from ontarget.samples.wordings import draw_wordings, sentence

GIVE = "Give the {target} for this {source} text"


def test_words_have_names_or_are_a_sentence() -> None:
    assert sentence("plain") == "Translate {from} {to}."
    assert sentence("alpaca") == "Translate the following sentences {from} {to}."
    assert sentence(GIVE) == GIVE


def test_they_are_drawn_by_weight_and_by_seed() -> None:
    drawn = draw_wordings({"plain": 3, GIVE: 1}, 4000, seed=1, pass_number=0)
    counts = Counter(drawn)
    assert counts.keys() == {"Translate {from} {to}.", GIVE}
    assert counts[GIVE] / 4000 == pytest.approx(0.25, abs=0.03)
    assert drawn == draw_wordings({"plain": 3, GIVE: 1}, 4000, 1, 0)
    assert drawn != draw_wordings({"plain": 3, GIVE: 1}, 4000, 1, 1)
    assert drawn != draw_wordings({"plain": 3, GIVE: 1}, 4000, 2, 0)


def test_none_are_the_templates_own_words() -> None:
    assert draw_wordings({}, 3, 1, 0) == [None, None, None]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("plian", "unknown wording 'plian'; did you mean 'plain'"),
        ("Translate it into {target}.", r"must contain \{source\} and \{target\}"),
        ("From {source} to {target} in {time}.", r"must contain \{source\} and \{target\}"),
        ("From {source.code} to {target}.", "write a name in braces"),
        ("From {source to {target}.", "the wording 'From"),
    ],
)
def test_others_are_refused(words: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        sentence(words)
