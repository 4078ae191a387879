"""Translates the files of clients."""

import io
import zipfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ontarget.checked.check import Checker
from ontarget.checked.source import AUTO, UnidentifiedLanguage
from ontarget.checked.verdict import Checked, Verdict
from ontarget.documents.document import TranslatedSegment
from ontarget.documents.formats import BINARY, DOCUMENTS, parsed_document
from ontarget.documents.parts import Document
from ontarget.documents.terms import TranslateRequests
from ontarget.errors import UserError
from ontarget.languages import Language
from ontarget.serving.failure import Failure, wrong
from ontarget.serving.limits import ServerLimits
from ontarget.serving.offered import OfferedLanguages
from ontarget.serving.texts import overall, terms_missing
from ontarget.serving.uploads import Upload
from ontarget.text import in_one_line
from ontarget.translation.engines.protocol import Progress
from ontarget.translation.system import Request
from ontarget.translators.document import DocumentOptions, sample_of

SUFFIXES = tuple(sorted({*DOCUMENTS, ".txt"}))
"""Endings of files that can be translated."""

_EXPANDED = 10  # times the size of the largest upload: what an archive may hold


@dataclass(frozen=True, slots=True)
class ServedDocument:
    """A translated file.

    Attributes:
        name: its name: that of the source with the code of the target language.
        data: its bytes.
        source: the given language; if it was to be identified, that of most segments; None: nothing in it
            says what it is in.
        target: the language to translate into.
        characters: number of characters of the source's text.
        segments: its segments with words, in order.
    """

    name: str
    data: bytes
    source: Language | None
    target: Language
    characters: int
    segments: Sequence[TranslatedSegment]

    @property
    def verdict(self) -> Verdict:
        """That on its worst segment, with the flags of all."""
        return overall([one.checked.verdict for one in self.segments])

    def report(self) -> dict[str, Any]:
        """Numbers of verdicts, as plain data."""
        verdict = self.verdict
        outcomes = Counter(one.checked.verdict.outcome for one in self.segments)
        return {
            "source": str(self.source) if self.source else None,
            "target": str(self.target),
            "on_target": not verdict.unusable,
            **{key: value for key, value in verdict.to_dict().items() if key != "details"},
            "segments": len(self.segments),
            "outcomes": dict(outcomes),
            "off_target": outcomes["off_target"],
            "unsure": outcomes["unsure"],
            "untranslated": sum(one.way == "left" for one in self.segments),
            "terms_missing": len(terms_missing(self.segments)),
        }


def read_upload(upload: Upload, options: DocumentOptions, limits: ServerLimits) -> Document:
    """The document in an uploaded file.

    Raises:
        Failure: it is broken, too large, or of an unknown format.
    """
    path = Path(upload.name)
    if path.suffix.lower() not in SUFFIXES:
        message = f"files of this kind cannot be translated; send one that ends with {', '.join(SUFFIXES)}"
        raise wrong(message, "unknown_format")
    if len(upload.data) > limits.document_bytes:
        raise _too_large(f"more than {limits.document_bytes:,} bytes")
    if path.suffix.lower() in BINARY:
        _check_archive(upload.data, limits)
    elif len(upload.data) > 4 * limits.document_characters:  # before it is read, which takes time
        raise _too_large(f"more than {limits.document_characters:,} characters")
    try:
        source = None if options.source == AUTO else _language(options.source)
        document = parsed_document(upload.data, path, source=source, target=options.target)
    except UserError as error:
        raise wrong(str(error), "invalid_document") from None
    if characters_of(document) > limits.document_characters:
        raise _too_large(f"more than {limits.document_characters:,} characters of text")
    return document


def characters_of(document: Document) -> int:
    """The number of characters of a document's text."""
    return sum(len(part) for unit in document.units for part in unit.parts if isinstance(part, str))


def translate_upload(
    upload: Upload,
    document: Document,
    options: DocumentOptions,
    translate: TranslateRequests,
    offered: OfferedLanguages,
) -> ServedDocument:
    """Translates a document.

    Args:
        upload: the file.
        document: what `read_upload` gave.
        options: languages, glossary, and what is kept.
        translate: the model.
        offered: the languages of the server, among which that of each segment is, if it is not named.
    Raises:
        Failure: the document is clearly in no offered language, or the file cannot hold the translation.
    """
    path = Path(upload.name)
    if options.source == AUTO and (other := offered.unoffered(in_one_line(" ".join(sample_of(document))))):
        message = f"the document is in {other.name()} ({other}), which this server does not offer"
        raise wrong(f"{message}{offered.listed(other)}", "unknown_language")
    try:
        found = options.translate(_Model(translate, Checker(offered.identifier)), document, path)
    except UnidentifiedLanguage:
        message = "the language of the document cannot be identified; name the source language"
        raise wrong(message, "unidentified_language") from None
    except UserError as error:
        raise wrong(str(error), "invalid_document") from None
    sources = Counter(one.checked.direction.source for one in found.segments)
    identified = next((language for language, _ in sources.most_common(1)), None)
    source = identified if options.source == AUTO else _language(options.source)
    name = f"{path.stem}.{options.target}{path.suffix}"
    return ServedDocument(name, found.data, source, options.target, characters_of(document), found.segments)


class _Model:
    """The model of a server, for `DocumentOptions.translate`."""

    def __init__(self, translate: TranslateRequests, checker: Checker) -> None:
        self.translate, self.checker = translate, checker

    def translate_requests(
        self, requests: Sequence[Request], *, count: int = 1, progress: Progress | None = None
    ) -> list[list[Checked]]:
        """See `TranslatesRequests`."""
        return [list(of_one) for of_one in self.translate(requests, count)]


def _check_archive(data: bytes, limits: ServerLimits) -> None:
    """Refuses a zip bomb by the sizes that the archive declares; `zipfile` unpacks no more than these."""
    largest = _EXPANDED * limits.document_bytes
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            size = sum(one.file_size for one in archive.infolist())
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        return  # its reader says what is wrong
    if size > largest:
        raise _too_large(f"files that expand to more than {largest:,} bytes")


def _too_large(what: str) -> Failure:
    return Failure(413, "document_too_large", f"the document has {what}; split it")


def _language(given: str | Language) -> Language:
    return given if isinstance(given, Language) else Language(given)
