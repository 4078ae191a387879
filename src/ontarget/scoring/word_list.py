"""A list of English words, by which English is told within text of another script."""

import hashlib
from collections.abc import Collection
from pathlib import Path

from ontarget.corpora.plain import lines_of
from ontarget.errors import UserError

_SHORTEST = (
    4  # letters, as in the Language Confusion Benchmark: shorter words are abbreviations and names, too
)


def read_word_list(path: Path) -> frozenset[str]:
    """The words of four or more letters in a file with one word a line, compressed or not.

    Words with a capital are left out: they are names, and abbreviations.

    Raises:
        UserError: there is no such word in it, or see `corpora.plain.read_lines`.
    """
    words = {line.strip() for line in lines_of(path)}
    english = frozenset(word for word in words if len(word) >= _SHORTEST and word.islower())
    if not english:
        raise UserError(
            f"'{path}' has no word of {_SHORTEST} or more small letters; "
            "give a file with one English word a line"
        )
    return english


def signature_of(words: Collection[str]) -> str:
    """What a signature calls a list: its length and, since lists differ, the beginning of its hash."""
    digest = hashlib.sha256("\n".join(sorted(words)).encode()).hexdigest()
    return f"list-of-{len(words)}@{digest[:8]}"
