"""XLIFF 1.2 and 2: targets that are missing or empty are filled in, all others stay.

The libraries for this format are under the GPL, or write the file anew.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ontarget.documents.declared import require_source, require_target
from ontarget.documents.parts import Parts, Slot, Tag, Unit, lines_apart, parts_of, written
from ontarget.documents.text_file import LineNumbers, TextDocument, decoded
from ontarget.documents.xml_pieces import XmlPiece, check_xml, escaped_xml, pieces_of
from ontarget.errors import UserError
from ontarget.languages import Language

_CONTAINERS = ("xliff", "file", "group", "unit")
_UNITS = ("trans-unit", "segment")  # of 1.2 and 2
_CODE = frozenset({"ph", "bpt", "ept", "it", "cp"})  # their contents are code, not text
_PLACEHOLDERS = ("ph", "x")  # which alone may be a translation
_ENCODING = re.compile(rb"^<\?xml[^>]*encoding=[\"']([\w-]+)")


@dataclass(slots=True)
class _Segment:
    """A segment while it is read: the pieces of its source, and the places of its elements."""

    opened: XmlPiece
    stays: bool
    preserved: bool  # its white space
    source: list[XmlPiece] = field(default_factory=list)
    source_end: int = -1
    target: list[XmlPiece] = field(default_factory=list)
    has_target: bool = False
    target_tag: XmlPiece | None = None
    target_end: int = -1


def read_xliff(
    data: bytes, path: Path, source: Language | None = None, target: Language | None = None
) -> TextDocument:
    """An XLIFF file.

    Args:
        data: the bytes of the file.
        path: its name in messages.
        source: the language to translate from, if the user named it.
        target: the language to translate into. A file that names other languages contradicts both.
    Raises:
        UserError: it is not well-formed, not XLIFF, or is for other languages.
    """
    check_xml(data, f"'{path}'")
    declared = _ENCODING.match(data)
    file = decoded(data, path, declared[1].decode() if declared else None)
    pieces = list(pieces_of(file.text))
    root = next((piece for piece in pieces if piece.kind in ("open", "empty")), None)
    if root is None or root.name != "xliff":
        raise UserError(f"'{path}' is not XLIFF: its first element is <{root.name if root else ''}>")
    lines, slots = LineNumbers(file.text), list[Slot]()
    slots += _languages(pieces, source, target, path)
    for segment in _segments(pieces):
        if (slot := _slot(segment, lines)) is not None:
            slots.append(slot)
    return TextDocument(file, sorted(slots, key=lambda slot: slot.start), references=True)


def _segments(pieces: Sequence[XmlPiece]) -> Iterator[_Segment]:
    """The segments of a file. Alternative translations (`alt-trans`, `matches`) are not among them."""
    stays, preserved, segment, inside, skipped = [False], [False], None, "", 0
    for piece in pieces:
        if piece.name in ("alt-trans", "matches", "seg-source", "note", "notes") and piece.kind != "empty":
            skipped += 1 if piece.kind == "open" else -1
            if segment is not None and piece.name == "seg-source" and piece.kind == "close":
                segment.source_end = piece.end
            continue
        if skipped:
            continue
        if piece.kind == "open" and piece.name in (*_CONTAINERS, *_UNITS):
            own = dict(piece.attributes).get("translate")
            stays.append(own == "no" if own else stays[-1])
            preserved.append(_is_preserved(piece, preserved[-1]))
            if piece.name in _UNITS:
                segment = _Segment(piece, stays[-1], preserved[-1])
        elif piece.kind == "close" and piece.name in (*_CONTAINERS, *_UNITS):
            stays.pop()
            preserved.pop()
            if piece.name in _UNITS and segment is not None:
                yield segment
                segment = None
        elif segment is not None:
            inside = _add(segment, piece, inside)


def _is_preserved(piece: XmlPiece, around: bool) -> bool:
    """Whether white space within an element is part of its text."""
    own = dict(piece.attributes).get("xml:space")
    return own == "preserve" if own else around


def _add(segment: _Segment, piece: XmlPiece, inside: str) -> str:
    """Adds a piece to a segment, and returns the element that the following one is in."""
    if piece.name == "source" and piece.kind in ("open", "close"):
        if piece.kind == "close":
            segment.source_end = piece.end
        else:
            segment.preserved = _is_preserved(piece, segment.preserved)
        return "source" if piece.kind == "open" else ""
    if piece.name == "target":
        segment.has_target = True
        if piece.kind != "close":
            segment.target_tag = piece
        segment.target_end = piece.end
        return "target" if piece.kind == "open" else ""
    if inside == "source":
        segment.source.append(piece)
    elif inside == "target":
        segment.target.append(piece)
    return inside


def _slot(segment: _Segment, lines: LineNumbers) -> Slot | None:
    parts = _parts(segment.source, preserved=segment.preserved)
    if segment.stays or not any(isinstance(part, str) and part.strip() for part in parts):
        return None
    if any(piece.text.strip() or piece.name in _PLACEHOLDERS for piece in segment.target):
        return None  # translated already, and not only prepared with empty tags or a comment
    unit = Unit(parts, lines.at(segment.opened.start))
    if segment.target_tag is None:
        return Slot(
            segment.source_end,
            segment.source_end,
            unit,
            _around("<target>", "</target>", segment),
            filled=True,
        )
    opening = segment.target_tag.raw
    if segment.target_tag.kind == "empty":
        opening = opening[: opening.rindex("/")].rstrip() + ">"
    name = re.match(r"<([^\s/>]+)", opening)
    closing = f"</{name[1] if name else 'target'}>"
    return Slot(
        segment.target_tag.start, segment.target_end, unit, _around(opening, closing, None), filled=True
    )


def _around(
    opening: str, closing: str, segment: _Segment | None
) -> Callable[[Parts, Callable[[Tag], str]], str]:
    """Writes a target; a new one has the prefix of its segment, as in `<x:target>`."""
    if segment is not None and (prefix := re.match(r"<(\w+:)", segment.opened.raw)):
        opening, closing = opening.replace("<", f"<{prefix[1]}"), closing.replace("</", f"</{prefix[1]}")
    inner = written(escaped_xml)
    return lambda parts, raw: opening + inner(parts, raw) + closing


def _parts(pieces: Sequence[XmlPiece], *, preserved: bool) -> Parts:
    """The text of a source; code in it, and spans that are not to be translated, are one tag each."""
    parts, code, depth = list[str | Tag](), "", 0
    for piece in pieces:
        if depth:
            code += piece.raw
            depth += {"open": 1, "close": -1}.get(piece.kind, 0)
            if not depth:
                parts.append(Tag(code))
        elif piece.kind == "open" and (piece.name in _CODE or _is_protected(piece)):
            code, depth = piece.raw, 1
        elif piece.kind == "text" and preserved:
            parts += (
                Tag(escaped_xml(part.raw), breaks=True) if isinstance(part, Tag) else part
                for part in lines_apart(piece.text)
            )
        elif piece.kind == "text":
            parts.append(piece.text)
        else:
            parts.append(Tag(piece.raw))
    return parts_of(parts)


def _is_protected(piece: XmlPiece) -> bool:
    attributes = dict(piece.attributes)
    return attributes.get("translate") == "no" or attributes.get("mtype") == "protected"


def _languages(
    pieces: Sequence[XmlPiece], source: Language | None, target: Language | None, path: Path
) -> Iterator[Slot]:
    """Slots that name the target language where a file does not, or as an empty text.

    Raises:
        UserError: it names another one, or another source language.
    """
    version_2 = any(
        name == "srcLang" for piece in pieces if piece.name == "xliff" for name, _ in piece.attributes
    )
    element = "xliff" if version_2 else "file"
    from_key, to_key = ("srcLang", "trgLang") if version_2 else ("source-language", "target-language")
    for piece in pieces:
        if piece.name != element or piece.kind == "close":
            continue
        attributes = dict(piece.attributes)
        if source is not None and (named := attributes.get(from_key, "").strip()):
            require_source(named, source, path, from_key)
        if target is None:
            continue
        if named := attributes.get(to_key, "").strip():
            require_target(named, target, path, to_key)
        else:
            yield _naming(piece, to_key, target)


def _naming(piece: XmlPiece, key: str, target: Language) -> Slot:
    """A slot that names the target language in a tag, in the place of an attribute that is empty, if any."""
    if empty := re.search(rf"\s{key}\s*=\s*(?:\"\s*\"|'\s*')", piece.raw):
        start, end = piece.start + empty.start(), piece.start + empty.end()
    else:
        start = end = piece.end - (2 if piece.kind == "empty" else 1)
    return Slot(start, end, Unit((), ""), lambda parts, raw: f' {key}="{target}"', filled=True)
