import re
from pathlib import Path
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ontarget.documents.glossary import Glossary, read_glossary
from ontarget.errors import UserError


def test_terms_are_whole_words_in_any_case() -> None:
    glossary = Glossary([("cat", "Katze"), ("wild cat", "Wildkatze"), ("C++", "C++"), ("猫", "cat")])
    assert glossary.of("A Cat and concatenation") == (("cat", "Katze"),)
    assert glossary.of("a wild cat") == (("wild cat", "Wildkatze"),)
    assert glossary.of("cats") == ()
    assert glossary.of("C++ here") == (("C++", "C++"),)
    assert glossary.of("小猫咪") == (("猫", "cat"),)


def test_missing_terms() -> None:
    glossary = Glossary([("cat", "Katze"), ("dog", "Hund"), ("dog", "Köter")])
    assert glossary.missing("The cat and the dog", "Katzenhunde") == ()
    assert glossary.missing("The cat and the dog", "Die Mieze und der KÖTER") == (("cat", "Katze"),)
    assert glossary.missing("no term", "nichts") == ()


def test_a_file_of_terms(tmp_path: Path) -> None:
    file = tmp_path / "terms.tsv"
    file.write_text("# animals\ncat\tKatze \n\nwild dog\tWildhund\n", encoding="utf-8")
    assert [(term, translation) for _, term, translation in read_glossary(file).terms] == [
        ("cat", "Katze"),
        ("wild dog", "Wildhund"),
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("cat\tKatze\nwild dog\n", "line 2: a glossary has a term, a tab and its translation in each line"),
        ("a\tb\tc\n", "line 1"),
        ("a\t\n", "line 1"),
        ("# nothing\n", "has no terms"),
    ],
)
def test_a_file_that_is_not_a_glossary(tmp_path: Path, text: str, sentence: str) -> None:
    file = tmp_path / "terms.tsv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=sentence):
        read_glossary(file)


TERMS = st.text("ab ß猫İ_.", min_size=1, max_size=4).map(str.strip).filter(bool)


@given(st.lists(TERMS, max_size=6), st.text("ab ßẞ猫İ_.", max_size=20))
def test_the_terms_of_a_text_are_those_of_a_regular_expression(terms: list[str], text: str) -> None:
    def folded(text: str) -> str:
        return normalize("NFC", text).casefold()

    def edge(character: str, word: str) -> str:
        return word if character.isalnum() and ord(character) < 0x3000 else ""

    longest_first = sorted(map(folded, terms), key=len, reverse=True)
    pattern = "|".join(
        edge(one[0], r"(?<!\w)") + re.escape(one) + edge(one[-1], r"(?!\w)") for one in longest_first
    )
    there = set(re.findall(pattern or "(?!)", folded(text)))
    expected = [(term, str(place)) for place, term in enumerate(terms) if folded(term) in there]
    assert Glossary([(term, str(place)) for place, term in enumerate(terms)]).of(text) == tuple(expected)
