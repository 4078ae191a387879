import tracemalloc
from itertools import chain, combinations

import pytest

from ontarget.corpora.corpus import Corpus, Part
from ontarget.languages import Language
from ontarget.samples.documents import make_documents

LANGUAGES = [Language(code) for code in ("en", "it", "nl", "ro")]
EN = LANGUAGES[0]
CORPUS = Corpus(
    "toy", {"train": {language: [f"{language}-{n}" for n in range(200)] for language in LANGUAGES}}
)
LONG = {language: [f"{language} " * 400] * 20_000 for language in LANGUAGES}  # one string, many times
CORPUS_OF_LONG_LINES = Corpus("long", {"train": LONG})


def pairs_seen(kind):
    seen = set()
    for document in make_documents(CORPUS, LANGUAGES, EN, kind, seed=1):
        headings = [line.split(":")[0].split(", ") for line in document.split("\n") if ":" in line]
        seen |= {frozenset(pair) for pair in combinations(chain.from_iterable(headings), 2)}
    return seen


def test_aligned_documents_show_every_pair():
    assert len(pairs_seen("aligned")) == 6


def test_english_pivoted_documents_show_no_pair_without_english():
    assert pairs_seen("english-pivoted") == {
        frozenset(("English", x)) for x in ("Italian", "Dutch", "Romanian")
    }


@pytest.mark.parametrize("kind", ["aligned", "english-pivoted"])
def test_lines_of_a_document_are_one_segment(kind):
    documents = make_documents(CORPUS, LANGUAGES, EN, kind, seed=1)
    assert 200 < len(documents) < 300
    for document in documents:
        assert len({line.split("-")[-1] for line in document.split("\n") if not line.endswith(":")}) == 1


def test_languages_are_named_before_each_line_or_two_above_them():
    forms = {"headed": 0, "listed": 0, "alone": 0}
    names = {language.name(): str(language) for language in LANGUAGES}
    for document in make_documents(CORPUS, LANGUAGES, EN, "aligned", seed=1):
        first, *rest = document.split("\n")
        if first.endswith(":"):
            forms["listed"] += 1
            assert len(rest) == 2
            assert [names[name] for name in first[:-1].split(", ")] == [line.split("-")[0] for line in rest]
        elif ": " in first:
            forms["headed"] += 1
            headed = [line.split(": ") for line in [first, *rest]]
            assert len(headed) == len(LANGUAGES)
            assert all(names[name] == line.split("-")[0] for name, line in headed)
        else:
            forms["alone"] += 1
            assert not rest
    assert forms["headed"] + forms["listed"] == 200
    assert min(forms.values()) > 20


def test_each_pass_is_drawn_anew_and_alike_for_one_seed():
    first = list(make_documents(CORPUS, LANGUAGES, EN, "aligned", 1, 0))
    assert first == list(make_documents(CORPUS, LANGUAGES, EN, "aligned", 1, 0))
    assert sorted(first) != sorted(make_documents(CORPUS, LANGUAGES, EN, "aligned", 1, 1))


def test_segments_stand_with_the_languages_that_they_have():
    """Text in parts: English-Italian in one, Dutch-Romanian in another."""
    en, it, nl, ro = LANGUAGES
    parts = [Part({x: [f"{x}-{n}" for n in range(50)] for x in pair}) for pair in ((en, it), (nl, ro))]
    corpus = Corpus("parts", {"train": parts})
    for document in make_documents(corpus, LANGUAGES, en, "aligned", seed=1):
        there = {code for code in ("en", "it", "nl", "ro") if f"{code}-" in document}
        assert there <= {"en", "it"} or there <= {"nl", "ro"}
    pivoted = make_documents(corpus, LANGUAGES, en, "english-pivoted", seed=1)
    alone = [document for document in pivoted if "nl-" in document or "ro-" in document]
    assert len(alone) == 50
    assert not any("\n" in document for document in alone)


@pytest.mark.parametrize("kind", ["aligned", "english-pivoted"])
def test_documents_take_a_few_bytes_each_however_long_they_are(kind):
    tracemalloc.start()
    documents = make_documents(CORPUS_OF_LONG_LINES, LANGUAGES, EN, kind, seed=1)
    held, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < most < 25 * len(documents)  # arrays and a bytearray grow in steps
    assert len(documents[0]) > 1000
    assert documents[-1] == documents[len(documents) - 1] == documents[-1:][0]
    assert documents[:3] == [documents[0], documents[1], documents[2]]
    with pytest.raises(IndexError):
        documents[len(documents)]
