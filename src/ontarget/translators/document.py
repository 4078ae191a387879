"""Translates a document, whose language may have to be identified, with the terms of a glossary."""

from collections import Counter
from collections.abc import Sequence
from typing import Protocol

from ontarget.checked.check import Checker
from ontarget.checked.progress_bar import shown
from ontarget.checked.source import AUTO, source_directions
from ontarget.checked.verdict import Checked
from ontarget.documents.document import DocumentTranslation, translate_document
from ontarget.documents.glossary import Glossary
from ontarget.documents.keep import Keep
from ontarget.documents.parts import Document
from ontarget.documents.segments import Level
from ontarget.languages import Direction, Language
from ontarget.translation.engines.protocol import Progress
from ontarget.translation.system import Request, direction_between

SAMPLE = 500
"""Number of texts from which the main language of a document or stream is identified."""


class TranslatesRequests(Protocol):
    """What translates the text of a document, such as a `CheckedTranslator`."""

    checker: Checker

    def translate_requests(
        self, requests: Sequence[Request], *, progress: Progress | None = None
    ) -> list[list[Checked]]:
        """The translations of each request, best first; a request with two equal sides is kept as it is."""


def translate_read(
    translator: TranslatesRequests,
    document: Document,
    source: str | Language,
    target: Language,
    *,
    level: Level = "sentence",
    keep: Keep | None = None,
    glossary: Glossary | None = None,
    progress: Progress | bool = False,
) -> DocumentTranslation:
    """Translates a document that has been read.

    Args:
        translator: translates its texts.
        document: the document.
        source: its language, or `auto`: that of each segment is identified, and short ones are taken for the
            main language of the document.
        target: the language to translate into.
        level: what is translated at a time.
        keep: patterns of text that stays as it is.
        glossary: terms, which are told to models whose prompt has a place for them, and looked for in each
            translation.
        progress: True for a bar, or a function; called anew for what has to be asked in another way.
    Raises:
        UserError: a language is unknown or cannot be identified, both are the same, or the file's encoding
            lacks a character of a translation.
    """
    identifier = translator.checker.identifier
    sample = list[str]()
    if source == AUTO:
        units = (unit.parts for unit in document.units[:SAMPLE])
        sample = [text for parts in units if (text := "".join(one for one in parts if isinstance(one, str)))]
        found = Counter(one.source for one in source_directions(sample, target, identifier) if one)
        language = found.most_common(1)[0][0] if found else target
    else:
        language = direction_between(source, target).source

    def directions(texts: Sequence[str]) -> list[Direction]:
        if source != AUTO:
            return [Direction(language, target)] * len(texts)
        # With the sample, so that a short text is read as the language of the document.
        found = source_directions([*sample, *texts], target, identifier)[len(sample) :]
        return [one or Direction(target, target) for one in found]

    def ask(texts: Sequence[str]) -> list[Checked]:
        requests = [
            Request(text, direction, glossary.of(text) if glossary else ())
            for text, direction in zip(texts, directions(texts), strict=True)
        ]
        with shown(progress, f"to {target}") as moved:
            return [one for (one,) in translator.translate_requests(requests, progress=moved)]

    return translate_document(document, ask, language, level=level, keep=keep, glossary=glossary)
