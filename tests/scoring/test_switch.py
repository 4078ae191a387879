"""Where a hypothesis leaves the language that was asked for."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ontarget.languages import Language
from ontarget.scoring.language_id.identifier import Guess
from ontarget.scoring.switch import first_off_words

FR = Language("fr")


class Majority:
    """Says English where most words of a text are written in capitals, else French; sure of it."""

    signature = "majority"
    labels = frozenset({"en", "fr"})

    def __init__(self, probability: float = 1.0) -> None:
        self.probability = probability
        self.seen: list[str] = []

    def identify(self, texts: Sequence[str]) -> list[Guess]:
        self.seen += texts
        return [
            Guess(
                "en" if 2 * sum(map(str.isupper, text.split())) > len(text.split()) else "fr",
                self.probability,
            )
            for text in texts
        ]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("un chien court dans le jardin IS RUNNING IN THE GARDEN", "IS"),
        ("A MAN IN A HAT quelque chose dans le jardin", "A"),
        ("un chien court dans le jardin", None),
        ("un chien HOT DOG court dans le jardin", None),  # two of four words, but not in every window
        ("HELLO", "HELLO"),
        ("oui", None),
        (" \t ", None),
        ("", None),
        ("un chien court dans LE JARDIN VERT", "LE"),
    ],
)
def test_the_word_where_the_text_turns(text: str, word: str | None) -> None:
    (place,) = first_off_words([text], FR, Majority())
    assert (None if place is None else text[slice(*place)]) == word


def test_a_guess_that_is_not_sure_does_not_count() -> None:
    assert first_off_words(["ALL OF THIS IS ENGLISH"], FR, Majority(0.69)) == [None]
    assert first_off_words(["ALL OF THIS IS ENGLISH"], FR, Majority(0.7)) == [(0, 3)]


def test_the_same_words_are_identified_once() -> None:
    identifier = Majority()
    first_off_words(["un deux trois quatre cinq"] * 50, FR, identifier)
    assert identifier.seen == ["un deux trois quatre", "deux trois quatre cinq"]


def test_with_the_real_identifier() -> None:
    text = "Un homme avec un chapeau orange is standing in front of the house and looking at something."
    place, none = first_off_words([text, "Un homme avec un chapeau orange regarde quelque chose."], FR)
    assert none is None
    assert place is not None
    assert text[slice(*place)] in {"orange", "is"}


@given(st.lists(st.text(max_size=60), max_size=5))
def test_a_place_is_a_whole_word(texts: list[str]) -> None:
    for text, place in zip(texts, first_off_words(texts, FR, Majority()), strict=True):
        if place is not None:
            start, end = place
            assert text[start:end].split() == [text[start:end]]
            assert not (text[:start] and text[:start][-1:].strip())
            assert not text[end : end + 1].strip()
