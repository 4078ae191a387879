"""Translates a document: cuts its units into segments, translates them, and puts them back."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from ontarget.checked.summary import Summary
from ontarget.checked.verdict import Checked
from ontarget.documents.dividing import Translate
from ontarget.documents.glossary import Glossary
from ontarget.documents.keep import Keep
from ontarget.documents.parts import Document, Tag, Unit, parts_of
from ontarget.documents.segments import DocumentSegment, Level, segments_of
from ontarget.documents.translating import Core, TranslatedCore, Way, of_source, translate_cores
from ontarget.languages import Language


@dataclass(frozen=True, slots=True)
class TranslatedSegment:
    """A segment of a document and its translation.

    Attributes:
        where: its place in the document, such as `line 3`.
        checked: source, translation and verdict.
        way: how its placeholders and tags were kept, see `translating.py`.
        terms: terms of the glossary that the source has, but whose translations the translation lacks.
    """

    where: str
    checked: Checked
    way: Way
    terms: tuple[tuple[str, str], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The segment as plain data, a line of `translate --report`."""
        row = {"where": self.where, **self.checked.to_dict(), "way": self.way}
        missing = dict[str, list[str]]()  # a term may have several translations
        for term, translation in self.terms:
            missing.setdefault(term, []).append(translation)
        return row | ({"terms_missing": missing} if missing else {})


@dataclass(frozen=True, slots=True)
class DocumentTranslation:
    """A translated document.

    Attributes:
        data: the bytes of the file.
        segments: its segments with words, in order.
    """

    data: bytes
    segments: Sequence[TranslatedSegment]

    @property
    def summary(self) -> Summary:
        """Numbers of verdicts; its `sentences()` say what to look at."""
        summary = Summary(noun="segment")
        summary.add([one.checked for one in self.segments])
        return summary


def translate_document(
    document: Document,
    translate: Translate,
    language: Language,
    *,
    level: Level = "sentence",
    keep: Keep | None = None,
    glossary: Glossary | None = None,
) -> DocumentTranslation:
    """Translates the text of a document. Tags, placeholders, white space and all other bytes stay.

    Args:
        document: the document, see `formats.read_document`.
        translate: translates texts into the target language.
        language: the language of the document, which decides on sentence boundaries.
        level: what is translated at a time.
        keep: patterns of text that stays as it is, besides placeholders, URLs and code.
        glossary: terms and their translations, which are looked for in each translation.
    Raises:
        UserError: the file's encoding lacks a character of a translation.
    """
    cut = CutDocument.of(document, language, level, keep)
    return cut.filled(translate_cores(cut.cores, translate), glossary)


@dataclass(frozen=True, slots=True)
class CutDocument:
    """A document and its segments.

    Attributes:
        document: the document.
        units: the segments of each of its units.
    """

    document: Document
    units: Sequence[Sequence[DocumentSegment]]

    @classmethod
    def of(cls, document: Document, language: Language, level: Level, keep: Keep | None) -> Self:
        """Cuts a document; see `translate_document`."""
        return cls(document, [segments_of(unit.parts, language, level, keep) for unit in document.units])

    @property
    def cores(self) -> list[Core]:
        """What is to be translated, in order."""
        return [segment.core for of_unit in self.units for segment in of_unit if segment.core]

    def filled(
        self, found: Mapping[Core, TranslatedCore], glossary: Glossary | None = None
    ) -> DocumentTranslation:
        """The document with the translation of each of its cores."""
        segments = list[TranslatedSegment]()
        texts = []
        for unit, of_unit in zip(self.document.units, self.units, strict=True):
            new, of_text = list[str | Tag](), list[TranslatedSegment]()
            for segment, where in zip(of_unit, _places(unit, of_unit), strict=True):
                if segment.core:
                    one = found[segment.core]
                    missing = glossary.missing(one.checked.source, one.checked.text) if glossary else ()
                    of_text.append(TranslatedSegment(where, one.checked, one.way, missing))
                    new += segment.filled(one.core)
                else:
                    new += segment.before
            text = parts_of(new)
            accepted = text == unit.parts or unit.accepts(text)
            texts.append(text if accepted else unit.parts)
            segments += of_text if accepted else map(_left, of_text)
        return DocumentTranslation(self.document.translated(texts), segments)


def _places(unit: Unit, of_unit: Sequence[DocumentSegment]) -> Iterator[str]:
    """The place of each segment of a unit for messages."""
    line = unit.line
    for segment in of_unit:
        yield unit.where if line is None else f"line {line + _line_ends(segment.before)}"
        line = None if line is None else line + _line_ends(segment.filled(segment.core))


def _line_ends(parts: Iterable[str | Tag]) -> int:
    return sum(part.count("\n") for part in parts if isinstance(part, str))


def _left(segment: TranslatedSegment) -> TranslatedSegment:
    return replace(segment, checked=of_source(segment.checked), way="left")
