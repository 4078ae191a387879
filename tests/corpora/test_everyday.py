"""The sentences as data: aligned, clean, in their own language, and new."""

import gzip
import re
import unicodedata
from itertools import combinations
from pathlib import Path

import pytest

import ontarget
from ontarget.corpora import everyday, phrasebook
from ontarget.corpora.phrasebook import words
from ontarget.errors import UserError
from ontarget.languages import Direction, Language

# All letters beyond a to z that occur: a lost accent shows where it was the only one of its kind.
LETTERS = {
    "en": "",
    "de": "ßäöü",
    "fr": "àâçèéêîôû",
    "it": "àèéìù",
    "nl": "",
    "ro": "âîășț",
    "cs": "áéíóýčďěňřšůž",
    "es": "áéíñóú",
}
PUNCTUATION = {"fr": "\u00a0", "es": "¿¡"}  # beside what all languages have
each_language = pytest.mark.parametrize("code", everyday.LANGUAGES)


def lines_in(code: str) -> list[str]:
    return list(everyday.load().lines("test", Language(code)))


def bare(line: str) -> str:
    """A line's words alone, so that a comma or a capital does not hide a copy."""
    return " ".join(re.findall(r"\w+", line.lower()))


@each_language
def test_sixty_different_lines_of_3_to_25_words(code):
    lines = lines_in(code)
    assert len(lines) == len({bare(line) for line in lines}) == 60
    assert [line for line in lines if not 3 <= len(bare(line).split()) <= 25] == []


def test_the_first_sentences_may_be_a_validation_split():
    whole, parts = everyday.load(), everyday.load(10)
    for code in map(Language, everyday.LANGUAGES):
        first, others = (list(parts.lines(split, code)) for split in ("validation", "test"))
        assert (len(first), first + others) == (10, list(whole.lines("test", code)))
    with pytest.raises(UserError, match="validation is 60, but there are only 60 sentences"):
        everyday.load(60)


def test_the_lines_are_aligned():
    """Line by line, by what every translation must keep: a question, a time and a price in digits."""
    corpus = everyday.load()
    assert list(corpus.splits) == ["test"]
    for code in everyday.LANGUAGES[1:]:
        pairs = corpus.translations("test", Direction.parse(f"en-{code}"))
        assert len(pairs) == 60
        for pair in pairs:
            assert ("?" in pair.source) == ("?" in pair.target), pair
            assert re.findall(r"\d+", pair.source) == re.findall(r"\d+", pair.target), pair
    cheese = corpus.translations("test", Direction.parse("de-fr"))[25]
    assert (cheese.source, cheese.target) == (
        "Dreihundert Gramm von diesem Käse und einen Bund Petersilie, bitte.",
        "Trois cents grammes de ce fromage et un bouquet de persil, s'il vous plaît.",
    )


@each_language
def test_letters_and_punctuation_are_those_of_the_language(code):
    lines = lines_in(code)
    found = set("".join(lines).lower())
    assert {letter for letter in found if letter.isalpha() and not letter.isascii()} == set(LETTERS[code])
    marks = {mark for mark in found if not mark.isalnum()}
    assert marks <= set(" ,.;:?!'-" + PUNCTUATION.get(code, ""))
    for line in lines:
        assert unicodedata.is_normalized("NFC", line)
        assert not re.search(r"^\s|\s\s|\s$|\s[,.]", line), line
        assert re.fullmatch(r"[¿¡]?[^\W\d_].*[.?!]", line), line


def test_romanian_has_commas_below_and_no_cedillas():
    text = "\n".join(lines_in("ro")).lower()
    assert text.count("ș") > 20
    assert text.count("ț") > 10
    assert not set(text) & set("şţ")


def test_french_has_a_no_break_space_before_high_punctuation():
    text = "\n".join(lines_in("fr"))
    assert re.findall(r"[^\u00a0][?!;]", text) == []
    assert re.findall(r"\u00a0(?![?!;]|h\u00a0|35)", text) == []


def test_spanish_opens_what_it_closes():
    for line in lines_in("es"):
        assert line.count("¿") == line.count("?"), line
        assert line.count("¡") == line.count("!"), line


@each_language
def test_the_identifier_knows_the_language_of_every_line(code):
    for rules in ("robust", "paper"):
        assert ontarget.off_target_ratio(lines_in(code), code, rules=rules).value == 0


def test_no_sentence_is_the_same_in_two_languages():
    for first, second in combinations(everyday.LANGUAGES, 2):
        assert not {bare(line) for line in lines_in(first)} & {bare(line) for line in lines_in(second)}


def test_nothing_sounds_like_the_phrasebook():
    """No five words in a row of any sentence that its patterns make: the two tests are of different text."""

    def runs(lines: list[str]) -> set[str]:
        found = (bare(line).split() for line in lines)
        return {" ".join(word[start : start + 5]) for word in found for start in range(len(word) - 4)}

    corpus = phrasebook.load(5_000)  # every pattern some fifty times
    for code in words.LANGUAGES:
        made = [line for split in corpus.splits for line in corpus.lines(split, Language(code))]
        assert runs(lines_in(code)) & runs(made) == set(), code


def test_no_sentence_is_in_tatoeba(shared_data: Path):
    """Recipes tune on it, so a shared line would be training text."""
    ours = {bare(line) for code in everyday.LANGUAGES for line in lines_in(code)}
    files = sorted((shared_data / "tatoeba").glob("*.gz"))
    if not files:
        pytest.skip("needs tatoeba in ONTARGET_DATA")
    for file in files:
        with gzip.open(file, "rt", encoding="utf-8") as theirs:
            assert not ours & {bare(line) for line in theirs}, file.name
