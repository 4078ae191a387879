"""Splits text into sentences with sentencex, which knows the abbreviations of about 300 languages."""

import re
from itertools import accumulate, pairwise

from ontarget.languages import Language
from ontarget.text import is_empty

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
    from sentencex import segment

    # sentencex 1.0.32 panics on an initial with a no-break space, which has two bytes: `A\xa0.`
    found = segment(language.primary, _WIDE_SPACE.sub(" ", text))
    ends = list(accumulate(map(len, found)))
    return [text[start:end] for start, end in pairwise([0, *ends])]
