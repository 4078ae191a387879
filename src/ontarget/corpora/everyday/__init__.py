"""Sixty everyday sentences in eight languages: a second test for models tuned on templates or captions.

Begin with `README.md`, which says how they were written. `data/` has one file a language, one sentence a
line.
"""

from importlib.resources import files

from ontarget.corpora.corpus import Corpus
from ontarget.corpora.plain import decode_lines
from ontarget.languages import Language

LANGUAGES = ("en", "de", "fr", "it", "nl", "ro", "cs", "es")


def load() -> Corpus:
    """The corpus. Its only split is `test`, where line n of every language is the same sentence."""
    folder = files(__package__) / "data"
    lines = {
        Language(code): decode_lines((folder / f"{code}.txt").read_bytes(), f"everyday/{code}.txt")
        for code in LANGUAGES
    }
    return Corpus("everyday", {"test": lines})
