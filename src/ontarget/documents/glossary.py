"""Glossaries: terms with their translations, in a file of two columns."""

import re
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from unicodedata import normalize

from ontarget.corpora.plain import read_lines
from ontarget.errors import UserError
from ontarget.text import is_empty


class Glossary:
    """Terms of the source language with their translations.

    A term is found as whole words, whatever its case; an inflected form is not found. A translation counts
    wherever its letters are, since it may be inflected or part of a compound.

    Args:
        terms: each term with its translation.
    """

    def __init__(self, terms: Sequence[tuple[str, str]]) -> None:
        self.terms = tuple((_folded(term), term, translation) for term, translation in terms)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        longest_first = sorted((folded for folded, _, _ in self.terms), key=len, reverse=True)
        words = (rf"{_edge(term[0])}{re.escape(term)}{_edge(term[-1], after=True)}" for term in longest_first)
        return re.compile("|".join(words) or r"(?!)")

    def of(self, source: str) -> tuple[tuple[str, str], ...]:
        """The terms that a text has, in the order of the glossary; of two that overlap, the longer one."""
        there = set(self._pattern.findall(_folded(source)))
        return tuple((term, translation) for folded, term, translation in self.terms if folded in there)

    def missing(self, source: str, text: str) -> tuple[tuple[str, str], ...]:
        """The terms of a source whose translations its translation lacks; of several, one is enough."""
        there, folded = self.of(source), _folded(text)
        kept = {term for term, translation in there if _folded(translation) in folded}
        return tuple(pair for pair in there if pair[0] not in kept)


def read_glossary(path: Path) -> Glossary:
    """Reads a glossary: a term, a tab and its translation in each line, or nothing, or `#` and a comment.

    Raises:
        UserError: the file is missing or not UTF-8, has no terms, or a line has other than two columns.
    """
    terms = []
    for number, line in enumerate(read_lines(path), start=1):
        if is_empty(line) or line.startswith("#"):
            continue
        columns = [column.strip() for column in line.split("\t")]
        if len(columns) != 2 or not all(columns):
            raise UserError(
                f"'{path}', line {number}: a glossary has a term, a tab and its translation in each line, "
                f"but this line has {len([column for column in columns if column])} of them"
            )
        terms.append((columns[0], columns[1]))
    if not terms:
        raise UserError(
            f"the glossary '{path}' has no terms; write a term, a tab and its translation in each line"
        )
    return Glossary(terms)


def _folded(text: str) -> str:
    return normalize("NFC", text).casefold()


def _edge(character: str, *, after: bool = False) -> str:
    """A word boundary beside a letter or digit of a script with blanks between words."""
    if not character.isalnum() or ord(character) >= 0x3000:
        return ""
    return r"(?!\w)" if after else r"(?<!\w)"
