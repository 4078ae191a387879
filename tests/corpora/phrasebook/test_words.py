import unicodedata

import pytest

from ontarget.corpora.phrasebook.words import LANGUAGES, _lexeme
from ontarget.errors import UserError

COLUMNS = [["singular", "plural"], ["text"], ["text"], ["text"]]


def test_a_row_becomes_a_lexeme():
    lexeme = _lexeme("dog\tpet wild\tdog/dogs\tcane\thond\tcâine", "noun", COLUMNS, "nouns.tsv, line 2")
    assert lexeme.classes == ("pet", "wild")
    assert lexeme.form("en", "plural") == "dogs"
    assert lexeme.form("ro", "text") == "câine"


def test_slips_are_named_with_their_line():
    with pytest.raises(UserError, match=r"nouns.tsv, line 2: 'dog' has 3 language columns instead of 4"):
        _lexeme("dog\tpet\tdog/dogs\tcane\thond", "noun", COLUMNS, "nouns.tsv, line 2")
    with pytest.raises(UserError, match=r"line 2: 'dog' has 1 forms in en, not 2: singular, plural"):
        _lexeme("dog\tpet\tdog\tcane\thond\tcâine", "noun", COLUMNS, "nouns.tsv, line 2")


def test_the_lexicon_is_written_in_the_right_letters(lexicon):
    """Romanian takes a comma below, never a cedilla; every form is normalised and without stray blanks."""
    for lexeme in lexicon.values():
        for language in LANGUAGES:
            for form in lexeme.forms[language].values():
                assert form == unicodedata.normalize("NFC", form).strip()
                assert not set(form) & set("şţŞŢ’")


def test_genders_are_those_the_grammars_know(lexicon):
    known = {"it": {"m", "f"}, "nl": {"de", "het"}, "ro": {"m", "f", "n"}}
    for lexeme in lexicon.values():
        if lexeme.kind == "noun":
            for language, genders in known.items():
                assert lexeme.forms[language]["gender"] in genders, lexeme.lemma


def test_regular_endings_catch_slips_of_the_pen(lexicon):
    """The forms are stored; where a rule is safe, they keep to it."""
    for lexeme in lexicon.values():
        if lexeme.kind == "verb" and lexeme.forms["it"]["infinitive"] != "-":
            italian, dutch, romanian = (lexeme.forms[code] for code in ("it", "nl", "ro"))
            assert italian["noi"].endswith("iamo")
            assert italian["infinitive"].endswith("re")
            assert italian["auxiliary"] in ("avere", "essere")
            assert italian["future"].endswith("r")
            assert dutch["infinitive"].endswith("n")
            assert dutch["infinitive"].startswith(dutch["particle"].replace("-", ""))
            assert romanian["noi"].endswith("m") or lexeme.lemma == "must"  # trebuie has one form
        if lexeme.kind == "noun":
            romanian = lexeme.forms["ro"]
            assert romanian["definites"].split()[0].endswith(("ii", "le", "-")), lexeme.lemma
            if romanian["genitive"] != "-":
                assert romanian["genitive"].split()[0].endswith("i"), lexeme.lemma
            if romanian["definite"] != "-":
                ending = "a" if romanian["gender"] == "f" else ("l", "le")
                stem = romanian["definite"].split()[0]
                assert stem.endswith(ending), lexeme.lemma
