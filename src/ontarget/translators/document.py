"""Translates a document, whose language may have to be identified, with the terms of a glossary."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ontarget.checked.check import Checker
from ontarget.checked.progress_bar import shown
from ontarget.checked.source import AUTO, source_directions
from ontarget.checked.verdict import Checked
from ontarget.documents.document import DocumentTranslation, translate_document
from ontarget.documents.formats import TABLES, read_document, usual_level
from ontarget.documents.glossary import Glossary
from ontarget.documents.keep import Keep
from ontarget.documents.parts import Document
from ontarget.documents.segments import Level
from ontarget.documents.terms import translate_with_terms
from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.translation.engines.protocol import Progress
from ontarget.translation.system import Request, direction_between

SAMPLE = 500
"""Number of texts from which the main language of a document or stream is identified."""


class TranslatesRequests(Protocol):
    """What translates the text of a document, such as a `CheckedTranslator`."""

    checker: Checker

    def translate_requests(
        self, requests: Sequence[Request], *, count: int = 1, progress: Progress | None = None
    ) -> list[list[Checked]]:
        """The translations of each request, best first; a request with two equal sides is kept as it is."""


@dataclass(frozen=True, slots=True)
class DocumentOptions:
    """How documents are read and translated.

    Attributes:
        source: their language, or `auto`: that of each segment is identified, and short ones are taken for
            the main language of the document.
        target: the language to translate into.
        level: what is translated at a time; None: see `usual_level`.
        keep: patterns of text that stays as it is.
        glossary: terms, which are told to models whose prompt has a place for them, and looked for in each
            translation.
        column: the column of a table.
    """

    source: str | Language
    target: Language
    level: Level | None = None
    keep: Keep | None = None
    glossary: Glossary | None = None
    column: str | None = None

    def __post_init__(self) -> None:
        if self.source != AUTO:
            direction_between(self.source, self.target)

    def read(self, path: Path) -> Document:
        """Reads a document, see `read_document`; the column is for tables alone."""
        column = self.column if path.suffix.lower() in TABLES else None
        source = None if self.source == AUTO else direction_between(self.source, self.target).source
        return read_document(path, source=source, target=self.target, column=column)

    def translate(
        self,
        translator: TranslatesRequests,
        document: Document,
        path: Path | None = None,
        *,
        context: Sequence[str] = (),
        progress: Progress | bool = False,
    ) -> DocumentTranslation:
        """Translates a document that has been read.

        Args:
            translator: translates its texts.
            document: the document.
            path: where it was read; None: standard input.
            context: texts of other documents, which say what the language of this one is if it does not.
            progress: True for a bar, or a function; called anew for what has to be asked in another way.
        Raises:
            UserError: the language cannot be identified, or the file's encoding lacks a character of a
                translation.
        """
        identifier, target = translator.checker.identifier, self.target
        if self.source == AUTO:
            sample = sample_of(document)
            try:
                found = source_directions(sample, target, identifier)
            except UserError:
                sample = [*context, *sample]
                found = source_directions(sample, target, identifier)
            # With the sample, so that a short text is read as the language of the document.
            languages = Counter(one.source for one in found if one)
            language = languages.most_common(1)[0][0] if languages else target
        else:
            language = direction_between(self.source, target).source

        def directions(texts: Sequence[str]) -> list[Direction]:
            if self.source != AUTO:
                return [Direction(language, target)] * len(texts)
            found = source_directions([*sample, *texts], target, identifier)[len(sample) :]
            return [one or Direction(target, target) for one in found]

        def ask(texts: Sequence[str]) -> list[Checked]:
            requests = [
                Request(text, direction, self.glossary.of(text) if self.glossary else ())
                for text, direction in zip(texts, directions(texts), strict=True)
            ]
            with shown(progress, f"to {target}") as moved:
                return translate_with_terms(
                    requests,
                    lambda some, count: translator.translate_requests(some, count=count, progress=moved),
                )

        level = self.level or usual_level(path)
        return translate_document(
            document, ask, language, level=level, keep=self.keep, glossary=self.glossary
        )


def sample_of(document: Document, most: int = SAMPLE) -> list[str]:
    """The first texts of a document."""
    parts = (unit.parts for unit in document.units[:most])
    return [text for of_one in parts if (text := "".join(one for one in of_one if isinstance(one, str)))]
