"""Subtitles in SubRip (.srt) and WebVTT (.vtt): each cue is a unit, times and order stay."""

import html
import re
import textwrap
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from ontarget.documents.parts import Parts, Slot, Tag, Unit, parts_of
from ontarget.documents.subtitle_times import NOTES, TIMES, unread_times
from ontarget.documents.text_file import LineNumbers, TextDocument, decoded
from ontarget.errors import UserError, excerpt

_END = r"(?:\r\n?|\n|\Z)"
_NUMBER = r"[ \t]*\d+[ \t]*"
# The line of times, and the lines up to an empty one, or to the number and times of a cue that follows
# without an empty line between. An empty cue has no lines.
_CUE = re.compile(
    rf"(?<![^\r\n]){TIMES}{_END}((?:(?!{TIMES}|{_NUMBER}{_END}{TIMES})[^\r\n]*\S[^\r\n]*{_END})*)"
)
_BLOCK = re.compile(rf"(?<![^\r\n])(?:[^\r\n]*\S[^\r\n]*{_END})+")
_LABEL = re.compile(r"(?<![^\r\n])[^\r\n]+(?:\r\n?|\n)\Z")
_MARKUP = re.compile(r"<[^<>\n]*>|\{\\[^{}\n]*\}")
# Markup, and the beginning of a line with a dash, but not the sign of a number.
_TAG = re.compile(
    rf"(?P<end>\A|\r\n?|\n)(?P<before>[^\S\r\n]*(?:(?:{_MARKUP.pattern})[^\S\r\n]*)*)(?P<dash>[-–—]++(?!\d))"
    rf"|{_MARKUP.pattern}"
)
_NARROW = 20  # characters; a shorter line is not divided
_EXPECTED = "expected lines such as 00:00:01,000 --> 00:00:02,500"


def read_subtitles(data: bytes, path: Path) -> TextDocument:
    """A file of subtitles.

    Raises:
        UserError: it has no cue, or a line of times that cannot be read.
    """
    file = decoded(data, path)
    vtt = file.text.startswith("WEBVTT")
    if (unread := unread_times(file.text, vtt=vtt)) is not None:
        number, line = unread
        raise UserError(f"'{path}', line {number}: {excerpt(line)!r} is not a line of times; {_EXPECTED}")
    cues = list(_CUE.finditer(file.text))
    if not cues and file.text.strip():
        raise UserError(f"'{path}' has no subtitles; {_EXPECTED}")
    slots = [*_of_cues(cues, vtt), *_of_text_between(file.text, cues, vtt)]
    return TextDocument(file, sorted(slots, key=lambda slot: slot.start))


def _of_cues(cues: Sequence[re.Match[str]], vtt: bool) -> Iterator[Slot]:
    for number, cue in enumerate(cues, start=1):
        if cue[1].strip():
            yield _slot(cue[1], cue.start(1), cue[0], f"cue {number}", vtt)


def _of_text_between(text: str, cues: Sequence[re.Match[str]], vtt: bool) -> Iterator[Slot]:
    """The text behind an empty line within a cue, which most players show with the cue."""
    lines = LineNumbers(text.replace("\r\n", " \n").replace("\r", "\n"))
    starts, ends = [cue.start() for cue in cues], [cue.end() for cue in cues]
    for start, end in zip([0, *ends], [*starts, len(text)], strict=True):
        for block in _BLOCK.finditer(text, start, end):
            if vtt and (start == 0 or NOTES.match(block[0])):  # the head of the file, a note
                continue
            raw = block[0]
            # The name of the cue that follows, which is a number in SubRip.
            if block.end() == end < len(text) and (label := _LABEL.search(raw)) is not None:
                raw = raw[: label.start()] if vtt or re.fullmatch(_NUMBER, label[0].strip()) else raw
            if raw.strip():
                yield _slot(raw, block.start(), raw, lines.at(block.start()), vtt, begins_block=vtt)


def _slot(lines: str, start: int, around: str, where: str, vtt: bool, *, begins_block: bool = False) -> Slot:
    raw = lines.rstrip("\r\n")
    newline = next((end for end in ("\r\n", "\n", "\r") if end in around), "\n")
    return Slot(
        start, start + len(raw), Unit(_parts(raw, vtt), where), _writer(raw, newline, vtt, begins_block)
    )


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


def _writer(
    raw: str, newline: str, vtt: bool, begins_block: bool
) -> Callable[[Parts, Callable[[Tag], str]], str]:
    """Writes a cue with at most as many lines as it had, of about the same length."""

    def write(parts: Parts, tag_text: Callable[[Tag], str]) -> str:
        lines = len(re.findall(r"\r\n?|\n", raw)) + 1
        text = "".join(
            tag_text(part) if isinstance(part, Tag) else _escaped(part) if vtt else part for part in parts
        )
        text = re.sub(r"(?:[\r\n][ \t]*)+", newline, text).strip()  # an empty line would end the cue
        text = text.replace("-->", "→")
        if begins_block and NOTES.match(text):
            text = f" {text}"  # otherwise, the block would be a note
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
