"""The sentences of a text, by sentencex: it knows the abbreviations and marks of some 300 languages."""

from ontarget.languages import Language
from ontarget.text import is_empty


def sentences_of(text: str, language: Language) -> list[str]:
    """The sentences of a text in order, as they are written, without the blanks around them.

    Args:
        text: of any number of lines; a line break ends no sentence, an empty line does.
        language: whose abbreviations and marks end or do not end a sentence; for one that sentencex does not
            know, those of a related language or of English.
    """
    from sentencex import segment

    return [sentence.strip() for sentence in segment(language.primary, text) if not is_empty(sentence)]
