"""The text of a document as a reader finds it: units of text and tags, and their positions in the file."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

_LINE_END = re.compile(r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")  # of `str.splitlines`


@dataclass(frozen=True, slots=True)
class Tag:
    """Markup within a text, such as `<b>`, which stays as it is.

    Attributes:
        raw: the markup as the file has it.
        start: position of its first character in the file; -1: it contains no units of its own.
        breaks: whether no sentence goes on behind it, such as a line break.
    """

    raw: str
    start: int = -1
    breaks: bool = False

    @property
    def end(self) -> int:
        """The position after its last character."""
        return self.start + len(self.raw)


Parts = tuple[str | Tag, ...]
"""Text and the markup within it. The text is what a reader sees, so `&` rather than `&amp;`."""


def parts_of(pieces: Iterable[str | Tag]) -> Parts:
    """The parts of a text without empty strings, and with adjacent strings joined."""
    parts = list[str | Tag]()
    for piece in pieces:
        if isinstance(piece, str) and parts and isinstance(parts[-1], str):
            parts[-1] += piece
        elif piece != "":
            parts.append(piece)
    return tuple(parts)


def lines_apart(text: str) -> Iterator[str | Tag]:
    """The lines of a text, with a tag for each line end, for formats in which these are part of the text."""
    place = 0
    for found in _LINE_END.finditer(text):
        yield text[place : found.start()]
        yield Tag(found[0], breaks=True)
        place = found.end()
    yield text[place:]


@dataclass(frozen=True, slots=True)
class Unit:
    """A paragraph, heading, cell, cue or string of a document, which is translated by itself.

    Attributes:
        parts: its text and tags.
        where: its place for messages, such as `line 3`.
        accepts: whether the document can hold a translation there.
        line: number of its first line if its lines are those of the file, so that a segment has its own.
    """

    parts: Parts
    where: str
    accepts: Callable[[Parts], bool] = field(default=lambda parts: True, compare=False)
    line: int | None = None


class Document(Protocol):
    """A file whose text can be replaced."""

    @property
    def units(self) -> Sequence[Unit]:
        """Its text, in order."""

    def translated(self, texts: Sequence[Parts]) -> bytes:
        """The file with another text for each unit; a unit with its own text keeps its bytes.

        Raises:
            UserError: the file's encoding lacks a character of a text.
        """


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of a unit in a file's text.

    Attributes:
        start: position of the first character that the unit's text replaces.
        end: position after the last one.
        unit: the unit.
        write: the file's text for parts of the unit; `raw` gives the text for a tag.
        filled: whether a unit with its own text is written, too, because the place has another text so far.
    """

    start: int
    end: int
    unit: Unit
    write: Callable[[Parts, Callable[[Tag], str]], str]
    filled: bool = False


def written(escape: Callable[[str], str] = str) -> Callable[[Parts, Callable[[Tag], str]], str]:
    """A `Slot.write` that escapes the text of a unit, and puts its tags back."""

    def write(parts: Parts, raw: Callable[[Tag], str]) -> str:
        return "".join(raw(part) if isinstance(part, Tag) else escape(part) for part in parts)

    return write


def written_whole(escape: Callable[[str], str]) -> Callable[[Parts, Callable[[Tag], str]], str]:
    """A `Slot.write` that escapes a unit as one string, with the line ends of `lines_apart`."""
    return lambda parts, raw: escape("".join(raw(part) if isinstance(part, Tag) else part for part in parts))


def spliced(text: str, slots: Sequence[Slot], texts: Sequence[Parts]) -> str:
    """A file's text with the slots replaced. A slot may be inside a tag of another one.

    Args:
        text: the text of the file.
        slots: the places, in the order of their starts; the outer one first.
        texts: the parts for each slot.
    """
    outermost, inside = _nested(slots)

    def between(start: int, end: int, places: Sequence[int]) -> str:
        pieces = list[str]()
        for place in places:
            slot = slots[place]
            pieces.append(text[start : slot.start])
            pieces.append(of_slot(slot, texts[place], inside[place]))
            start = slot.end
        return "".join((*pieces, text[start:end]))

    def of_slot(slot: Slot, parts: Parts, within: Sequence[int]) -> str:
        if parts == slot.unit.parts and not slot.filled:
            return between(slot.start, slot.end, within)

        def raw(tag: Tag) -> str:
            here = [
                place for place in within if tag.start <= slots[place].start and slots[place].end <= tag.end
            ]
            return between(tag.start, tag.end, here) if here else tag.raw

        return slot.write(parts, raw)

    return between(0, len(text), outermost)


def _nested(slots: Sequence[Slot]) -> tuple[list[int], list[list[int]]]:
    """The slots that are in no other one, and for each slot those directly inside it, by their numbers."""
    outermost, inside = list[int](), [list[int]() for _ in slots]
    around = list[int]()
    for place, slot in enumerate(slots):
        while around and slots[around[-1]].end <= slot.start:
            around.pop()
        (inside[around[-1]] if around else outermost).append(place)
        around.append(place)
    return outermost, inside
