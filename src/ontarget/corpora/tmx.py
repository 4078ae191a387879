"""Translation memories (TMX), read as a stream: memory does not grow with the file.

By expat, which checks what it reads. A DOCTYPE may stand there, as the standard wants it, but nothing that it
names is opened, and a file that defines entities is refused: they are how a small file becomes a huge one, or
reads other files of the machine.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from xml.parsers import expat

from ontarget.corpora.corpus import Segment
from ontarget.corpora.opening import opened
from ontarget.corpora.rows import Columns, chooser
from ontarget.errors import UserError
from ontarget.languages import Language

_BLOCK = 1 << 16
_CODE = {"bpt", "ept", "ph", "it", "ut"}  # hold codes of the original's layout, not text


def read_tmx(path: Path, languages: Sequence[Language], columns: Columns | None = None) -> Iterator[Segment]:
    """The translation units, each in those of the languages that it has.

    Of several variants with the same `xml:lang` the first counts. Where a unit has two for one language
    (`en-GB` and `en-US`), `columns` say which to read: {"en-GB": Language("en")}. Elements within a text
    (bold, links) leave their text; codes of a layout are dropped.

    Raises:
        UserError: the file is cut off, no XML, no TMX, or defines entities; the message says at which line.
    """
    units = _Units(path, languages, columns)
    with opened(path) as file:
        while block := file.read(_BLOCK):
            yield from units.feed(block)
        yield from units.feed(b"", last=True)


class _Units:
    """Collects the units of one file while expat reads it."""

    def __init__(self, path: Path, languages: Sequence[Language], columns: Columns | None) -> None:
        self._path = path
        self._columns = chooser(languages, columns)
        self._done: list[Segment] = []
        self._unit: dict[str, str] | None = None  # xml:lang -> text
        self._line = 0  # where the unit begins
        self._tag: str | None = None
        self._text: list[str] | None = None  # of the segment that is being read
        self._within_code = 0
        self._seen_root = False
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.EntityDeclHandler = self._refuse
        self._parser.SkippedEntityHandler = self._refuse
        self._parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)

    def feed(self, block: bytes, last: bool = False) -> list[Segment]:
        """The units that end in this block."""
        self._done = []
        try:
            self._parser.Parse(block, last)
        except expat.ExpatError as error:
            reason = expat.errors.messages[error.code]
            what = "is cut off" if last else "is no well-formed XML"
            raise UserError(
                f"'{self._path}', line {error.lineno} {what} ({reason}); copy or download it again"
            ) from None
        return self._done

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if not self._seen_root and name != "tmx":
            raise UserError(f"'{self._path}' is no TMX: its first element is <{name}>, not <tmx>")
        self._seen_root = True
        if name == "tu":
            self._unit, self._line = {}, self._parser.CurrentLineNumber
        elif name == "tuv" and self._unit is not None:
            tag = attributes.get("xml:lang") or attributes.get("lang")
            if tag is None:
                raise UserError(f"{self._here()}: a <tuv> without xml:lang; say its language there")
            self._tag = tag
        elif name == "seg" and self._tag is not None and self._tag not in (self._unit or {}):
            self._text, self._within_code = [], 0
        elif name in _CODE:
            self._within_code += 1

    def _end(self, name: str) -> None:
        if name == "seg" and self._text is not None:
            assert self._unit is not None
            assert self._tag is not None
            self._unit[self._tag] = "".join(self._text)
            self._text = None
        elif name == "tuv":
            self._tag = None
        elif name == "tu" and self._unit is not None:
            columns = self._columns(self._unit, f"'{self._path}', line {self._line}")
            self._done.append({language: self._unit[tag] for tag, language in columns.items()})
            self._unit = None
        elif name in _CODE:
            self._within_code -= 1

    def _characters(self, text: str) -> None:
        if self._text is not None and not self._within_code:
            self._text.append(text)

    def _refuse(self, name: str, *_: Any) -> None:
        raise UserError(
            f"{self._here()}: the entity '{name}' is defined in the file, or outside of it, which is not "
            "read for safety; write the text itself in its place"
        )

    def _here(self) -> str:
        return f"'{self._path}', line {self._parser.CurrentLineNumber}"
