"""Reads texts from WMT's XML (since 2021) and from SGM (before 2021; also IWSLT's XML)."""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ontarget.errors import UserError
from ontarget.scoring.reading.json_keys import Role, Wanted
from ontarget.text import in_one_line

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_BEGINS = re.compile(r"<(\?xml|!doctype|dataset|mteval|srcset|refset|tstset)\b", re.IGNORECASE)
_SGM = re.compile(r"<(srcset|refset|tstset)\b", re.IGNORECASE)
_SGM_PARTS = re.compile(
    r"<(srcset|refset|tstset|doc)\b([^>]*)>|<seg\b[^>]*>(.*?)</seg\s*>", re.IGNORECASE | re.DOTALL
)
_SGM_BEGIN = re.compile(r"<seg\b", re.IGNORECASE)
_SGM_END = re.compile(r"</seg\b", re.IGNORECASE)
_SGM_NAME = re.compile(r"\b(?:sysid|refid)\s*=\s*[\"']?([^\"'>]*)", re.IGNORECASE)
_SEVERAL: dict[Role, str] = {"hypothesis": "hypotheses", "reference": "references", "source": "sources"}
_TAG: dict[Role, str] = {"hypothesis": "hyp", "reference": "ref", "source": "src"}
_NUMBER = re.compile("[0-9]{1,9}")
_QUOTES = {"&quot;": '"', "&apos;": "'"}
_NAME = {"hyp": "system", "ref": "translator"}

_SOURCE = ("src", "")

Side = tuple[str, str]
"""The tag of one side of a document, and the name of its system or translator."""


def is_markup(start: str) -> bool:
    """Whether a text with this beginning is XML or SGM."""
    return bool(_BEGINS.match(start.lstrip()))


def texts_of(text: str, name: str, wanted: Wanted) -> Sequence[str]:
    """The wanted texts of a file, in order.

    The segments of XML are those that sacreBLEU takes: without test suites and, if there are references, only
    those that at least one reference translates.

    Args:
        text: the whole file.
        name: the file's name in messages.
        wanted: its `keys` are names of systems, or of the translators of references.
    Raises:
        UserError: the file is broken or of another format, or has none of the wanted texts, or has several
            and none is chosen.
    """
    several = _SEVERAL[wanted.role]
    if _SGM.search(text):
        sides = _sgm(text, name)
    else:
        sides = {of: texts for (tag, of), texts in _xml(text, name).items() if tag == _TAG[wanted.role]}
        if not sides:
            raise UserError(
                f"{name} has no {several} (<{_TAG[wanted.role]}>); give a file that has them, such as "
                "plain text with one segment a line"
            )
    if list(sides) == [""]:  # no name, so nothing to choose
        return sides[""]
    found = [of for of in sides if not wanted.keys or of in wanted.keys]
    if len(found) == 1:
        return sides[found[0]]
    there = ", ".join(of or "(no name)" for of in sides)
    if not found:
        raise UserError(f"{name} has no {several} of '{', '.join(wanted.keys)}'; it has those of {there}")
    raise UserError(f"{name} has several {several}, of {there}; choose one with {wanted.option} NAME")


def _sgm(text: str, name: str) -> Mapping[str, list[str]]:
    """The segments of each system. SGM is read tag by tag, since it is rarely well-formed XML."""
    from xml.sax.saxutils import unescape

    begun, ended = len(_SGM_BEGIN.findall(text)), len(_SGM_END.findall(text))
    if begun != ended or not begun:
        raise UserError(
            f"{name} is broken SGM: {begun} <seg> but {ended} </seg>; repair it, or give plain text"
        )
    found: dict[str, list[str]] = {}
    of_set = system = ""
    for part in _SGM_PARTS.finditer(text):
        tag, attributes, segment = part.groups()
        if segment is not None:
            found.setdefault(system, []).append(in_one_line(unescape(segment, _QUOTES)).strip())
            continue
        match = _SGM_NAME.search(attributes)
        system = " ".join(match[1].split()) if match else of_set
        if tag.lower() != "doc":
            of_set = system
    if sum(map(len, found.values())) != begun:
        raise UserError(f"{name} is broken SGM: a <seg> within a <seg>; repair it, or give plain text")
    return found


def _xml(text: str, name: str) -> Mapping[Side, list[str]]:
    """The segments of all documents, by side."""
    root = _parsed(text, name)
    documents = [doc for doc in root.iter("doc") if "testsuite" not in doc.attrib]
    sides = list(dict.fromkeys(_side(part) for doc in documents for part in _parts(doc)))
    referenced = any(tag == "ref" for tag, _ in sides)
    found: dict[Side, list[str]] = {side: [] for side in sides}
    for number, doc in enumerate(documents, start=1):
        where = f"{name}, document '{doc.get('id', number)}'"
        here = {_side(part): _segments(part, where) for part in _parts(doc)}
        for segment in sorted(here.get(_SOURCE) or next(iter(here.values()), {})):
            if referenced and not any(here[side].get(segment) for side in here if side[0] == "ref"):
                continue
            for side in sides:
                text_of = here.get(side, {}).get(segment)
                if text_of is None and side[0] == "hyp":
                    raise UserError(f"{where}: the system '{side[1]}' has no segment {segment}; add it")
                found[side].append(text_of or "")
    return found


def _parsed(text: str, name: str) -> "Element":
    from xml.etree import ElementTree

    if "<!ENTITY" in text:
        raise UserError(f"{name} defines entities, which are not supported; write the characters themselves")
    try:
        root = ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError) as error:
        raise UserError(f"{name} is broken XML ({error}); repair it, or give plain text") from None
    if next(root.iter("doc"), None) is None:
        raise UserError(
            f"{name} is XML, but not of WMT's format (its first element is <{root.tag}>); "
            "give plain text with one segment a line, or JSON lines"
        )
    return root


def _parts(doc: "Element") -> list["Element"]:
    return [part for tag in ("src", "ref", "hyp") for part in doc.iter(tag)]


def _side(part: "Element") -> Side:
    return part.tag, part.get(_NAME.get(part.tag, ""), "")


def _segments(part: "Element", where: str) -> dict[int, str]:
    found: dict[int, str] = {}
    for segment in part.iter("seg"):
        number = segment.get("id", "")
        if not _NUMBER.fullmatch(number):
            raise UserError(f"{where}: a <seg> has the id '{number}', which is not a number")
        if int(number) in found:
            raise UserError(f"{where}: two <seg> have the id {number}; give each its own")
        found[int(number)] = in_one_line("".join(segment.itertext())).strip()
    return found
