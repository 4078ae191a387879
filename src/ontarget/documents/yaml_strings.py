"""String tables in YAML: all values that are strings are text; names, comments and structure stay."""

import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from ontarget.documents.parts import Slot, Unit, lines_apart, parts_of, written, written_whole
from ontarget.documents.text_file import TextDocument, decoded
from ontarget.errors import UserError
from ontarget.yaml_text import ShallowLoader

_STRING = "tag:yaml.org,2002:str"
_LINE = re.compile(r"\S[^\n]*")
_PARAGRAPH = re.compile(r"\S[^\n]*(?:\n[^\S\n]*\S[^\n]*)*")


def read_yaml_strings(data: bytes, path: Path) -> TextDocument:
    """A YAML file of one or more documents. Nothing in it is run, and no alias is expanded.

    Raises:
        UserError: it is not valid YAML.
    """
    file = decoded(data, path)
    slots = list[Slot]()
    try:
        for node in yaml.compose_all(file.text, ShallowLoader):
            slots += _slots(node, file.text, set(), flow=False)
    except (yaml.YAMLError, ValueError, LookupError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error).partition("\n")[0]
        raise UserError(f"'{path}'{where}: not valid YAML ({problem})") from None
    return TextDocument(file, sorted(slots, key=lambda slot: slot.start))


def _slots(node: yaml.Node | None, text: str, seen: set[int], *, flow: bool) -> Iterator[Slot]:
    """The slots of all strings in a node; one that an alias repeats is found once."""
    if node is None or id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.ScalarNode):
        if node.tag == _STRING and node.value.strip():
            yield from _of_scalar(node, text, flow=flow)
    elif isinstance(node, yaml.CollectionNode):
        values = [pair[1] for pair in node.value] if isinstance(node, yaml.MappingNode) else node.value
        for value in values:
            yield from _slots(value, text, seen, flow=flow or bool(node.flow_style))


def _of_scalar(node: yaml.ScalarNode, text: str, *, flow: bool) -> Iterator[Slot]:
    """The slot of a string, or those of its lines; within `[]` or `{}` (`flow`), a comma ends a plain one."""
    start, end = node.start_mark.index, node.end_mark.index
    where = f"line {node.start_mark.line + 1}"
    if node.style in ("|", ">"):
        yield from _of_block(text, start, end, where, folded=node.style == ">")
        return
    raw = text[start:end]
    if properties := re.match(r"(?:[&!]\S*\s+)+", raw):  # an anchor, a tag
        start += properties.end()
        raw = text[start:end]
    unit = Unit(parts_of(lines_apart(node.value)), where)
    if node.style == "'":
        yield Slot(
            start,
            end,
            unit,
            written_whole(lambda new: _quoted(new) if "\n" in new else "'" + new.replace("'", "''") + "'"),
        )
    elif node.style == '"':
        yield Slot(start, end, unit, written_whole(_quoted))
    else:
        end = start + len(raw.rstrip())  # a plain scalar may end behind blanks
        yield Slot(
            start, end, unit, written_whole(lambda new: new if _is_plain(new, flow=flow) else _quoted(new))
        )


def _quoted(text: str) -> str:
    return str(yaml.dump(text, default_style='"', allow_unicode=True, width=float("inf"))).rstrip("\n")


def _is_plain(text: str, *, flow: bool) -> bool:
    """Whether a string can stand without quotation marks."""
    if "\n" in text or (flow and re.search(r"[\[\]{},]", text)):
        return False
    try:
        return _value_of(text) == text
    except yaml.YAMLError:
        return False


def _value_of(text: str) -> object:
    """The string that a plain scalar means; None if it means another value."""
    node = yaml.compose(f"k: {text}\n", ShallowLoader)
    value = node.value[0][1] if isinstance(node, yaml.MappingNode) else None
    return value.value if isinstance(value, yaml.ScalarNode) and value.tag == _STRING else None


def _of_block(text: str, start: int, end: int, where: str, *, folded: bool) -> Iterator[Slot]:
    """The lines of a block scalar; in a folded one, the lines of a paragraph are one text."""
    body = text.index("\n", start) + 1
    indents = {len(line) - len(line.lstrip(" ")) for line in text[body:end].split("\n") if line.strip()}
    # In a folded scalar, lines that are indented further are lines of their own.
    paragraph = folded and len(indents) == 1
    for found in (_PARAGRAPH if paragraph else _LINE).finditer(text, body, end):
        raw = found[0].rstrip("\r")
        unit = Unit((re.sub(r"\n[^\S\n]*", "\n", raw),), where)
        yield Slot(found.start(), found.start() + len(raw), unit, written(_in_one_block))


def _in_one_block(text: str) -> str:
    return re.sub(r"\s*\n\s*", " ", text).lstrip(" ")
