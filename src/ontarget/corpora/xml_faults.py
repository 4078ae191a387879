"""Explains faults in damaged XML files and how to repair them; expat calls most faults "invalid token"."""

import re
from collections.abc import Sequence
from xml.parsers import expat

from ontarget.corpora.opening import wide_encoding
from ontarget.errors import UserError

UNKNOWN_ENCODING = (
    "the first line names an encoding that is not supported; convert the file to UTF-8, "
    'and write encoding="UTF-8" there'
)

_CODES = expat.errors.codes
_CUT_OFF = {
    _CODES[expat.errors.XML_ERROR_NO_ELEMENTS],
    _CODES[expat.errors.XML_ERROR_UNCLOSED_TOKEN],
    _CODES[expat.errors.XML_ERROR_PARTIAL_CHAR],
    _CODES[expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION],
}
_REMEDIES = {
    _CODES[expat.errors.XML_ERROR_MISPLACED_XML_PI]: (
        "'<?xml' must be the first characters of a file; remove what is before it, "
        "or cut the file there if several were joined"
    ),
    _CODES[expat.errors.XML_ERROR_JUNK_AFTER_DOC_ELEMENT]: (
        "there is more after the end of the document; remove it, or cut the file there if several were joined"
    ),
    _CODES[expat.errors.XML_ERROR_UNDEFINED_ENTITY]: (
        "an entity is not defined; write the character itself, or &amp; for a '&' that is text"
    ),
    _CODES[expat.errors.XML_ERROR_DUPLICATE_ATTRIBUTE]: "a tag has an attribute twice; remove one",
    _CODES[expat.errors.XML_ERROR_INCORRECT_ENCODING]: (
        'the file is not in the encoding that its first line names; correct it, e.g. encoding="UTF-8"'
    ),
    _CODES[expat.errors.XML_ERROR_UNKNOWN_ENCODING]: UNKNOWN_ENCODING,
}
_INVALID_TOKEN = _CODES[expat.errors.XML_ERROR_INVALID_TOKEN]
_BAD_REFERENCE = _CODES[expat.errors.XML_ERROR_BAD_CHAR_REF]
_MISMATCH = _CODES[expat.errors.XML_ERROR_TAG_MISMATCH]

_FAR = 1000  # characters before a fault that are searched for its cause
_REFERENCE = re.compile(r"&[^\s;&<>]*$")
_TAG = re.compile(r"<[^<>]*$")
_COMMENT = re.compile(r"<!--(?:(?!-->).)*$", re.DOTALL)


class Context:
    """The bytes around the current place of a parser that reads a file block by block."""

    def __init__(self) -> None:
        self._bytes, self._end, self._encoding = b"", 0, ""

    def add(self, block: bytes) -> None:
        """Adds the next block that the parser reads."""
        if not self._encoding:
            big = block[:1] in (b"\xfe", b"\0")
            self._encoding = f"utf-16-{'be' if big else 'le'}" if wide_encoding(block[:_FAR]) else "utf-8"
        self._bytes = self._bytes[-4 * _FAR :] + block
        self._end += len(block)

    def around(self, index: int) -> tuple[str, str, int]:
        """The text before a byte of the file, the text after it, and the byte."""
        place = index - (self._end - len(self._bytes))
        before, after = self._bytes[:place], self._bytes[place : place + _FAR]
        first = after[0] if after else 0
        texts = [part.decode(self._encoding, "replace") for part in (before[-4 * _FAR :], after)]
        return texts[0][-_FAR:], texts[1], first

    def closed(self, name: str) -> bool:
        """Whether the added blocks end with the end tag of an element."""
        return self._bytes.decode(self._encoding, "replace").rstrip("\0 \t\r\n").endswith(f"</{name}>")


def fault(
    error: expat.ExpatError, where: str, context: Context, index: int, opened: Sequence[tuple[str, int]]
) -> UserError:
    """The error message for a fault.

    Args:
        error: the error of the parser.
        where: the file's name in messages.
        context: the text around the fault.
        index: the byte of the fault.
        opened: the elements that are open there, each with the line of its tag.
    """
    reason = expat.errors.messages[error.code]
    before, after, byte = context.around(index)
    if error.code in _CUT_OFF:
        if opened and context.closed(opened[0][0]):
            return UserError(
                f"{where}, line {error.lineno}: a tag or comment that begins there never ends; "
                "write &lt; for a '<' that is text"
            )
        return UserError(
            f"{where}, line {error.lineno}: the file is truncated here ({reason}); copy or download it again"
        )
    back, what = "", _REMEDIES.get(error.code)
    if error.code == _MISMATCH:
        back, what = "</" if before.endswith("</") else "", _mismatch(after, opened)
    elif error.code == _BAD_REFERENCE:
        what = f"'{after.partition(';')[0]};' is a character that XML does not allow; remove it"
    elif error.code == _INVALID_TOKEN:
        back, what = _invalid_token(before, after, byte)
    what = what or f"not well-formed XML ({reason})"
    if "\n" in back:
        return UserError(f"{where}, line {error.lineno - back.count(chr(10))}: {what}")
    return UserError(f"{where}, line {error.lineno}, column {error.offset + 1 - len(back)}: {what}")


def _mismatch(after: str, opened: Sequence[tuple[str, int]]) -> str | None:
    closing = re.match(r"(?:</)?([^\s<>]+)", after)
    if closing is None or not opened:
        return None
    name, line = opened[-1]
    return (
        f"</{closing[1]}> does not close <{name}>, which opens in line {line}; add or remove a tag, "
        "or write &lt; for a '<' that is text"
    )


def _invalid_token(before: str, after: str, byte: int) -> tuple[str, str | None]:
    """The text between the cause of a fault and its place, and a description of the cause."""
    if byte < 0x20 and after[:1] not in ("\t", "\n", "\r"):
        return (
            "",
            f"a control character (0x{ord(after[:1] or chr(0)):02x}), which XML does not allow; remove it",
        )
    if after.startswith("\ufffd"):
        return "", (
            f"the byte 0x{byte:02x} is not UTF-8; name the encoding of the file in its first line, "
            'e.g. <?xml version="1.0" encoding="windows-1252"?>'
        )
    if after[:1] in ("\ufffe", "\uffff"):
        return "", f"U+{ord(after[0]):04X} is not a character that XML allows; remove it"
    if _COMMENT.search(before):
        return "", "'--' is not allowed within a comment; remove it"
    if reference := _REFERENCE.search(before):
        return reference[0], "'&' does not begin an entity; write &amp; for it"
    if tag := _TAG.search(before):
        return tag[0], "'<' does not begin a tag; write &lt; for it"
    if before.endswith("]]"):
        return "]]", "write ]]&gt; for ']]>'"
    return "", None
