"""Message catalogues of gettext (.po): empty translations are filled in, all others stay."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ontarget.documents.declared import require_target
from ontarget.documents.parts import Slot, Unit, lines_apart, parts_of, written_whole
from ontarget.documents.text_file import TextDocument, decoded
from ontarget.errors import UserError
from ontarget.languages import Language

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_KEYWORD = re.compile(r'(msgctxt|msgid_plural|msgid|msgstr(?:\[(\d+)\])?)\s*(".*")\s*$')
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
_LANGUAGE = re.compile(r"^Language:[ \t]*(\S+)", re.MULTILINE)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


@dataclass(slots=True)
class _Message:
    """A message while it is read: its strings, and the place of each translation."""

    line: int
    strings: dict[str, str] = field(default_factory=dict)
    places: dict[str, tuple[int, int]] = field(default_factory=dict)

    def slots(self, newline: str) -> Iterator[Slot]:
        for key, (start, end) in self.places.items():
            plural = key not in ("msgstr", "msgstr[0]") and "msgid_plural" in self.strings
            source = self.strings.get("msgid_plural" if plural else "msgid", "")
            if self.strings.get("msgid") and source and not self.strings[key]:
                unit = Unit(parts_of(lines_apart(source)), f"line {self.line}")
                yield Slot(start, end, unit, written_whole(lambda text: _quoted(text, newline)), filled=True)


def read_po(data: bytes, path: Path, target: Language | None = None) -> TextDocument:
    """A catalogue. Messages with a translation stay; so do obsolete ones.

    Args:
        data: the bytes of the file.
        path: its name in messages.
        target: the language to translate into, which a catalogue of another one contradicts.
    Raises:
        UserError: a line is not of a catalogue, or the catalogue is of another language.
    """
    charset = re.search(rb'"Content-Type:[^"]*charset=([\w-]+)', data)
    declared = charset[1].decode() if charset and charset[1] not in (b"CHARSET", b"UTF-8", b"utf-8") else None
    file = decoded(data, path, declared)
    newline = "\r\n" if "\r\n" in file.text else "\n"
    messages, key, place = list[_Message](), "", 0
    for number, line in enumerate(_LINE.findall(file.text), start=1):
        start, place = place, place + len(line)
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            key = ""
            continue
        keyword = _KEYWORD.match(stripped)
        if keyword is not None:
            key = "msgstr[" + keyword[2] + "]" if keyword[2] else keyword[1]
            if key in ("msgctxt", "msgid") and (
                not messages or messages[-1].places or key in messages[-1].strings
            ):
                messages.append(_Message(number))
        string = keyword[3] if keyword else stripped
        if not key or not messages or _STRING.fullmatch(string) is None:
            raise UserError(
                f"'{path}', line {number}: {stripped[:40]!r} is not a line of a message catalogue"
            )
        message = messages[-1]
        message.strings[key] = message.strings.get(key, "") + _unescaped(string[1:-1])
        if key.startswith("msgstr"):
            first = message.places.get(key, (start + line.index('"'), 0))[0]
            message.places[key] = (first, start + len(line.rstrip()))
    for message in messages:
        if message.strings.get("msgid") and not message.places:
            raise UserError(
                f"'{path}', line {message.line}: the message has no msgstr; add an empty one, msgstr \"\""
            )
    headers = (
        one.strings for one in messages if one.strings.get("msgid") == "" and "msgctxt" not in one.strings
    )
    named = _LANGUAGE.search(next(headers, {}).get("msgstr", ""))
    if target is not None and named is not None:
        require_target(named[1], target, path, "Language")
    return TextDocument(file, [slot for message in messages for slot in message.slots(newline)])


def _unescaped(raw: str) -> str:
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), raw)


def _quoted(text: str, newline: str) -> str:
    """A string as gettext writes it: with a line of the file for each of its own."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t").replace("\r", "\\r")
    lines = escaped.replace("\n", "\\n\n").split("\n")
    lines = lines[:-1] if len(lines) > 1 and not lines[-1] else lines
    return newline.join(f'"{line}"' for line in (lines if len(lines) == 1 else ["", *lines]))
