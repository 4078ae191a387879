"""Reads a list of English words, which shows English words within text in another script."""

import hashlib
from collections.abc import Collection
from pathlib import Path

from ontarget.corpora.plain import lines_of
from ontarget.errors import UserError

# Letters, as in the Language Confusion Benchmark: shorter words may also be abbreviations or names.
_SHORTEST = 4


def read_word_list(path: Path) -> frozenset[str]:
    """The words of four or more letters in a file with one word per line, compressed or not.

    Words with a capital are excluded, since they are names or abbreviations.

    Raises:
        UserError: the file has no such word, or as in `corpora.plain.lines_of`.
    """
    words = {line.strip() for line in lines_of(path)}
    english = frozenset(word for word in words if len(word) >= _SHORTEST and word.islower())
    if not english:
        raise UserError(
            f"'{path}' has no word of {_SHORTEST} or more lower-case letters; "
            "give a file with one English word per line"
        )
    return english


def signature_of(words: Collection[str]) -> str:
    """The name of a list in signatures: its length and the beginning of its hash."""
    digest = hashlib.sha256("\n".join(sorted(words)).encode()).hexdigest()
    return f"list-of-{len(words)}@{digest[:8]}"
