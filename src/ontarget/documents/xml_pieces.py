"""XML as pieces of text: safely checked by expat, then cut at its tags, whose positions count."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.parsers import expat
from xml.sax.saxutils import unescape

from ontarget.corpora.xml_faults import Context, fault
from ontarget.errors import UserError

_PIECE = re.compile(
    r"(?P<other><!--.*?-->|<\?.*?\?>)|<!\[CDATA\[(?P<cdata>.*?)\]\]>|</(?P<close>[^\s>]+)\s*>"
    r"|<(?P<open>[^\s/>]+)(?P<attributes>(?:\s+[^\s=]+\s*=\s*(?:\"[^\"]*\"|'[^']*'))*)\s*(?P<empty>/?)>|(?P<text>[^<]+)",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"([^\s=]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_REFERENCE = re.compile(r"&#(?:x([0-9A-Fa-f]+)|([0-9]+));")
_QUOTES = {"&quot;": '"', "&apos;": "'"}


@dataclass(frozen=True, slots=True)
class XmlPiece:
    """A tag, a text, or something else of an XML file.

    Attributes:
        kind: `open`, `close`, `empty` (`<x/>`), `text` or `other`.
        raw: its characters in the file.
        start: position of the first one.
        name: the name of the element, without its prefix.
        attributes: of a tag; names with their prefixes.
        text: of a text: the characters that it means; each line end is one character, as in all XML.
    """

    kind: str
    raw: str
    start: int
    name: str = ""
    attributes: tuple[tuple[str, str], ...] = ()
    text: str = ""

    @property
    def end(self) -> int:
        """The position after its last character."""
        return self.start + len(self.raw)


def check_xml(data: bytes, where: str) -> None:
    """Checks that a file is well-formed XML without declarations of its own.

    Entities could be defined there that expand to gigabytes or read other files.

    Raises:
        UserError: it is not.
    """
    parser, context, opened = expat.ParserCreate(), Context(), list[tuple[str, int]]()

    def declaration(*_: object) -> None:
        raise UserError(
            f"{where} has a document type declaration, which is not safe; remove '<!DOCTYPE ...>'"
        )

    parser.StartDoctypeDeclHandler = declaration
    parser.StartElementHandler = lambda name, _: opened.append((name, parser.CurrentLineNumber))
    parser.EndElementHandler = lambda _: opened.pop()
    context.add(data)
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise fault(error, where, context, parser.ErrorByteIndex, opened) from None
    except (LookupError, ValueError):
        raise UserError(f"{where} is in an encoding that is not supported; convert it to UTF-8") from None


def pieces_of(text: str) -> Iterator[XmlPiece]:
    """The pieces of checked XML, in order."""
    for found in _PIECE.finditer(text):
        raw, start = found[0], found.start()
        if found["open"]:
            attributes = tuple(
                (name, _meant(a or b)) for name, a, b in _ATTRIBUTE.findall(found["attributes"])
            )
            yield XmlPiece(
                "empty" if found["empty"] else "open", raw, start, _local(found["open"]), attributes
            )
        elif found["close"]:
            yield XmlPiece("close", raw, start, _local(found["close"]))
        elif found["cdata"] is not None:
            yield XmlPiece("text", raw, start, text=_with_plain_line_ends(found["cdata"]))
        elif found["text"]:
            yield XmlPiece("text", raw, start, text=_meant(_with_plain_line_ends(raw)))
        else:
            yield XmlPiece("other", raw, start)


def escaped_xml(text: str) -> str:
    """A text for XML, without the characters that XML does not allow."""
    text = re.sub("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", text)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _with_plain_line_ends(raw: str) -> str:
    return raw.replace("\r\n", "\n").replace("\r", "\n")


def _meant(raw: str) -> str:
    raw = _REFERENCE.sub(
        lambda found: chr(int(found[1], 16) if found[1] else int(found[2])).replace("&", "&amp;"), raw
    )
    return unescape(raw, _QUOTES)
