"""Texts with XML tags, as translation clients send them: `Press <x id="1"></x> to <b>stop</b>.`"""

from collections.abc import Collection

from ontarget.documents.parts import Slot, Tag, Unit, parts_of, written
from ontarget.documents.text_file import Decoded, TextDocument
from ontarget.documents.xml_pieces import check_xml, escaped_xml, pieces_of


def xml_text(text: str, ignored: Collection[str] = ()) -> TextDocument:
    """A text with XML tags as a document of one unit, whose tags stay.

    Args:
        text: the text; each element that it opens, it closes.
        ignored: names of elements whose contents stay as they are.
    Raises:
        UserError: the tags are not well-formed XML.
    """
    check_xml(text.encode(), "the text", part=True)
    parts, depth, begin = list[str | Tag](), 0, 0
    for piece in pieces_of(text):
        if depth or (piece.kind == "open" and piece.name in ignored):
            if not depth:
                begin = piece.start
            depth += (piece.kind == "open") - (piece.kind == "close")
            if not depth:
                parts.append(Tag(text[begin : piece.end]))
        else:
            parts.append(piece.text if piece.kind == "text" else Tag(piece.raw))
    unit = Unit(parts_of(parts), "the text")
    return TextDocument(Decoded(text, "utf-8"), [Slot(0, len(text), unit, written(escaped_xml))])
