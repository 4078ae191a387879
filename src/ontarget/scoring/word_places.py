"""Finds the words of a text and their positions, for scores that count words and reports that mark them."""

import re
import sys
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple
from unicodedata import category, normalize

from ontarget.scoring.language_id.scripts import script_counts
from ontarget.scoring.language_id.text_words import words_of

# Thai, Lao, Burmese, Khmer, kana and Chinese characters: written without blanks between words.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_MARKS = "".join(chr(n) for n in range(0x300, sys.maxunicode >> 4) if category(chr(n)).startswith("M"))
_WORD = re.compile(rf"[{_UNSPACED}]+|[^\W\d_{_UNSPACED}](?:[^\W\d_{_UNSPACED}]|[{_MARKS}])*")
_IS_UNSPACED = re.compile(rf"[{_UNSPACED}]")


class PlacedWord(NamedTuple):
    """A word of a text, or a sequence of characters in a script without blanks between words.

    Attributes:
        text: the word as written.
        key: the word in lower case and NFKC, for comparisons.
        start: position of its first character in the text.
        end: position after its last character.
    """

    text: str
    key: str
    start: int
    end: int

    @property
    def size(self) -> int:
        """Number of words that it counts as; two characters without blanks are one, as in `confusion.py`."""
        return -(-len(self.text) // 2) if self.unspaced else 1

    @property
    def unspaced(self) -> bool:
        """Whether it is a sequence of characters in a script without blanks."""
        return bool(_IS_UNSPACED.match(self.text))

    @property
    def scripts(self) -> frozenset[str]:
        """The ISO 15924 scripts of its letters; empty if none of them is listed in `scripts.py`."""
        return _scripts_of(self.text)


@lru_cache(maxsize=1 << 16)
def _scripts_of(word: str) -> frozenset[str]:
    return frozenset(script_counts(word))


def number_of(words: Sequence[PlacedWord], text: str) -> int:
    """The sum of the sizes of a text's words."""
    return sum(word.size for word in words) if _IS_UNSPACED.search(text) else len(words)


def words_in(text: str) -> list[PlacedWord]:
    """The words of a text in order: sequences of letters, without URLs, placeholders, file names and code.

    A hyphen or an apostrophe ends a word. A word of a URL that also occurs in the sentence is kept in both.
    """
    plain = words_of(text)
    if plain == text or (plain == text.lower() and words_of(plain) == plain):  # nothing was removed
        return _split(text)
    kept = keys_in(plain)
    return [word for word in _split(text) if word.key in kept]


@lru_cache(maxsize=1 << 14)
def written_in(text: str) -> tuple[str, ...]:
    """The words of `words_in` without positions; cached, since systems and references share the sources."""
    if words_of(text) == text:
        return tuple(_WORD.findall(text))
    return tuple(word.text for word in words_in(text))


def keys_in(text: str) -> set[str]:
    """The words of a text in lower case."""
    return {_key(word) for word in _WORD.findall(words_of(text))}


def _split(text: str) -> list[PlacedWord]:
    return [PlacedWord(word := found[0], _key(word), *found.span()) for found in _WORD.finditer(text)]


def _key(word: str) -> str:
    return word.casefold() if word.isascii() else normalize("NFKC", word).casefold()
