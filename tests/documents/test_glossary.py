from pathlib import Path

import pytest

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
