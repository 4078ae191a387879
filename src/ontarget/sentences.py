"""Splits text into sentences with sentencex, which knows the abbreviations of about 300 languages."""

import re
from collections.abc import Iterator
from itertools import accumulate, pairwise

from ontarget.languages import Language
from ontarget.text import is_empty

_WINDOW = 2000
"""Characters that sentencex gets at a time: quotes that nothing closes cost it the square of the length."""
_WIDE_SPACE = re.compile(r"[^\S\x00-\x7f]")  # white space of more than one byte in UTF-8


def sentences_of(text: str, language: Language) -> list[str]:
    """The sentences of a text in order, unchanged except for surrounding blanks.

    Args:
        text: any number of lines; a line break does not end a sentence, but an empty line does.
        language: the language of the text, which decides on abbreviations and sentence marks; for a language
            that sentencex does not know, a related language or English is used.
    """
    return [sentence.strip() for sentence in split_into_sentences(text, language) if not is_empty(sentence)]


def split_into_sentences(text: str, language: Language) -> list[str]:
    """The sentences of a text with their blanks: joined, they are the text. See `sentences_of`."""
    # sentencex 1.0.32 panics on an initial with a no-break space, which has two bytes: `A\xa0.`
    plain = _WIDE_SPACE.sub(" ", text)
    return [text[start:end] for start, end in pairwise([0, *_ends(plain, language.primary)])]


def _ends(text: str, language: str) -> Iterator[int]:
    """The end of each sentence of a text.

    A window is left at the end of the sentence that is nearest to its middle, since a quote or sentence near
    its end may go on behind it. If it has no such end, the sentence goes on in the next window.
    """
    from sentencex import segment

    start = 0
    while start + _WINDOW < len(text):
        *ends, whole = accumulate(map(len, segment(language, text[start : start + _WINDOW])))
        far = (end for end in ends if end >= _WINDOW // 4)
        left = min(far, key=lambda end: abs(end - _WINDOW // 2), default=whole)
        yield from (start + end for end in ends if end <= left)
        start += left
    yield from (start + end for end in accumulate(map(len, segment(language, text[start:]))))
