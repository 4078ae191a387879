"""How much a token tells the language that it is in from another one."""

import math

import pytest

pytest.importorskip("torch")

from ontarget.languages import Language
from ontarget.prompts.encode import encode_response
from ontarget.training.data.token_weighting import TokenFrequencies

ENGLISH, DUTCH, ITALIAN = Language("en"), Language("nl"), Language("it")


def ids(tokenizer, text):
    return encode_response(tokenizer, text, " ", eos=False)


@pytest.fixture
def lexicon(tokenizer):
    lines = {ENGLISH: ["cat"] * 30 + ["in"] * 9 + ["book"], DUTCH: ["cat"] * 2 + ["in"] * 10}
    return TokenFrequencies(tokenizer, " ", lines)


def test_a_token_reveals_by_its_frequencies_in_the_two_languages(tokenizer, lexicon):
    """All counts, of tokens and in total, and one more: 41 and 13 tokens of text, each word being one."""
    [cat], [in_], [book] = (ids(tokenizer, word) for word in ("cat", "in", "book"))
    for token, english, dutch in ((cat, 30, 2), (in_, 9, 10), (book, 1, 0)):
        p, a = (english + 1) / 41, (dutch + 1) / 13
        expected = max(0.0, math.tanh(math.log(p / a) / 2))
        found = lexicon.reveals(token, ENGLISH, DUTCH)
        assert found == pytest.approx(expected if expected >= 0.1 else 0)
    assert lexicon.reveals(cat, ENGLISH, DUTCH) > 0.5
    assert lexicon.reveals(in_, ENGLISH, DUTCH) == 0


def test_only_one_of_two_languages_can_have_a_token_that_reveals_it(tokenizer, lexicon):
    for text in ("cat", "in", "book"):
        [token] = ids(tokenizer, text)
        there, back = lexicon.reveals(token, ENGLISH, DUTCH), lexicon.reveals(token, DUTCH, ENGLISH)
        assert 0 <= min(there, back) == 0 <= max(there, back) < 1


def test_a_language_without_lines_has_no_token_and_its_own_reveal_nothing(tokenizer, lexicon):
    [cat] = ids(tokenizer, "cat")
    assert lexicon.reveals(cat, ENGLISH, ITALIAN) == pytest.approx(30 / 32)
    assert lexicon.reveals(cat, ITALIAN, ENGLISH) == 0
    assert lexicon.reveals(cat, None, ENGLISH) == 0
