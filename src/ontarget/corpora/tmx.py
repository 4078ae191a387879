"""Reads translation memories (TMX) as a stream, so that memory does not grow with the file.

The parser is expat, which checks the syntax. A DOCTYPE is allowed, as in the standard, but files that it
names are never opened. Files that define entities are rejected, since entities can expand a small file to a
huge one or read other files of the machine. HTML's entities (`&nbsp;`) are supported, since many tools write
them.
"""

from collections.abc import Iterator, Mapping, Sequence
from html.entities import html5
from pathlib import Path
from typing import Any
from xml.parsers import expat

from ontarget.corpora.corpus import Segment
from ontarget.corpora.opening import opened
from ontarget.corpora.rows import Columns, chooser
from ontarget.corpora.xml_faults import UNKNOWN_ENCODING, Context, fault
from ontarget.errors import UserError
from ontarget.languages import Language

_BLOCK = 1 << 16
_CODE = {"bpt", "ept", "ph", "it", "ut"}  # contain layout codes of the original, not text


def read_tmx(path: Path, languages: Sequence[Language], columns: Columns | None = None) -> Iterator[Segment]:
    """The translation units, each with the languages that it has.

    The first of several variants with the same `xml:lang` counts. If a unit has two variants of one language
    (`en-GB` and `en-US`), `columns` choose one: {"en-GB": Language("en")}. The text of inner elements (bold,
    links) is kept; layout codes are dropped.

    Raises:
        UserError: the file is truncated, damaged or not TMX, or defines entities; the message names the line.
    """
    units = _Units(path, languages, columns)
    with opened(path) as file:
        while block := file.read(_BLOCK):
            yield from units.feed(block)
        yield from units.feed(b"", last=True)


def tags_of(path: Path) -> list[str]:
    """The `xml:lang` of each text in the first translation unit, for messages."""
    units = _Units(path, [], None)
    with opened(path) as file:
        while not units.first and (block := file.read(_BLOCK)):
            units.feed(block)
    return list(units.first)


class _Units:
    """Collects the units of one file while expat reads it."""

    def __init__(self, path: Path, languages: Sequence[Language], columns: Columns | None) -> None:
        self._path = path
        self._columns = chooser(languages, columns)
        self._done: list[Segment] = []
        self.first: Mapping[str, str] = {}  # the first unit with a text
        self._unit: dict[str, str] | None = None  # xml:lang -> text
        self._line = 0  # first line of the unit
        self._tag: str | None = None
        self._text: list[str] | None = None  # parts of the current segment
        self._within_code = 0
        self._loose: list[str] = []  # text of a <tuv> outside its elements
        self._opened: list[tuple[str, int]] = []  # open elements, each with the line of its tag
        self._seen_root = self._seen_seg = self._seen_doctype = False
        self._context = Context()
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.EntityDeclHandler = self._refuse
        self._parser.SkippedEntityHandler = self._entity
        self._parser.UseForeignDTD(True)  # so that the handler gets undefined entities, too
        self._parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)

    def feed(self, block: bytes, last: bool = False) -> list[Segment]:
        """The units that end in this block."""
        self._done = []
        self._context.add(block)
        try:
            self._parser.Parse(block, last)
        except expat.ExpatError as error:
            index = self._parser.ErrorByteIndex
            raise fault(error, f"'{self._path}'", self._context, index, self._opened) from None
        except (ValueError, LookupError):  # from Python, which provides encodings that expat does not have
            raise UserError(f"'{self._path}': {UNKNOWN_ENCODING}") from None
        return self._done

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if not self._seen_root and name != "tmx":
            raise UserError(f"'{self._path}' is not TMX: its first element is <{name}>, not <tmx>")
        self._seen_root = True
        self._opened.append((name, self._parser.CurrentLineNumber))
        if (name == "tu" and self._unit is not None) or (name in ("tuv", "seg") and self._text is not None):
            raise UserError(
                f"{self._here()}: a <{name}> within {'another' if name != 'tuv' else 'a <seg>'}; "
                "close the first one before it"
            )
        if name == "tu":
            self._unit, self._line = {}, self._parser.CurrentLineNumber
        elif name == "tuv" and self._unit is not None:
            tag = attributes.get("xml:lang") or attributes.get("lang")
            if tag is None:
                raise UserError(f"{self._here()}: a <tuv> without xml:lang; add its language")
            self._tag, self._seen_seg, self._loose = tag, False, []
        elif name == "seg" and self._tag is not None:
            self._seen_seg = True
            if self._tag not in (self._unit or {}):
                self._text, self._within_code = [], 0
        elif name in _CODE:
            self._within_code += 1

    def _end(self, name: str) -> None:
        self._opened.pop()
        if name == "seg" and self._text is not None:
            assert self._unit is not None
            assert self._tag is not None
            self._unit[self._tag] = "".join(self._text)
            self._text = None
        elif name == "tuv":
            if self._tag is not None and not self._seen_seg and "".join(self._loose).strip():
                raise UserError(f"{self._here()}: a <tuv> has text but no <seg>; put the text into a <seg>")
            self._tag = None
        elif name == "tu" and self._unit is not None:
            columns = self._columns(self._unit, f"'{self._path}', line {self._line}")
            self._done.append({language: self._unit[tag] for tag, language in columns.items()})
            self.first = self.first or self._unit
            self._unit = None
        elif name in _CODE:
            self._within_code -= 1

    def _characters(self, text: str) -> None:
        if self._text is not None and not self._within_code:
            self._text.append(text)
        elif self._tag is not None and self._opened[-1][0] == "tuv":
            self._loose.append(text)

    def _doctype(self, *_: Any) -> None:
        self._seen_doctype = True

    def _entity(self, name: str, is_parameter: bool) -> None:
        """Reads an entity that the file does not define."""
        if not is_parameter and (character := html5.get(f"{name};")) is not None:
            self._characters(character)
        elif is_parameter or self._seen_doctype:
            self._refuse(name)
        else:
            raise UserError(
                f"{self._here()}: the entity '&{name};' is not defined; write the character itself, "
                f"or &amp;{name}; if this is text"
            )

    def _refuse(self, name: str, *_: Any) -> None:
        raise UserError(
            f"{self._here()}: the entity '{name}' is defined inside or outside the file, which is not "
            "supported for security reasons; replace it with its text"
        )

    def _here(self) -> str:
        return f"'{self._path}', line {self._parser.CurrentLineNumber}"
