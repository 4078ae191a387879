"""A text file whose bytes are decoded, and encoded again in the same way."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ontarget.corpora.opening import BYTE_ORDER_MARK, not_utf8, raw, wide_encoding
from ontarget.documents.parts import Parts, Slot, Unit, spliced
from ontarget.errors import UserError

_MARKS = {"utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}
_LARGEST = 100 << 20
"""Bytes of a document; larger text is for files of lines, which are read piece by piece."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text of a file, with all its line ends.

    Attributes:
        text: the text, without the byte order mark.
        encoding: the codec of its bytes.
        mark: the byte order mark, if any.
    """

    text: str
    encoding: str
    mark: bytes = b""


def read_bytes(path: Path) -> bytes:
    """The bytes of a document.

    Raises:
        UserError: the file is missing, cannot be read, or has more than 100 MiB.
    """
    with raw(path) as file:
        data = file.read(_LARGEST + 1)
    if len(data) > _LARGEST:
        raise UserError(
            f"'{path}' has more than {_LARGEST >> 20} MiB, too much for one document; split it, "
            "or translate it as a file of lines"
        )
    return data


def decoded(data: bytes, path: Path, declared: str | None = None) -> Decoded:
    """The text of a file in UTF-8, in UTF-16 with a byte order mark, or in the encoding that it declares.

    Raises:
        UserError: it is in another encoding.
    """
    for encoding, mark in _MARKS.items():
        if data.startswith(mark):
            try:
                return Decoded(data[2:].decode(encoding), encoding, mark)
            except UnicodeDecodeError:
                raise UserError(f"'{path}' is broken UTF-16; save it again as UTF-8") from None
    mark = BYTE_ORDER_MARK if data.startswith(BYTE_ORDER_MARK) else b""
    data = data[len(mark) :]
    if declared and not mark:
        try:
            return Decoded(data.decode(declared), declared)
        except LookupError:
            raise UserError(
                f"'{path}' declares the unknown encoding '{declared}'; convert it to UTF-8"
            ) from None
        except UnicodeDecodeError as error:
            raise UserError(
                f"'{path}' declares the encoding '{declared}', but byte {error.start + 1} is another one's; "
                "convert the file to UTF-8"
            ) from None
    if wide_encoding(data[:512]) is not None:
        raise UserError(f"'{path}' is UTF-16 without a byte order mark; save it again as UTF-8")
    try:
        return Decoded(data.decode("utf-8"), "utf-8", mark)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        offset = error.start - (data.rfind(b"\n", 0, error.start) + 1) + 1
        raise not_utf8(f"'{path}'", line, offset, data[error.start]) from None


class TextDocument:
    """A `Document` of one decoded text and the slots of its units.

    Args:
        file: the text.
        slots: the places of its units, in the order of their starts; one inside a tag of another follows it.
        references: whether a character that the encoding lacks is written as `&#8364;`, as in HTML and XML.
    """

    def __init__(self, file: Decoded, slots: Sequence[Slot], *, references: bool = False) -> None:
        self._file, self._slots, self._references = file, slots, references
        self.units: Sequence[Unit] = [slot.unit for slot in slots]

    def translated(self, texts: Sequence[Parts]) -> bytes:
        """See `Document`."""
        text = spliced(self._file.text, self._slots, texts)
        try:
            errors = "xmlcharrefreplace" if self._references else "strict"
            return self._file.mark + text.encode(self._file.encoding, errors)
        except UnicodeEncodeError as error:
            raise UserError(
                f"the encoding of the file, {self._file.encoding}, lacks '{text[error.start]}', "
                "which the translation has; convert the file to UTF-8"
            ) from None


class LineNumbers:
    """Finds the line of a position in a text."""

    def __init__(self, text: str) -> None:
        self._ends = [place for place, character in enumerate(text) if character == "\n"]

    def at(self, position: int) -> str:
        """The place of a character for messages: `line 3`."""
        return f"line {bisect_left(self._ends, position) + 1}"
