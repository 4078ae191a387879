"""Markdown: paragraphs, headings, list items and cells; code, links' targets and markup stay.

markdown-it-py finds the blocks and the markup in them. Its positions are lines, so each piece is looked up in
its line of the file.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

from ontarget.documents.html import html_slots
from ontarget.documents.markdown_dialects import enable_dialects
from ontarget.documents.markdown_emphasis import with_valid_emphasis, without_emphasis
from ontarget.documents.parts import Parts, Slot, Tag, Unit, parts_of
from ontarget.documents.text_file import LineNumbers, TextDocument, decoded
from ontarget.placeholders import placeholders

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_FRONT_MATTER = re.compile(
    r"(?:---|\+\+\+)[ \t]*\r?\n"
    # Its first line that is no comment has a key; otherwise these are rules around text.
    r"(?=(?:[ \t]*(?:#[^\n]*)?\r?\n)*"
    r"(?:\{|\[[\w. -]+\][ \t]*\r?\n|[\"']?[\w.-]+(?: [\w.-]+){0,2}[\"']?[ \t]*[:=]\s))"
    r".*?\n(?:---|\+\+\+|\.\.\.)[ \t]*(?:\r?\n|\Z)",
    re.DOTALL,
)
_LINE = re.compile(r"[^\n]*(?:\n|\Z)")
_LINK_END = re.compile(
    r"\]\(\s*(?:<[^<>\n]*>|[^\s()<]*(?:\([^\s()]*\)[^\s()]*)*)"
    r"(?:\s+(?:\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|\((?:[^()\\]|\\.)*\)))?\s*\)|\]\[[^\]]*\]"
)
_CODE = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)", re.DOTALL)
_IMAGE = re.compile(r"!\[((?:[^\[\]\\]|\\.)*)")
# At the start of a block: a task's box, the kind of an alert, the colon of a definition.
_START = re.compile(r"\[[ xX]\](?:\s+|\Z)|\[![\w-]+\][+-]?[ \t]*|:[ \t]+")
# A footnote, the definition of a link in a paragraph (behind a footnote).
_MARK = re.compile(r"\[\^[^\]\s]+\](?::\s+)?|(?:^|\n)\[(?!\^)[^\]\n]+\]:[ \t]+\S.*")
_OWN_LINE = re.compile(r"\[![\w-]+\]|\[[ xX]\][ \t]*\n")
_ESCAPABLE = re.compile(r"([\\`*_\[\]<>~$])")
_BLOCK_START = re.compile(r"(?:[#>+=:!?({-]|\d+[.)])")

_EMPHASIS = frozenset({"em_open", "em_close", "strong_open", "strong_close", "s_open", "s_close"})


def read_markdown(data: bytes, path: Path) -> TextDocument:
    """A Markdown file (CommonMark with tables, strikethrough, and what `markdown_dialects.py` lists).

    Front matter stays as it is.
    """
    file = decoded(data, path)
    front = _FRONT_MATTER.match(file.text)
    return TextDocument(
        file, sorted(_slots(file.text, front.end() if front else 0), key=lambda s: (s.start, -s.end))
    )


def _slots(text: str, start: int) -> Iterator[Slot]:
    parser = _parser()
    numbers, lines = LineNumbers(text), list(_LINE.finditer(text, start))
    environment: dict[str, object] = {}
    # As the parser has it, but with the same lines: a CR alone is a line end there.
    tokens = parser.parse(re.sub(r"\r(?!\n)", " ", text[start:]), environment)
    place, row = start, 0
    for number, token in enumerate(tokens):
        if token.type == "tr_open" and token.map:
            row, place = token.map[0], lines[token.map[0]].start()
        if token.type == "html_block" and token.map:
            first, last = lines[token.map[0]].start(), lines[token.map[1] - 1].end()
            yield from html_slots(text, first, last)
        if token.type != "inline" or not token.content.strip():
            continue
        is_cell = tokens[number - 1].type in ("td_open", "th_open")
        if is_cell:
            raw = token.content.replace("|", "\\|")
            found = text.find(raw, place, lines[row].end())
            spans = [(found, found + len(raw))] if found >= 0 else []
            place = spans[0][1] if spans else place
        else:
            spans = _spans(text, token, lines)
        if spans:
            yield _slot(text, spans, token, numbers.at(spans[0][0]), parser, environment, is_cell)
        else:
            begin = place if is_cell else lines[token.map[0]].start() if token.map else start
            yield _not_found(begin, token, numbers.at(begin))


def _parser() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    enable_dialects(parser)
    return parser.disable("text_join")  # which would hide how a character is written


def _spans(text: str, token: "Token", lines: Sequence[re.Match[str]]) -> list[tuple[int, int]]:
    """The place of each line of a block's content in the file; [] if one is not found."""
    spans = []
    for place, line in enumerate(token.content.split("\n"), start=token.map[0] if token.map else 0):
        content = line.strip(" \t")
        found = text.rfind(content, lines[place].start(), lines[place].end()) if place < len(lines) else -1
        if found < 0:
            return []
        spans.append((found, found + len(content)))
    return spans


def _not_found(place: int, token: "Token", where: str) -> Slot:
    """A block that is not found in the file as the parser has it: it stays, and counts as untranslated."""
    unit = Unit((token.content,), where, accepts=lambda new: False)
    return Slot(place, place, unit, lambda parts, raw: "")


def _slot(
    text: str,
    spans: Sequence[tuple[int, int]],
    token: "Token",
    where: str,
    parser: "MarkdownIt",
    environment: dict[str, object],
    is_cell: bool,
) -> Slot:
    (start, first_end), end = spans[0], spans[-1][1]
    between = text[first_end : spans[1][0]] if len(spans) > 1 else " "
    between = between[between.find("\n") :] if "\n" in between else " "
    newline = "\r\n" if "\r\n" in text[start:end] else "\n"
    parts = _parts(token.content, token.children or ()) or (token.content,)
    kept = sorted({part.text for part in placeholders(token.content)}, key=len, reverse=True)
    stays = re.compile(f"({'|'.join(map(re.escape, kept))})" if kept else "(?!)")

    before = _structure(parser, token.content, environment)
    plain = [one for one in before if one not in _EMPHASIS]
    escapes: tuple[Callable[[str], str], ...] = (str, lambda text: _escaped(text, stays))

    def content_of(new: Parts, raw: Callable[[Tag], str]) -> str | None:
        """The block's text for a translation; None if it would have other markup than before."""
        ways = ((new, before), (with_valid_emphasis(new), before), (without_emphasis(new), plain))
        for (pieces, wanted), escape in product(ways, escapes):
            content = "".join(raw(part) if isinstance(part, Tag) else escape(part) for part in pieces)
            # No empty line: it ends a block.
            content = re.sub(r"[ \t]*\n[ \t]*(?=\n)|(?<=\n)[ \t]+", "", content)
            if len(spans) == 1:
                content = content.replace("\n", " ")
            if _structure(parser, content, environment) == wanted:
                content = content.replace("|", "\\|") if is_cell else content
                return content.replace("\n", newline + between.lstrip("\r\n"))
        return None

    def write(new: Parts, raw: Callable[[Tag], str]) -> str:
        return content_of(new, raw) or text[start:end]

    unit = Unit(parts, where, lambda new: content_of(new, lambda tag: tag.raw) is not None)
    return Slot(start, end, unit, write)


def _parts(content: str, children: Sequence["Token"]) -> Parts | None:
    """The text and markup of a block; None if the parser's tokens are not found in it."""
    pieces, place, links = list[str | Tag](), 0, list[tuple[int, int]]()
    autolink, has_own_line = False, _OWN_LINE.match(content) is not None
    for child in children:
        if autolink:
            autolink = child.type != "link_close"
            continue
        piece: str | Tag = ""
        if child.type == "text":
            raw = child.content
            piece = raw
        elif child.type == "text_special":
            raw, piece = child.markup, child.content
        elif child.type in ("softbreak", "hardbreak"):
            found = re.compile(r"[ \t]*\\?\n[ \t]*").match(content, place)
            raw = found[0] if found else "\0"
            # The first line of an alert has its kind, and in some dialects a title.
            breaks = child.type == "hardbreak" or (has_own_line and "\n" not in content[:place])
            piece = Tag(raw, breaks=True) if breaks else "\n"
        elif child.type == "code_inline":
            found = _CODE.match(content, place)
            raw = found[0] if found else "\0"
            piece = raw if raw.count("`") == 2 and "\n" not in raw else Tag(raw)
        elif child.type == "link_open" and child.markup == "autolink":
            raw = content[place : content.find(">", place) + 1]
            piece, autolink = raw, True
        elif child.type == "link_open":
            raw = "["
            piece = Tag(raw)
            links.append((len(pieces), place))
        elif child.type == "link_close":
            found = _LINK_END.match(content, place)
            raw = found[0] if found else "]"
            piece = Tag(raw)
            if raw in ("]", "][]") and links:  # the text names the link
                pieces[links[-1][0] :] = [Tag(content[links[-1][1] : place + len(raw)])]
                piece = ""
            links.pop()
        elif child.type == "image":
            begin = _IMAGE.match(content, place)
            found = _LINK_END.match(content, begin.end()) if begin else None
            if begin is None or found is None:
                return None
            pieces += [Tag("!["), begin[1]]
            place, raw = begin.end(), found[0]
            piece = Tag(raw)
        elif child.type in ("html_inline", "formula"):
            raw = child.content
            piece = Tag(raw)
        else:
            raw = child.markup
            piece = Tag(raw)
        if not content.startswith(raw, place):
            return None
        place += len(raw)
        pieces.append(piece)
    if content[place:].strip():
        return None
    return parts_of(_marked(pieces))


def _marked(pieces: Sequence[str | Tag]) -> Iterator[str | Tag]:
    """The pieces with footnotes, and what `_START` finds, as tags."""
    for number, piece in enumerate(pieces):
        if isinstance(piece, Tag):
            yield piece
            continue
        place = 0
        if number == 0 and (start := _START.match(piece)) is not None:
            yield Tag(start[0])
            place = start.end()
        for found in _MARK.finditer(piece, place):
            yield piece[place : found.start()]
            yield Tag(found[0], breaks="]: " in found[0])
            place = found.end()
        yield piece[place:]


def _structure(parser: "MarkdownIt", content: str, environment: dict[str, object]) -> list[object]:
    """The blocks and the markup of a text, without its words."""
    found: list[object] = [start[0].strip() if (start := _START.match(content)) else ""]
    for token in parser.parse(content, dict(environment)):
        found.append((token.type, token.tag))
        for child in token.children or ():
            if child.type in _EMPHASIS:
                found.append(child.type)
            elif child.type not in ("text", "text_special", "softbreak"):
                same = child.content if child.type in ("code_inline", "html_inline", "formula") else ""
                found.append(
                    (child.type, child.markup, str(child.attrs.get("href", child.attrs.get("src"))), same)
                )
    return found


def _escaped(text: str, stays: re.Pattern[str]) -> str:
    """A text with a backslash before each sign of markup, except in what `stays`, such as code."""
    parts = stays.split(text) if stays.groups else [text]
    escaped = "".join(
        part if place % 2 else _ESCAPABLE.sub(r"\\\1", part) for place, part in enumerate(parts)
    )
    if (begin := _BLOCK_START.match(escaped)) is not None:  # `1.` and `#` begin a list or a heading
        return f"{escaped[: begin.end() - 1]}\\{escaped[begin.end() - 1 :]}"
    return escaped
