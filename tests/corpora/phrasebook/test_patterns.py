"""Slips of a contributor are named; every template can be filled."""

import pytest

from ontarget.corpora.phrasebook.patterns import _pattern
from ontarget.corpora.phrasebook.words import LANGUAGES
from ontarget.errors import UserError

GOOD = {
    "slots": {"who": "family", "what": "fruit"},
    **dict.fromkeys(LANGUAGES, "{who} and {what the}."),
}


def test_every_word_fits_every_pattern_it_may_fill(patterns):
    """Each word once in each slot: no form is missing, no feature unknown, in any language."""
    for pattern in patterns:
        first = {name: words[0] for name, words in pattern.slots.items()}
        memory = {}
        for name, words in pattern.slots.items():
            for word in words:
                for language in LANGUAGES:
                    assert pattern.sentence(language, first | {name: word}, memory)


def test_capital_and_punctuation(lexicon):
    pattern = _pattern("p", GOOD | {"en": "{who pronoun}  likes {what the} , too ."}, lexicon)
    filling = {name: words[0] for name, words in pattern.slots.items()}
    assert pattern.sentence("en", filling, {}) == "She likes the apple, too."


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"slots": {"who": "familly", "what": "fruit"}},
            "no word of the lexicon has the class 'familly'.*'family'",
        ),
        ({"slots": {"who": "family", "what": "family"}}, "'mother' fits two slots"),
        (
            {"slots": {"who": "family", "what": "fruit", "how": "look"}},
            "en: the template does not use the slot 'how'",
        ),
        (
            {"slots": {"own": "family", "what": "fruit"}},
            "the slot 'own' has the name of a lemma or a feature",
        ),
        ({"nl": "{whoo} en {what the}."}, "nl: 'whoo' is neither a slot nor a lemma.*'who'"),
        ({"ro": None}, "has no template for ro"),
    ],
)
def test_slips_are_named(lexicon, change, message):
    with pytest.raises(UserError, match=f"pattern 'p'.*{message}"):
        _pattern("p", GOOD | change, lexicon)
