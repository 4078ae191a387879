"""Translates texts of any length, with lines, placeholders and tags, and sums up the verdicts on segments."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

from ontarget.checked.check import Checker
from ontarget.checked.verdict import Action, Checked, Flag, Verdict, VerdictOutcome
from ontarget.documents.document import CutDocument, TranslatedSegment
from ontarget.documents.glossary import Glossary
from ontarget.documents.html import html_slots
from ontarget.documents.keep import Keep
from ontarget.documents.parts import Document, Slot, Unit, written
from ontarget.documents.plain import PARAGRAPH
from ontarget.documents.segments import Level
from ontarget.documents.text_file import Decoded, TextDocument
from ontarget.documents.translating import Core, TranslatedCore, as_text, translate_cores
from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.scoring.language_id.identifier import Identifier
from ontarget.serving.failure import wrong
from ontarget.serving.sources import TextDirections
from ontarget.serving.xml_text import xml_text

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
        direction: that of most of the text; both sides are the same if the text stays as it is.
        verdict: that on its worst segment, with the flags of all.
        segments: its segments with words.
        alternatives: other translations, best first, without alternatives of their own; None: nobody asked.
    """

    text: str
    direction: Direction
    verdict: Verdict
    segments: Sequence[TranslatedSegment] = ()
    alternatives: Sequence["ServedText"] | None = None

    @property
    def source(self) -> Language | None:
        """The language of the text; None: it was to be identified, but the text has no words to say it."""
        known = self.segments or self.direction.source != self.direction.target
        return self.direction.source if known else None

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
            "source": str(self.source) if self.source else None,
            "target": str(self.direction.target),
            "on_target": self.on_target,
            **self.verdict.to_dict(),
            "finish_reason": self.finish_reason,
        }
        if missing := terms_missing(self.segments):
            data["terms_missing"] = missing
        if len(self.segments) > 1:
            data["segments"] = [one.to_dict() for one in self.segments]
        if self.alternatives is not None:
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


def translate_texts(
    documents: Sequence[Document],
    directions: Sequence[TextDirections],
    translate: Callable[[Direction, Sequence[str]], Sequence[Checked]],
    level: Level = "sentence",
    identifier: Identifier | None = None,
    keep: Keep | None = None,
    glossary: Glossary | None = None,
) -> list[ServedText]:
    """Translates texts, all segments of a direction together. A segment with two equal sides stays as it is.

    Args:
        documents: the texts.
        directions: the directions of each.
        translate: translates lines in a direction.
        level: what is translated at a time.
        identifier: of the verdicts on segments that stay as they are, see `Checker`.
        keep: patterns of text that stays as it is.
        glossary: terms that are looked for in the translations.
    """
    cuts, chosen = list[CutDocument](), list[dict[Core, Direction]]()
    cores = defaultdict[Direction, list[Core]](list)
    for document, one in zip(documents, directions, strict=True):
        cut = CutDocument.of(document, one.main.source, level, keep)
        of_text = dict(zip(cut.cores, one.of([as_text(core) for core in cut.cores]), strict=True))
        for core, direction in of_text.items():
            cores[direction].append(core)
        cuts.append(cut)
        chosen.append(of_text)
    found = {
        direction: _kept(some, direction.target, identifier)
        if direction.source == direction.target
        else translate_cores(some, partial(translate, direction))
        for direction, some in cores.items()
    }
    results = list[ServedText]()
    for cut, of_text, one in zip(cuts, chosen, directions, strict=True):
        filled = cut.filled({core: found[direction][core] for core, direction in of_text.items()}, glossary)
        verdict = overall([segment.checked.verdict for segment in filled.segments])
        direction = main_direction(filled.segments, one.main)
        results.append(ServedText(filled.data.decode(), direction, verdict, filled.segments))
    return results


def _kept(
    cores: Sequence[Core], target: Language, identifier: Identifier | None
) -> dict[Core, TranslatedCore]:
    """Cores that stay as they are, with verdicts."""
    checked = Checker(identifier).keep([as_text(core) for core in cores], target)
    return {core: TranslatedCore(core, one, "whole") for core, one in zip(cores, checked, strict=True)}


def main_direction(segments: Sequence[TranslatedSegment], default: Direction) -> Direction:
    """The direction in which most characters of a text were translated; without any, the default."""
    characters = Counter[Direction]()
    for one in segments:
        direction = one.checked.direction
        if direction.source != direction.target:
            characters[direction] += len(one.checked.source)
    return characters.most_common(1)[0][0] if characters else default


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
