"""Sixty everyday sentences in eight languages: a second test for models tuned on templates or captions.

Begin with `README.md`, which says how they were written. `data/` has one file a language, one sentence a
line.
"""

from importlib.resources import files

from ontarget.corpora.corpus import Corpus
from ontarget.corpora.plain import decode_lines
from ontarget.errors import UserError
from ontarget.languages import Language

LANGUAGES = ("en", "de", "fr", "it", "nl", "ro", "cs", "es")


def load(validation: int = 0) -> Corpus:
    """The corpus, in which line n of every language is the same sentence.

    Args:
        validation: number of sentences at the beginning that are the split `validation`; the others are
            `test`.
    Raises:
        UserError: no sentence would be left for `test`.
    """
    folder = files(__package__) / "data"
    lines = {
        Language(code): decode_lines((folder / f"{code}.txt").read_bytes(), f"everyday/{code}.txt")
        for code in LANGUAGES
    }
    count = len(lines[Language("en")])
    if validation >= count:
        raise UserError(f"everyday: validation is {validation}, but there are only {count} sentences")
    splits = {"test": {language: text[validation:] for language, text in lines.items()}}
    if validation:
        splits["validation"] = {language: text[:validation] for language, text in lines.items()}
    return Corpus("everyday", splits)
