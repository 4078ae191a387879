"""Splits text into sentences with sentencex, which knows the abbreviations of about 300 languages."""

from ontarget.languages import Language
from ontarget.text import is_empty


def sentences_of(text: str, language: Language) -> list[str]:
    """The sentences of a text in order, unchanged except for surrounding blanks.

    Args:
        text: any number of lines; a line break does not end a sentence, but an empty line does.
        language: the language of the text, which decides on abbreviations and sentence marks; for a language
            that sentencex does not know, a related language or English is used.
    """
    from sentencex import segment

    return [sentence.strip() for sentence in segment(language.primary, text) if not is_empty(sentence)]
