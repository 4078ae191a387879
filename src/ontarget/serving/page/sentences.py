"""Cuts a translation into sentences, each beside the piece of the source that it translates."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ontarget.serving.page.badges import Badge, badge_of
from ontarget.serving.texts import ServedText


@dataclass(frozen=True, slots=True)
class PageSentence:
    """A piece of a translation.

    The sources of all pieces, one after the other, are the source, and their texts are the translation.

    Attributes:
        source: the piece of the source.
        text: its translation.
        language: code of the language that the translation is identified as, if any.
        badge: the verdict; None for what lies between sentences.
    """

    source: str
    text: str
    language: str = ""
    badge: Badge | None = None

    def to_dict(self) -> dict[str, Any]:
        """The piece as plain data, for JSON."""
        return asdict(self)


def sentences_of(source: str, served: ServedText) -> list[PageSentence]:
    """The sentences of a translated text, or the whole text as one if they cannot be found in it."""
    if not served.segments and served.verdict.outcome == "neutral":
        return [PageSentence(source, served.text)]  # there is nothing to check
    checked = [one.checked for one in served.segments]
    sources = _cut(source, [one.source for one in checked])
    texts = _cut(served.text, [one.text for one in checked])
    if not sources or not texts:
        return [whole_of(source, served)]
    pieces = list[PageSentence]()
    for place, (of_source, text) in enumerate(zip(sources, texts, strict=True)):
        if place % 2 == 0:
            pieces.append(PageSentence(of_source, text))
            continue
        one = served.segments[place // 2]
        verdict = one.checked.verdict
        badge = badge_of(verdict, served.direction.target, one.terms)
        pieces.append(PageSentence(of_source, text, _code(verdict.language), badge))
    return [one for one in pieces if one.source or one.text]


def whole_of(source: str, served: ServedText) -> PageSentence:
    """A translated text as one piece."""
    terms = [term for one in served.segments for term in one.terms]
    badge = badge_of(served.verdict, served.direction.target, terms)
    return PageSentence(source, served.text, _code(served.verdict.language), badge)


def _cut(text: str, parts: Sequence[str]) -> list[str]:
    """What lies before the first part, the first part, what lies before the second one, and so on to the end.

    Nothing if the text does not have the parts in this order, or there are none.
    """
    pieces, begin = list[str](), 0
    for part in parts:
        found = text.find(part, begin)
        if found < 0:
            return []
        pieces += [text[begin:found], part]
        begin = found + len(part)
    return [*pieces, text[begin:]] if pieces else []


def _code(label: str) -> str:
    """A label as the language of an element, or nothing."""
    return "" if label in ("", "und", "zxx") else label
