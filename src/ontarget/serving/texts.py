"""Translates texts of any length, with lines, placeholders and tags, and sums up the verdicts on segments."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

from ontarget.checked.check import Checker
from ontarget.checked.source import source_directions
from ontarget.checked.verdict import Action, Checked, Flag, Verdict, VerdictOutcome
from ontarget.documents.document import TranslatedSegment, translate_documents
from ontarget.documents.glossary import Glossary
from ontarget.documents.html import html_slots
from ontarget.documents.keep import Keep
from ontarget.documents.parts import Document, Slot, Unit, written
from ontarget.documents.plain import PARAGRAPH
from ontarget.documents.segments import Level
from ontarget.documents.text_file import Decoded, TextDocument
from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.scoring.language_id.identifier import Identifier
from ontarget.serving.failure import wrong
from ontarget.serving.xml_text import xml_text
from ontarget.text import in_one_line

TextFormat = Literal["text", "html", "xml"]

LINE = re.compile(r"[^\r\n]+")
"""A line of a text."""
# The outcome of a text is the first of these that one of its segments has.
_OUTCOMES: tuple[VerdictOutcome, ...] = ("off_target", "unsure", "on_target", "neutral")
_ACTIONS: tuple[Action, ...] = ("failed", "escalated", "pivoted", "retried", "reranked", "none")


@dataclass(frozen=True, slots=True)
class ServedText:
    """A translated text.

    Attributes:
        text: the translation.
        direction: from which language; both sides are the same if the text stays as it is.
        verdict: that on its worst segment, with the flags of all.
        segments: its segments with words.
        alternatives: other translations, best first, without alternatives of their own.
    """

    text: str
    direction: Direction
    verdict: Verdict
    segments: Sequence[TranslatedSegment] = ()
    alternatives: Sequence["ServedText"] = ()

    @property
    def on_target(self) -> bool:
        """Whether no segment is off-target or untranslated."""
        return not self.verdict.unusable

    @property
    def untranslated(self) -> bool:
        """Whether a segment has no translation, and the text has its source instead."""
        return self.verdict.untranslated

    @property
    def finish_reason(self) -> str:
        """`too-long`, `length` or `stop`: the worst one of its segments."""
        reasons = {one.checked.hypothesis.finish_reason for one in self.segments}
        return next((reason for reason in ("too-long", "length") if reason in reasons), "stop")

    def to_dict(self) -> dict[str, Any]:
        """The text as plain data, for JSON; several segments are listed with their own verdicts."""
        data: dict[str, Any] = {
            "text": self.text,
            "source": str(self.direction.source),
            "target": str(self.direction.target),
            "on_target": self.on_target,
            **self.verdict.to_dict(),
            "finish_reason": self.finish_reason,
        }
        if missing := terms_missing(self.segments):
            data["terms_missing"] = missing
        if len(self.segments) > 1:
            data["segments"] = [one.to_dict() for one in self.segments]
        if self.alternatives:
            data["alternatives"] = [{"text": one.text, **one.verdict.to_dict()} for one in self.alternatives]
        return data


def terms_missing(segments: Sequence[TranslatedSegment]) -> dict[str, list[str]]:
    """Terms of the glossary, with their translations, that the translation of a segment lacks."""
    missing = dict[str, list[str]]()
    for term, translation in dict.fromkeys(pair for one in segments for pair in one.terms):
        missing.setdefault(term, []).append(translation)
    return missing


def document_of(
    text: str, format: TextFormat = "text", ignored: Sequence[str] = (), *, lines: bool = True
) -> Document:
    """A text as a document.

    Args:
        text: the text.
        format: whether it has tags of HTML or XML.
        ignored: with XML, names of elements whose contents stay as they are.
        lines: whether a line of plain text ends a sentence; else only an empty line does.
    Raises:
        Failure: the tags are not well-formed XML.
    """
    if format == "html":
        return TextDocument(Decoded(text, "utf-8"), html_slots(text))
    if format == "xml":
        try:
            return xml_text(text, ignored)
        except UserError as error:
            raise wrong(str(error), "invalid_xml") from None
    slots = [
        Slot(*line.span(), Unit((line[0],), f"line {number}"), written())
        for number, line in enumerate((LINE if lines else PARAGRAPH).finditer(text), 1)
    ]
    return TextDocument(Decoded(text, "utf-8"), slots)


def detected(documents: Sequence[Document], target: Language, identifier: Identifier) -> list[Direction]:
    """The direction of each document, whose language is identified.

    For a document without words, or in the target language already, both sides are the target language.

    Raises:
        Failure: the language of a document cannot be identified.
    """
    directions = list[Direction]()
    for number, document in enumerate(documents, 1):
        words = " ".join(part for unit in document.units for part in unit.parts if isinstance(part, str))
        try:
            found = source_directions([in_one_line(words)], target, identifier)[0]
        except UserError:
            message = f"the language of text {number} cannot be identified; name the source language"
            raise wrong(message, "unidentified_language") from None
        directions.append(found or Direction(target, target))
    return directions


def directions_of(
    documents: Sequence[Document], source: Language | None, target: Language, identifier: Identifier
) -> list[Direction]:
    """The direction of each document.

    Args:
        documents: the documents.
        source: their language; None: that of each is identified, see `detected`.
        target: the language to translate into.
        identifier: identifies the language.
    """
    if source is None:
        return detected(documents, target, identifier)
    return [Direction(source, target)] * len(documents)


def translate_texts(
    texts: Sequence[str],
    documents: Sequence[Document],
    directions: Sequence[Direction],
    translate: Callable[[Direction, Sequence[str]], Sequence[Checked]],
    level: Level = "sentence",
    identifier: Identifier | None = None,
    keep: Keep | None = None,
    glossary: Glossary | None = None,
) -> list[ServedText]:
    """Translates texts, those of a direction together. One with two equal sides stays as it is.

    Args:
        texts: the texts.
        documents: the same as documents.
        directions: the direction of each.
        translate: translates lines in a direction.
        level: what is translated at a time.
        identifier: of the verdict on texts that stay as they are, see `Checker`.
        keep: patterns of text that stays as it is.
        glossary: terms that are looked for in the translations.
    """
    results = dict[int, ServedText]()
    for direction in dict.fromkeys(directions):
        places = [place for place, one in enumerate(directions) if one == direction]
        if direction.source == direction.target:
            kept = Checker(identifier).keep([texts[place] for place in places], direction.target)
            results |= {
                place: ServedText(texts[place], direction, one.verdict)
                for place, one in zip(places, kept, strict=True)
            }
            continue
        translated = translate_documents(
            [documents[place] for place in places],
            partial(translate, direction),
            direction.source,
            level=level,
            keep=keep,
            glossary=glossary,
        )
        for place, one in zip(places, translated, strict=True):
            verdict = overall([segment.checked.verdict for segment in one.segments])
            results[place] = ServedText(one.data.decode(), direction, verdict, one.segments)
    return [results[place] for place in range(len(texts))]


def overall(verdicts: Sequence[Verdict]) -> Verdict:
    """The verdict on a text by those on its segments; `neutral` without any."""
    if not verdicts:
        return Verdict("neutral", "", 0.0)
    worst = min(verdicts, key=lambda one: (_OUTCOMES.index(one.outcome), one.confidence * _sign(one)))
    details = dict[Flag, tuple[str, ...]]()
    for one in verdicts:
        for flag in one.flags:
            details[flag] = (*details.get(flag, ()), *one.details[flag])
    action = min((one.action for one in verdicts), key=_ACTIONS.index)
    return replace(worst, action=action, details=details)


def _sign(verdict: Verdict) -> int:
    """Among off-target segments, the surest is the worst; among others, the least sure."""
    return -1 if verdict.off else 1
