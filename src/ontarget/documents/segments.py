"""Cuts a unit into segments: sentences, paragraphs or lines, with what surrounds them kept byte for byte."""

import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

from ontarget.documents.keep import Keep
from ontarget.documents.parts import Parts, Tag, parts_of
from ontarget.languages import Language
from ontarget.placeholders import placeholders
from ontarget.scoring.language_id.text_words import words_of
from ontarget.sentences import split_into_sentences

Level = Literal["sentence", "paragraph", "line"]

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_SURROGATE = re.compile(r"[\ud800-\udfff]")  # half a character, from a broken `\ud83d` of JSON


@dataclass(frozen=True, slots=True)
class Fixed:
    """A placeholder, URL or other text that a translation must contain as it is."""

    text: str


Atom = str | Fixed | Tag


@dataclass(frozen=True, slots=True)
class DocumentSegment:
    """A sentence, or what `Level` says, of a unit.

    Attributes:
        before: white space and tags before its text; the whole segment if it has no words.
        core: its text, from the first to the last character that is not white space; () if it has no words.
        after: white space and tags after its text.
    """

    before: Parts
    core: tuple[Atom, ...]
    after: Parts

    def filled(self, core: Sequence[Atom]) -> Iterator[str | Tag]:
        """The parts of the segment with another core."""
        yield from self.before
        yield from (atom.text if isinstance(atom, Fixed) else atom for atom in core)
        yield from self.after


def segments_of(
    parts: Parts, language: Language, level: Level = "sentence", keep: Keep | None = None
) -> list[DocumentSegment]:
    """The segments of a unit, in order; their `before`, `core` and `after` together are its parts.

    Args:
        parts: the text and tags of the unit.
        language: the language of the text, which decides on sentence boundaries.
        level: a sentence; a paragraph, which is the whole unit; or a line. A tag that `breaks` ends one, too.
        keep: patterns of more text that stays as it is.
    """
    found = list[DocumentSegment]()
    for stretch in _stretches(parts):
        atoms = [atom for part in stretch for atom in _protected(part, keep)]
        # A dot in a URL does not end a sentence, and a placeholder may begin one as a name does.
        flat = "".join(
            "X" * len(a.text) if isinstance(a, Fixed) else a for a in atoms if not isinstance(a, Tag)
        )
        lengths = map(len, _split(flat, language, level))
        found += [_trimmed(group) for group in _grouped(atoms, list(accumulate(lengths)))]
    return found


def _stretches(parts: Parts) -> Iterator[Parts]:
    """The parts between the tags that break, and each of these tags by itself."""
    begin = 0
    for place, part in enumerate(parts):
        if isinstance(part, Tag) and part.breaks:
            yield parts[begin:place]
            yield (part,)
            begin = place + 1
    yield parts[begin:]


def _protected(part: str | Tag, keep: Keep | None) -> Iterator[Atom]:
    """A text with its placeholders as `Fixed`."""
    if isinstance(part, Tag):
        yield part
        return
    spans = [(found.start, found.end) for found in placeholders(part)]
    if keep is not None:
        spans += keep.spans(part)
    place = 0
    for start, end in sorted(spans, key=lambda span: (span[0], -span[1])):
        if start < place:  # inside another one
            continue
        if start > place:
            yield part[place:start]
        yield Fixed(part[start:end])
        place = end
    if place < len(part):
        yield part[place:]


def _split(text: str, language: Language, level: Level) -> list[str]:
    if level == "paragraph":
        return [text]
    if level == "line":
        return _LINE.findall(text)
    return split_into_sentences(_SURROGATE.sub("X", text), language)


def _grouped(atoms: Sequence[Atom], ends: Sequence[int]) -> Iterator[list[Atom]]:
    """The atoms of each sentence; a string that several sentences share is divided."""
    group, place, left = list[Atom](), 0, deque(ends[:-1])
    for atom in atoms:
        start, length = place, _length(atom)
        while isinstance(atom, str) and left and left[0] < start + length:
            end = left.popleft()
            if end > place:
                group.append(atom[place - start : end - start])
                place = end
            yield group
            group = []
        group.append(atom[place - start :] if isinstance(atom, str) else atom)
        place = start + length
    yield group


def _length(atom: Atom) -> int:
    if isinstance(atom, str):
        return len(atom)
    return len(atom.text) if isinstance(atom, Fixed) else 0


def _trimmed(atoms: list[Atom]) -> DocumentSegment:
    """Moves white space and tags at both ends out of the core."""
    core, before, after = list(atoms), list[Atom](), list[Atom]()
    while core and _is_blank(core[0]):
        before.append(core.pop(0))
    while core and _is_blank(core[-1]):
        after.insert(0, core.pop())
    if not any(words_of(atom) for atom in core if isinstance(atom, str)):
        return DocumentSegment(_parts(atoms), (), ())
    if isinstance(first := core[0], str):
        core[0] = text = first.lstrip()
        before.append(first[: len(first) - len(text)])
    if isinstance(last := core[-1], str):
        core[-1] = text = last.rstrip()
        after.insert(0, last[len(text) :])
    return DocumentSegment(_parts(before), tuple(core), _parts(after))


def _is_blank(atom: Atom) -> bool:
    return isinstance(atom, Tag) or (isinstance(atom, str) and not atom.strip())


def _parts(atoms: Sequence[Atom]) -> Parts:
    return parts_of(atom.text if isinstance(atom, Fixed) else atom for atom in atoms)
