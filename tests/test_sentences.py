import pytest
from hypothesis import given
from hypothesis import strategies as st

from ontarget.languages import Language
from ontarget.sentences import sentences_of, split_into_sentences
from ontarget.text import is_empty


@pytest.mark.parametrize(
    ("language", "text", "sentences"),
    [
        (
            "de",
            "Dr. Holm kam z.B. um 3.30 Uhr.  Er schlief!",
            ["Dr. Holm kam z.B. um 3.30 Uhr.", "Er schlief!"],
        ),
        ("en", "Mr. Ash left at 5 p.m. today. Why?", ["Mr. Ash left at 5 p.m. today.", "Why?"]),
        ("zh-TW", "貓睡了。狗呢？在外面", ["貓睡了。", "狗呢？", "在外面"]),
        ("hi", "बिल्ली सो रही है। कुत्ता कहाँ है?", ["बिल्ली सो रही है।", "कुत्ता कहाँ है?"]),
        ("gom", "One. Two.", ["One.", "Two."]),
        ("fr", "", []),
        ("fr", " \u200b ", []),
    ],
)
def test_where_sentences_end(language: str, text: str, sentences: list[str]) -> None:
    assert sentences_of(text, Language(language)) == sentences


@given(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.sampled_from(["de", "fr", "zh", "ja", "hi", "th", "ar"]),
)
def test_nothing_is_lost_but_blanks(text: str, language: str) -> None:
    sentences = sentences_of(text, Language(language))
    assert not any(is_empty(sentence) for sentence in sentences)
    found = "".join(sentences)
    assert [c for c in text if not is_empty(c)] == [c for c in found if not is_empty(c)]
    assert "".join(split_into_sentences(text, Language(language))) == text


def test_sentences_with_their_blanks() -> None:
    text = "  Mr. Ash left.\n How are\nyou? \n\n\tFine."
    parts = ["  Mr. Ash left.\n ", "How are\nyou? ", "\n\n", "\tFine."]
    assert split_into_sentences(text, Language("en")) == parts


@pytest.mark.parametrize("space", ["\xa0", "\u2003", "\u2028", "\u3000"])
def test_an_initial_with_any_space_behind_it(space: str) -> None:
    text = f"By A{space}. Ash. It rains."
    assert split_into_sentences(text, Language("en"))[-1] == "It rains."
    assert "".join(split_into_sentences(text, Language("fr"))) == text
