"""XML as pieces of text: safely checked by expat, then cut at its tags, whose positions count."""

import re
from collections.abc import Iterator, Sequence
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
_MISMATCH = expat.errors.codes[expat.errors.XML_ERROR_TAG_MISMATCH]
_AROUND = b"<ontarget-part>", b"</ontarget-part>"  # expat wants one element


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


def check_xml(data: bytes, where: str, *, part: bool = False) -> None:
    """Checks that a file is well-formed XML without declarations of its own.

    Entities could be defined there that expand to gigabytes or read other files.

    Args:
        data: the file.
        where: its name in messages.
        part: whether it is what an element may contain: text, and any number of elements.
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
    start, end = _AROUND if part else (b"", b"")
    context.add(start + data + end)
    try:
        parser.Parse(start + data + end, True)
    except expat.ExpatError as error:
        if error.lineno == 1:
            error.offset -= len(start)
        if part and error.code == _MISMATCH:
            raise _unbalanced(error, where, data, parser.ErrorByteIndex - len(start), opened[1:]) from None
        raise fault(error, where, context, parser.ErrorByteIndex, opened) from None
    except (LookupError, ValueError):
        raise UserError(f"{where} is in an encoding that is not supported; convert it to UTF-8") from None


def _unbalanced(
    error: expat.ExpatError, where: str, data: bytes, index: int, opened: Sequence[tuple[str, int]]
) -> UserError:
    """The error message for an end tag of a part, at a byte, that does not close the last open element.

    Its end closes none that is still open.
    """
    closing = re.match(rb"(?:</)?([^\s<>]+)", data[index:])
    remedy = "add or remove a tag, or write &lt; for a '<' that is text"
    if closing is None:
        name, line = opened[-1]
        return UserError(f"{where}, line {line}: <{name}> is never closed; {remedy}")
    of_what = f"<{opened[-1][0]}>, which opens in line {opened[-1][1]}" if opened else "any tag"
    column = error.offset + 1 - 2 * data[:index].endswith(b"</")
    said = f"</{closing[1].decode()}> does not close {of_what}; {remedy}"
    return UserError(f"{where}, line {error.lineno}, column {column}: {said}")


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
