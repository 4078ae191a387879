"""Word documents (.docx): paragraphs, tables, headers, footers, notes and text boxes; formatting stays.

python-docx writes the XML anew. Here only the text of its runs is replaced, and all other files in the
archive are copied as they are. Macros and links are neither run nor followed.
"""

import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from ontarget.documents.parts import Parts, Slot, Tag, Unit, parts_of, spliced
from ontarget.documents.xml_pieces import XmlPiece, check_xml, escaped_xml, pieces_of
from ontarget.errors import UserError

_PART = re.compile(r"word/(?:document|header\d*|footer\d*|footnotes|endnotes|comments)\.xml")
_LARGEST_PART = 100 << 20
_LARGEST = 1 << 30
_MOST_FILES = 10_000
# What `zipfile` raises for broken and encrypted archives, and for methods of compression that it lacks.
_OF_BROKEN = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    lzma.LZMAError,
    NotImplementedError,
    RuntimeError,
    EOFError,
    OSError,
    ValueError,
)
_BREAK = re.compile(r"<w:(?:br|cr|tab|ptab)\b")
# The markup between two runs of one formatting, which goes when their text becomes one.
_DIVIDES = re.compile(
    r"</w:t>|</w:r>|<w:r(?:\s[^>]*)?>|<w:t(?:\s[^>]*)?>|<w:proofErr[^>]*/>|<w:lastRenderedPageBreak\s*/>|\s+"
)
_RUN_FORMAT = re.compile(r"<w:rPr>(.*?)</w:rPr>|<w:rPr\s*/>", re.DOTALL)
_OF_SPELLING = re.compile(r"<w:lang\s[^>]*/>|<w:noProof\s*/>")  # not visible
_TEXT_TAG = re.compile(r"<w:t(?:\s[^>]*)?>")


def read_docx(data: bytes, path: Path) -> "WordDocument":
    """A Word document.

    Raises:
        UserError: it is broken, encrypted or of another format, or expands to more than a gigabyte.
    """
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise UserError(f"'{path}' is an old .doc file, or encrypted; save it as .docx without a password")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if (
                len(archive.infolist()) > _MOST_FILES
                or sum(i.file_size for i in archive.infolist()) > _LARGEST
            ):
                raise UserError(
                    f"'{path}' expands to more than {_LARGEST >> 30} GiB or {_MOST_FILES:,} files"
                )
            if "word/document.xml" not in archive.namelist():
                raise UserError(f"'{path}' is not a Word document: word/document.xml is missing in it")
            if (broken := archive.testzip()) is not None:  # now, not when the translation is written
                raise zipfile.BadZipFile(f"{broken} is damaged")
            names = [name for name in archive.namelist() if _PART.fullmatch(name)]
            parts = {name: _text_of(archive, name, path) for name in dict.fromkeys(names)}
            _require_usual_prefix(parts, path)
    except _OF_BROKEN as error:
        raise UserError(
            f"'{path}' is not a Word document, or broken ({error}); save it again as .docx"
        ) from None
    return WordDocument(data, parts)


def _text_of(archive: zipfile.ZipFile, name: str, path: Path) -> str:
    with archive.open(name) as file:
        data = file.read(_LARGEST_PART + 1)
    if len(data) > _LARGEST_PART:
        raise UserError(f"'{path}': {name} has more than {_LARGEST_PART >> 20} MiB; split the document")
    check_xml(data, f"'{path}', {name}")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise UserError(f"'{path}': {name} is not UTF-8; save the document again") from None


def _require_usual_prefix(parts: Mapping[str, str], path: Path) -> None:
    """Requires `<w:p>`, as Word and LibreOffice write it: by another prefix, no text would be found."""
    for name, text in parts.items():
        root = next((piece.raw for piece in pieces_of(text) if piece.kind in ("open", "empty")), "")
        if not root.startswith("<w:"):
            raise UserError(
                f"'{path}': {name} begins with {root.split()[0].rstrip('/>')}>, not with an element of "
                "Word's prefix w; open the document in Word or LibreOffice, and save it again"
            )


class WordDocument:
    """A `Document` in the archive of a .docx file.

    Args:
        data: the archive.
        parts: name of a file in it -> its XML.
    """

    def __init__(self, data: bytes, parts: dict[str, str]) -> None:
        self._data, self._parts = data, parts
        self._slots = {name: _slots(text, _prefix(name)) for name, text in parts.items()}
        self.units: Sequence[Unit] = [slot.unit for slots in self._slots.values() for slot in slots]

    def translated(self, texts: Sequence[Parts]) -> bytes:
        """See `Document`."""
        if list(texts) == [unit.parts for unit in self.units]:
            return self._data
        new, place = dict[str, bytes](), 0
        for name, slots in self._slots.items():
            of_part = texts[place : place + len(slots)]
            place += len(slots)
            new[name] = spliced(self._parts[name], slots, of_part).encode("utf-8")
        out = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(self._data)) as old, zipfile.ZipFile(out, "w") as archive:
            archive.comment = old.comment
            for info in old.infolist():
                data = new[info.filename] if info.filename in new else old.read(info)
                archive.writestr(info, data, compress_type=info.compress_type)
        return out.getvalue()


def _prefix(name: str) -> str:
    """The beginning of places in a part: nothing in the document itself, `header1, ` in a header."""
    stem = Path(name).stem
    return "" if stem == "document" else f"{stem}, "


def _slots(text: str, prefix: str) -> list[Slot]:
    """The paragraphs of a part; a paragraph in a text box is inside a tag of the one that the box is in."""
    slots, paragraphs, number, in_text = list[Slot](), list[list[XmlPiece]](), 0, False
    for piece in pieces_of(text):
        if piece.kind == "open" and piece.name == "p":
            paragraphs.append([])
        elif piece.kind == "close" and piece.name == "p":
            number += 1
            if (slot := _paragraph(text, paragraphs.pop(), f"{prefix}paragraph {number}")) is not None:
                slots.append(slot)
        elif piece.kind in ("open", "close") and piece.raw.startswith(("<w:t>", "<w:t ", "</w:t>")):
            in_text = piece.kind == "open"
            if paragraphs:
                paragraphs[-1].append(piece)
        elif in_text and piece.kind == "text" and paragraphs:
            paragraphs[-1].append(piece)
    return sorted(slots, key=lambda slot: (slot.start, -slot.end))


def _paragraph(text: str, pieces: Sequence[XmlPiece], where: str) -> Slot | None:
    """The slot from the first `<w:t>` to the last `</w:t>` of a paragraph; None if it has no text."""
    if not any(piece.kind == "text" for piece in pieces):
        return None
    start, end = pieces[0].start, pieces[-1].end
    parts, place = list[str | Tag](), start
    for piece in pieces:
        if piece.kind == "text":
            parts += [*_between(text, place, piece.start, first=place == start), piece.text]
            place = piece.end
    parts.append(Tag(text[place:end], place))
    return Slot(start, end, Unit(parts_of(parts), where), _written)


def _between(text: str, start: int, end: int, *, first: bool) -> Iterator[Tag]:
    """The markup between two texts; none if it only divides a text into runs of the same formatting."""
    raw = text[start:end]
    if not first and not _DIVIDES.sub("", _RUN_FORMAT.sub("", raw)):
        formats = [_format(found) for found in _RUN_FORMAT.finditer(raw)] or [""] * ("<w:r" in raw)
        if all(found == _format_before(text, start) for found in formats):
            return
    yield Tag(raw, start, _BREAK.search(raw) is not None)


def _format(found: re.Match[str] | None) -> str:
    return _OF_SPELLING.sub("", found[1] or "") if found else ""


def _format_before(text: str, place: int) -> str:
    """The formatting of the run that ends at a place."""
    run = max(text.rfind("<w:r>", 0, place), text.rfind("<w:r ", 0, place))
    return _format(_RUN_FORMAT.match(text, text.index(">", run) + 1)) if run >= 0 else ""


def _written(parts: Parts, raw: Callable[[Tag], str]) -> str:
    """Text and markup; blanks at the end of a text count only with an attribute."""
    return "".join(
        _TEXT_TAG.sub('<w:t xml:space="preserve">', raw(part)) if isinstance(part, Tag) else escaped_xml(part)
        for part in parts
    )
