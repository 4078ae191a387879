import pytest
import sentencex
from hypothesis import given
from hypothesis import strategies as st

from ontarget import sentences as sentences_module
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


ORDINARY = [
    "Mr. Ash left at 5 p.m. today. ",
    "She said: \u201cGo home. It rains.\u201d Then she slept! ",
    'He asked, "Why? Is it late?" and left. ',
    "It costs 3.50 euros (approx. 4 dollars). ",
    "See www.example.org/a.html for more\u2026 ",
    "A line\nof two lines. ",
    "The end.\n\n",
]


@given(st.lists(st.sampled_from(ORDINARY), min_size=8, max_size=60))
def test_windows_do_not_show_in_ordinary_text(parts: list[str]) -> None:
    from sentencex import segment

    text, english = "".join(parts), Language("en")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sentences_module, "_WINDOW", 300)
        assert split_into_sentences(text, english) == list(segment("en", text))


def test_a_sentence_longer_than_a_window_stays_whole() -> None:
    long = "word " * 2000
    text = f"It rains. {long}ends here. It snows."
    assert split_into_sentences(text, Language("en")) == ["It rains. ", f"{long}ends here. ", "It snows."]


@pytest.mark.parametrize("unit", ["\u201c", "\u300aa\u3002", "' ", "a. ", "\u201ca. ", "x", " ", "(\n"])
def test_no_text_costs_the_square_of_its_length(unit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given_lengths, segment = list[int](), sentencex.segment

    def counted(language: str, text: str) -> list[str]:
        given_lengths.append(len(text))
        return list(segment(language, text))

    monkeypatch.setattr(sentencex, "segment", counted)
    text = unit * (40_000 // len(unit))
    assert "".join(split_into_sentences(text, Language("en"))) == text
    assert max(given_lengths) <= sentences_module._WINDOW
    assert sum(given_lengths) <= 4 * len(text) + sentences_module._WINDOW


@pytest.mark.parametrize("space", ["\xa0", "\u2003", "\u2028", "\u3000"])
def test_an_initial_with_any_space_behind_it(space: str) -> None:
    text = f"By A{space}. Ash. It rains."
    assert split_into_sentences(text, Language("en"))[-1] == "It rains."
    assert "".join(split_into_sentences(text, Language("fr"))) == text
