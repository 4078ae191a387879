"""Subtitles in SubRip (.srt) and WebVTT (.vtt): each cue is a unit, times and order stay."""

import html
import re
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

from ontarget.documents.parts import Parts, Slot, Tag, Unit, parts_of
from ontarget.documents.text_file import TextDocument, decoded
from ontarget.errors import UserError

_TIME = r"(?:\d+:)?\d{1,2}:\d{2}[,.]\d{1,3}"
_TIMES = rf"[ \t]*{_TIME}[ \t]*-->[ \t]*{_TIME}[^\r\n]*"
_END = r"(?:\r\n?|\n|\Z)"
# The line of times, and the lines up to an empty one, or to the number and times of a cue that follows
# without an empty line between. An empty cue has no lines.
_CUE = re.compile(
    rf"(?<![^\r\n]){_TIMES}{_END}((?:(?!{_TIMES}|[ \t]*\d+[ \t]*{_END}{_TIMES})[^\r\n]*\S[^\r\n]*{_END})*)"
)
_MARKUP = re.compile(r"<[^<>\n]*>|\{\\[^{}\n]*\}")
# Markup, and the beginning of a line with a dash, but not the sign of a number.
_TAG = re.compile(
    rf"(?P<end>\A|\r\n?|\n)(?P<before>[^\S\r\n]*(?:(?:{_MARKUP.pattern})[^\S\r\n]*)*)(?P<dash>[-–—]++(?!\d))"
    rf"|{_MARKUP.pattern}"
)
_NARROW = 20  # characters; a shorter line is not divided


def read_subtitles(data: bytes, path: Path) -> TextDocument:
    """A file of subtitles.

    Raises:
        UserError: it has no cue.
    """
    file = decoded(data, path)
    vtt = file.text.startswith("WEBVTT")
    slots = list(_slots(file.text, vtt))
    if not slots and file.text.strip() and "-->" not in file.text:
        raise UserError(f"'{path}' has no subtitles: expected lines such as 00:00:01,000 --> 00:00:02,500")
    return TextDocument(file, slots)


def _slots(text: str, vtt: bool) -> Iterator[Slot]:
    for number, cue in enumerate(_CUE.finditer(text), start=1):
        raw = cue[1].rstrip("\r\n")
        if raw.strip():
            newline = next((end for end in ("\r\n", "\n", "\r") if end in cue[0]), "\n")
            unit = Unit(_parts(raw, vtt), f"cue {number}")
            yield Slot(cue.start(1), cue.start(1) + len(raw), unit, _writer(raw, newline, vtt))


def _parts(raw: str, vtt: bool) -> Parts:
    """The text and tags of a cue. A line with a dash is what another person says, and the dash is a tag."""
    pieces, place = list[str | Tag](), 0
    for found in _TAG.finditer(raw):
        pieces.append(_plain(raw[place : found.start()], vtt))
        if found["dash"] is None:
            pieces.append(Tag(found[0]))
        else:
            pieces += [Tag(found["end"], breaks=True)] * bool(found["end"])
            between = re.split(f"({_MARKUP.pattern})", found["before"])
            pieces += [Tag(piece) if number % 2 else piece for number, piece in enumerate(between)]
            pieces.append(Tag(found["dash"], breaks=True))
        place = found.end()
    return parts_of([*pieces, _plain(raw[place:], vtt)])


def _plain(raw: str, vtt: bool) -> str:
    return html.unescape(raw) if vtt else raw


def _writer(raw: str, newline: str, vtt: bool) -> Callable[[Parts, Callable[[Tag], str]], str]:
    """Writes a cue with at most as many lines as it had, of about the same length."""

    def write(parts: Parts, tag_text: Callable[[Tag], str]) -> str:
        lines = len(re.findall(r"\r\n?|\n", raw)) + 1
        text = "".join(
            tag_text(part) if isinstance(part, Tag) else _escaped(part) if vtt else part for part in parts
        )
        text = re.sub(r"(?:[\r\n][ \t]*)+", newline, text).strip()  # an empty line would end the cue
        text = text.replace("-->", "→")
        return text if newline in text or lines == 1 else newline.join(_wrapped(text, lines))

    return write


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _wrapped(text: str, most: int) -> list[str]:
    """A text in at most `most` lines, the narrowest possible. Tags count as letters, which changes little."""
    for width in range(max(_NARROW, len(text) // most), len(text)):
        lines = textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)
        whole = [tag for line in lines for tag in _MARKUP.findall(line)]
        if len(lines) <= most and whole == _MARKUP.findall(text):  # no tag is divided
            return lines
    return [text]
