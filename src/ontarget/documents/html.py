"""HTML: the text of blocks with their inline tags, and attributes that readers see, such as `alt`.

Python's `html.parser` is used since it gives the position of each tag. lxml does not, and writes a page anew.
"""

import html
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

from ontarget.documents.parts import Slot, Tag, Unit, parts_of, written
from ontarget.documents.text_file import LineNumbers, TextDocument, decoded

_INLINE = re.compile(
    "a|abbr|acronym|b|bdi|bdo|big|br|cite|code|data|del|dfn|em|font|i|img|input|ins|kbd|label|mark|q|rb|rp|rt|"
    "ruby|s|samp|small|span|strike|strong|sub|sup|time|tt|u|var|wbr"
)
_EMPTY = re.compile("area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr")
# Their contents are not prose.
_OPAQUE = re.compile("script|style|code|pre|kbd|samp|var|tt|textarea|math|svg|template|iframe|object")
_SHOWN = ("alt", "title", "placeholder", "aria-label")
_WITH_LABEL = ("option", "optgroup", "track")
_END_OMITTED = re.compile("p|li|dt|dd|td|th|tr|option")
# In either kind of quotation marks, or without any.
_VALUE = r"(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'=<>`]+?)(?=[\s>]|/>))"
_DESCRIBED = frozenset(
    {"description", "keywords", "og:title", "og:description", "twitter:title", "twitter:description"}
)
_DECLARED = re.compile(
    rb"<meta[^>]+charset\s*=\s*[\"']?([\w-]+)|^\s*<\?xml[^>]+encoding=[\"']([\w-]+)", re.IGNORECASE
)

# PHP, ERB and the like, which may have `>` and quotes in them; the last one of a file is often not closed.
# `(?!<%)`: beginnings without an end would take the square of their number.
_CODE_OF_SERVER = re.compile(r"<\?(?:php\b|=).*?(?:\?>|\Z)|<%(?:(?!<%).)*?%>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Event:
    """A piece of a page: text, a tag, or something else such as a comment."""

    start: int
    kind: str  # text, open, close, other
    name: str = ""
    attributes: tuple[tuple[str, str | None], ...] = ()


class _Events(HTMLParser):
    """Collects the pieces of a page with their positions."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=False)
        self._starts = [0, *(place + 1 for place, character in enumerate(text) if character == "\n")]
        self.found = list[_Event]()
        shown = _CODE_OF_SERVER.sub(_hidden, text)
        # No tag is whole behind the last `>`. The parser would look for its end from each `<` on, which takes
        # the square of the size.
        whole = shown.rfind(">") + 1
        self.feed(shown[:whole])
        self.close()
        if whole < len(shown) and self.cdata_elem is None:  # not in a script without an end
            self._add("text")

    def _add(self, kind: str, name: str = "", attributes: tuple[tuple[str, str | None], ...] = ()) -> None:
        line, column = self.getpos()
        self.found.append(_Event(self._starts[line - 1] + column, kind, name, attributes))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Called by the parser; so are the others."""
        self._add("open", tag, tuple(attrs))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag such as `<br/>`; only an empty element ends with it."""
        self._add("open", tag, tuple(attrs))

    def handle_endtag(self, tag: str) -> None:
        self._add("close", tag)

    def handle_data(self, data: str) -> None:
        self._add("text")

    def handle_entityref(self, name: str) -> None:
        self._add("text")

    def handle_charref(self, name: str) -> None:
        self._add("text")

    def handle_comment(self, data: str) -> None:
        self._add("other")

    def handle_decl(self, decl: str) -> None:
        self._add("other")

    def handle_pi(self, data: str) -> None:
        self._add("other")

    def unknown_decl(self, data: str) -> None:
        self._add("other")


def _hidden(code: re.Match[str]) -> str:
    """A processing instruction with as many lines and characters, which the parser reads as one piece."""
    return "<?" + re.sub(r"[^\n]", "-", code[0][2:-1]) + ">"


def read_html(data: bytes, path: Path) -> TextDocument:
    """A page in HTML or XHTML. Scripts are not run, and nothing that the page names is loaded."""
    declared = _DECLARED.search(data[:2048])
    encoding = (declared[1] or declared[2]).decode() if declared else None
    file = decoded(data, path, encoding)
    return TextDocument(file, html_slots(file.text), references=True)


def html_slots(text: str, start: int = 0, end: int | None = None) -> list[Slot]:
    """The slots of HTML within a text, in the order of their starts.

    Args:
        text: the text of the whole file.
        start: where the HTML begins.
        end: where it ends; default: with the text.
    """
    lines = LineNumbers(text)
    run, slots = list[str | Tag](), list[Slot]()
    # XHTML knows `&nbsp;` only with a document type that declares it, so it is written where the page does.
    space = "&nbsp;" if "&nbsp;" in text else "&#160;"
    opaque, begin = list[str](), -1  # names of open elements, from the one whose contents stay
    loose = False  # whether this one has no end, so that the next block ends it

    def flush(place: int) -> None:
        nonlocal begin
        parts = parts_of(run)
        if any(isinstance(part, str) and part.strip() for part in parts):
            slots.append(
                Slot(begin, place, Unit(parts, lines.at(begin)), written(lambda text: _escaped(text, space)))
            )
        run.clear()
        begin = -1

    pieces = list(_bounded(text[start:end]))
    unclosed = _unclosed([event for event, _ in pieces])
    for number, (event, after) in enumerate(pieces):
        first, last = event.start + start, after + start
        raw = text[first:last]
        if event.kind == "open":
            slots += _attributes(event, raw, first, lines, space)
        inline = event.kind == "text" or event.kind == "other" or _INLINE.fullmatch(event.name) is not None
        if loose and not inline:
            opaque.clear()
            loose = False
        if opaque:
            if event.kind == "open" and event.name == opaque[0] and not _is_empty(event, raw):
                opaque.append(event.name)
            elif event.kind == "close" and event.name == opaque[0]:
                opaque.pop()
            if run:
                run.append(Tag(raw, first))
            continue
        if not inline:
            flush(first)
        if event.kind == "open" and not _is_empty(event, raw) and _stays(event):
            opaque.append(event.name)
            ends = _OPAQUE.fullmatch(event.name) or _END_OMITTED.fullmatch(event.name)
            loose = number in unclosed and ends is not None
        if inline:
            begin = first if begin < 0 else begin
            run.append(html.unescape(raw) if event.kind == "text" else Tag(raw, first, event.name == "br"))
    flush(len(text) if end is None else end)
    return sorted(slots, key=lambda slot: (slot.start, -slot.end))


def _bounded(text: str) -> Iterator[tuple[_Event, int]]:
    """The pieces with their ends; markup that the parser skips belongs to no text."""
    found = _Events(text).found
    for event, following in pairwise([*found, _Event(len(text), "other")]):
        yield event, following.start


def _unclosed(events: Sequence[_Event]) -> set[int]:
    """The numbers of the tags that open an element without an end."""
    opened = defaultdict[str, list[int]](list)
    for number, event in enumerate(events):
        if event.kind == "open":
            opened[event.name].append(number)
        elif event.kind == "close" and opened[event.name]:
            opened[event.name].pop()
    return set().union(*opened.values())


def _is_empty(event: _Event, raw: str) -> bool:
    return _EMPTY.fullmatch(event.name) is not None or raw.endswith("/>")


def _stays(event: _Event) -> bool:
    attributes = dict(event.attributes)
    marked = attributes.get("translate") == "no" or "notranslate" in (attributes.get("class") or "").split()
    return _OPAQUE.fullmatch(event.name) is not None or marked


def _attributes(event: _Event, raw: str, start: int, lines: LineNumbers, space: str) -> Iterator[Slot]:
    """The attributes of a tag that readers see."""
    attributes = dict(event.attributes)
    shown = (*_SHOWN, "label") if event.name in _WITH_LABEL else _SHOWN
    names = [name for name in shown if attributes.get(name)]
    if (
        event.name == "meta"
        and (attributes.get("name") or attributes.get("property") or "").lower() in _DESCRIBED
    ):
        names.append("content")
    if event.name == "input" and attributes.get("type") in ("submit", "button", "reset"):
        names.append("value")
    if attributes.get("translate") == "no":
        return
    for name in names:
        found = re.search(rf"\s{name}\s*=\s*{_VALUE}", raw, re.IGNORECASE)
        if found is not None and _CODE_OF_SERVER.search(found[0]) is None:
            group = found.lastindex or 0
            unit = Unit((html.unescape(found[group]),), lines.at(start))
            write = written(partial(_in_attribute, space=space, quote='"' if group == 3 else ""))
            yield Slot(start + found.start(group), start + found.end(group), unit, write)


def _escaped(text: str, space: str) -> str:
    """A text for a page; `space` is how a no-break space is written there."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return escaped.replace("\xa0", space)


def _in_attribute(text: str, *, space: str, quote: str) -> str:
    """A text for the value of an attribute; `quote` goes around it where the page has no marks."""
    return quote + _escaped(text, space).replace('"', "&quot;").replace("'", "&#39;") + quote
