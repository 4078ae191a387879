"""The words of a text and where they stand."""

from unicodedata import normalize

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ontarget.scoring.language_id.text_words import words_of
from ontarget.scoring.word_places import _split, keys_in, words_in, written_in


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Un chien, deux chats.", ["Un", "chien", "deux", "chats"]),
        ("l'homme d’à côté", ["l", "homme", "d", "à", "côté"]),
        ("rot-weiß", ["rot", "weiß"]),
        (
            "Voir https://ontarget.example/page?x=1 ou écrire à moi@ontarget.example",
            ["Voir", "ou", "écrire", "à"],
        ),
        (
            "Bonjour {name}, il reste %d fichiers dans notes.txt",
            ["Bonjour", "il", "reste", "fichiers", "dans"],
        ),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("e\u0301te\u0301", ["e\u0301te\u0301"]),
        ("私はiPhoneを持つ", ["私は", "iPhone", "を持つ"]),
        ("12 % — !", []),
        ("", []),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert [word.text for word in words_in(text)] == words


def test_two_characters_without_blanks_are_a_word() -> None:
    assert [word.size for word in words_in("私 私は 持ってい hello สวัสดี")] == [1, 1, 2, 1, 3]


def test_the_scripts_of_a_word() -> None:
    (one, other) = words_in("слово漢字")
    assert (one.scripts, other.scripts) == ({"Cyrl"}, {"Hani"})


def test_a_line_of_capitals_keeps_its_places() -> None:
    text = "ÉTAT DE SIÈGE À 20 %"
    assert [text[word.start : word.end] for word in words_in(text)] == ["ÉTAT", "DE", "SIÈGE", "À"]
    assert keys_in(text) == {"état", "de", "siège", "à"}


@given(st.text(st.one_of(st.characters(), st.sampled_from("abAB .{}Σİß1")), max_size=40))
@example("Ein Foo.PY liegt im Ordner")
@example("ΟΔΟΣ der Ϊ\u0301")
def test_a_word_is_one_that_is_left_of_the_line(text: str) -> None:
    """The words of a line are those that remain when URLs and the like are removed from it."""
    remaining = keys_in(words_of(text))
    every = [normalize("NFKC", word.text).casefold() for word in _split(text)]
    if words_of(text) != text:
        every = [key for key in every if key in remaining]
    assert [word.key for word in words_in(text)] == every


@given(st.text(max_size=80))
def test_places_are_in_order_and_hold_the_words(text: str) -> None:
    assert written_in(text) == tuple(word.text for word in words_in(text))
    end = 0
    for word in words_in(text):
        assert end <= word.start < word.end <= len(text)
        assert text[word.start : word.end] == word.text
        assert word.key == normalize("NFKC", word.text).casefold()
        assert not any(letter.isspace() or letter.isdecimal() for letter in word.text)
        end = word.end
