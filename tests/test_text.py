import re
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ontarget.text import in_one_line, is_empty

BREAKS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\nb", "a b"),
        ("a \t\r\n  \u2028 b", "a b"),
        ("\n      The\n      cat sleeps.\n    ", "The cat sleeps."),
        ("a\n \n\nb\n", "a b"),
        ("\n", ""),
        (" \r\n ", ""),
        ("  a  b ", "  a  b "),
        ("  a \n b  ", "  a b  "),
        ("", ""),
    ],
)
def test_a_break_and_the_blanks_around_it_are_one_space(text: str, line: str) -> None:
    assert in_one_line(text) == line


@pytest.mark.parametrize("character", BREAKS)
def test_every_break_is_one(character: str) -> None:
    assert in_one_line(f"a{character}b") == "a b"
    assert in_one_line(f"{character}a{character}") == "a"


@given(text=st.text(st.sampled_from(f"ab \t\xa0\u200b{BREAKS}")))
def test_words_stay_and_a_line_has_no_break(text: str) -> None:
    line = in_one_line(text)
    assert line.split() == text.split()
    assert not set(line) & set(BREAKS)
    assert in_one_line(line) == line
    if not set(text) & set(BREAKS):
        assert line == text


def test_what_is_a_break_is_what_python_calls_one() -> None:
    every = map(chr, range(sys.maxunicode + 1))
    assert {character for character in every if len(f"a{character}b".splitlines()) > 1} == set(BREAKS)


@pytest.mark.parametrize(
    "text",
    ["", " \t\n", "\xa0\u3000", "\u200b", "\ufeff", "\u200c\u200d", "\u2060", "\xad", "\u200e \u202c"],
)
def test_what_has_no_width_is_empty(text: str) -> None:
    assert is_empty(text)


@pytest.mark.parametrize(
    "text", ["a", ".", "\0", "\u200ba\u200b", "\u2014", "\U0001f600", "\u3042", "\u0661"]
)
def test_anything_to_read_is_not_empty(text: str) -> None:
    assert not is_empty(text)


def test_no_letter_digit_sign_or_mark_with_a_width_is_empty() -> None:
    """Fillers of Hangul and a few invisible signs of other scripts are letters and marks by name alone."""
    every = (chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000)
    wide = [c for c in every if unicodedata.category(c)[0] in "LNPSM" and is_empty(c)]
    assert all(re.search("FILLER|VARIATION SELECTOR|JOINER|INHERENT", unicodedata.name(c)) for c in wide)
