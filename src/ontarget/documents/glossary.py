"""Glossaries: terms with their translations, in a file of two columns."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from unicodedata import normalize

from ontarget import given
from ontarget.corpora.plain import read_lines
from ontarget.errors import UserError
from ontarget.text import is_empty


class Glossary:
    """Terms of the source language with their translations.

    A term is found as whole words, whatever its case; an inflected form is not found. A translation counts
    wherever its letters are, since it may be inflected or part of a compound.

    Args:
        terms: each term with its translation, as pairs or as a mapping.
    Raises:
        UserError: they are something else, or one is empty.
    """

    def __init__(self, terms: Iterable[tuple[str, str]] | Mapping[str, str]) -> None:
        self.terms = tuple((_folded(term), term, translation) for term, translation in _pairs(terms))
        self._places = dict[str, list[int]]()  # in `terms`
        lengths = dict[str, set[int]]()
        for place, (folded, _, _) in enumerate(self.terms):
            self._places.setdefault(folded, []).append(place)
            lengths.setdefault(folded[0], set()).add(len(folded))
        # By first character, the longest first; a regular expression would try all terms at every place.
        self._lengths = {first: sorted(found, reverse=True) for first, found in lengths.items()}

    def of(self, source: str) -> tuple[tuple[str, str], ...]:
        """The terms that a text has, in the order of the glossary; of two that overlap, the longer one."""
        places = {place for folded in self._found(_folded(source)) for place in self._places[folded]}
        return tuple(self.terms[place][1:] for place in sorted(places))

    def missing(self, source: str, text: str) -> tuple[tuple[str, str], ...]:
        """The terms of a source whose translations its translation lacks; of several, one is enough."""
        return missing_terms(self.of(source), text)

    def _found(self, text: str) -> Iterator[str]:
        """The terms in a text, from left to right."""
        place = 0
        while place < len(text):
            begins = _divided(text[place], text[place - 1 : place])
            lengths = self._lengths.get(text[place], ()) if begins else ()
            ends = (place + length for length in lengths if place + length <= len(text))
            end = next((end for end in ends if self._ends(text, place, end)), None)
            if end is not None:
                yield text[place:end]
            place = end or place + 1

    def _ends(self, text: str, start: int, end: int) -> bool:
        """Whether a part of a text is a term that ends there."""
        return text[start:end] in self._places and _divided(text[end - 1], text[end : end + 1])


def as_glossary(
    of: "str | Path | Glossary | Iterable[tuple[str, str]] | Mapping[str, str] | None",
) -> Glossary | None:
    """The glossary that an argument stands for: terms, the path of a file of terms, or none.

    Raises:
        UserError: see `Glossary` and `read_glossary`.
    """
    if of is None or isinstance(of, Glossary):
        return of
    return read_glossary(Path(given.place(of, "glossary"))) if isinstance(of, str | Path) else Glossary(of)


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


def missing_terms(terms: Sequence[tuple[str, str]], text: str) -> tuple[tuple[str, str], ...]:
    """The terms of a source whose translations its translation lacks; of several, one is enough."""
    folded = _folded(text)
    kept = {term for term, translation in terms if _folded(translation) in folded}
    return tuple(pair for pair in terms if pair[0] not in kept)


def _pairs(terms: Iterable[tuple[str, str]] | Mapping[str, str]) -> Iterator[tuple[str, str]]:
    pairs = list(terms.items()) if isinstance(terms, Mapping) else terms
    for number, pair in enumerate(given.several(pairs, "terms", "pairs, each a term and its translation")):
        is_pair = isinstance(pair, tuple | list) and len(pair) == 2
        if not is_pair or not all(isinstance(one, str) and one.strip() for one in pair):
            raise UserError(
                f"term {number} of the glossary is {given.shown(pair)}; give a term and its translation"
            )
        yield pair[0].strip(), pair[1].strip()


def _folded(text: str) -> str:
    return normalize("NFC", text).casefold()


def _divided(inner: str, outer: str) -> bool:
    """Whether a word ends between two characters; in scripts without blanks between words, anywhere."""
    return not inner.isalnum() or ord(inner) >= 0x3000 or not (outer.isalnum() or outer == "_")
