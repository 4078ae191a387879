"""Translates several documents, or folders of them, as one job that can be stopped and resumed.

It is a job of `bulk`, with the same folder, journal and guards, whose smallest part is a document.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ontarget.bulk.inputs import STANDARD_INPUT, BulkInput, find_inputs, readable
from ontarget.bulk.job import LINES, BulkJob, JobFiles
from ontarget.bulk.reading import BulkFile, Survey
from ontarget.bulk.translate import Reporter, carry_out, kept_said
from ontarget.checked.source import AUTO, source_directions
from ontarget.checked.summary import Summary
from ontarget.corpora.opening import digest
from ontarget.documents.document import DocumentTranslation
from ontarget.documents.formats import TABLES, is_document
from ontarget.errors import UserError
from ontarget.scoring.language_id.identifier import Identifier
from ontarget.signals import postponed
from ontarget.translators.document import SAMPLE, DocumentOptions, TranslatesRequests, sample_of

_OF_EACH = 20  # texts of a document that the others' context has


class DocumentReporter(Reporter, Protocol):
    """Shows how far a job has got: texts of documents are its unit."""

    def finished(self, name: str, document: DocumentTranslation) -> None:
        """Shows what is worth knowing about a finished document."""


def find_documents(names: Sequence[str], out: Path, *, tables: bool) -> tuple[list[BulkInput], list[str]]:
    """The documents among files and in folders, and the names of the other files in the folders.

    Plain text (.txt) counts, and is translated line by line.

    Args:
        names: files and folders.
        out: the folder for the translations.
        tables: whether files of tab-separated columns count, too.
    Raises:
        UserError: see `find_inputs`; or a file that is named is not a document, or there is none.
    """

    def counts(path: Path) -> bool:
        return is_document(path) or path.suffix.lower() in (".txt", *(TABLES if tables else ()))

    for name in names:
        if name == STANDARD_INPUT or (Path(name).is_file() and not counts(Path(name))):
            raise UserError(
                f"'{name}' is neither a document nor a .txt file; translate it with a command of its own"
            )
    inputs = find_inputs(names, out)
    found = [one for one in inputs if counts(one.path)]
    if not found:
        raise UserError(f"there are no documents and no .txt files in {', '.join(map(repr, names))}")
    return found, [one.name for one in inputs if not counts(one.path)]


@dataclass(frozen=True, slots=True)
class _DocumentSurvey(Survey):
    """What a first pass over a document found; it counts as one line of the job.

    Attributes:
        texts: number of its texts.
        sample: the first of them.
        is_clear: whether its own text says what language it is in.
    """

    texts: int
    sample: Sequence[str]
    is_clear: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _DocumentFile(BulkFile):
    options: DocumentOptions
    identifier: Identifier

    def survey(self) -> _DocumentSurvey:
        document = self.options.read(self.path)
        sample, is_clear = sample_of(document), True
        if self.options.source == AUTO:
            try:
                source_directions(sample, self.options.target, self.identifier)
            except UserError:
                is_clear = False
        return _DocumentSurvey(1, digest(self.path), len(document.units), sample[:_OF_EACH], is_clear)


class DocumentFiles(JobFiles):
    """The files of a job on documents; see `JobFiles`.

    Args:
        job: what to translate.
        inputs: the documents.
        options: how they are translated.
        identifier: identifies languages.
    Raises:
        UserError: see `JobFiles`; or the language of a document cannot be identified.
    """

    noun = "segment"
    surveys: Sequence[_DocumentSurvey]  # type: ignore[assignment]

    def __init__(
        self, job: BulkJob, inputs: Sequence[BulkInput], options: DocumentOptions, identifier: Identifier
    ) -> None:
        self._options, self._identifier = options, identifier
        super().__init__(job, inputs)

    def _check_surveys(self) -> None:
        self._context = [text for survey in self.surveys for text in survey.sample][:SAMPLE]
        pairs = zip(self._inputs, self.surveys, strict=True)
        unclear = [one.name for one, survey in pairs if not survey.is_clear]
        if not unclear:
            return
        try:
            source_directions(self._context, self._options.target, self._identifier)
        except UserError:
            raise UserError(
                f"the language of {unclear[0]} cannot be identified; name it with --from, such as de"
            ) from None

    def translate(
        self, index: int, translator: TranslatesRequests, advance: Callable[[int, int], None]
    ) -> DocumentTranslation:
        """Translates a document, and notes it in the journal.

        Args:
            index: which one.
            translator: translates its texts.
            advance: called with the number of its finished texts, and of all.
        """
        one = self._inputs[index]
        document = self._options.read(one.path)
        found = self._options.translate(
            translator, document, one.path, context=self._context, progress=advance
        )
        name = (self.journal.header or {})["names"][index]  # an input may have moved since
        rows = [
            {"file": name, "segment": number, **segment.to_dict()}
            for number, segment in enumerate(found.segments, 1)
        ]
        self._add({f"{LINES}/{one.key}": found.data}, rows, [each.checked for each in found.segments], 1)
        return found

    def _readable(self, one: BulkInput, copy: Path) -> _DocumentFile:
        return _DocumentFile(one.path, one.name, options=self._options, identifier=self._identifier)


def translate_folder(
    job: BulkJob,
    inputs: Sequence[BulkInput],
    options: DocumentOptions,
    identifier: Identifier,
    load: Callable[[], TranslatesRequests],
    reporter: DocumentReporter,
) -> Summary:
    """Translates documents, or those that an earlier run left.

    The first Ctrl-C stops it at the end of the document, a second one at once. Both keep all finished ones.

    Args:
        job: what to translate.
        inputs: the documents, see `find_documents`.
        options: how they are translated.
        identifier: identifies languages before the model is loaded.
        load: loads the model, once all documents have been read.
        reporter: shows messages and progress.
    Returns:
        The summary of the verdicts on all segments, those of earlier runs included.
    Raises:
        UserError: a document or output is wrong, the disk is full, or an unfinished job has other settings.
    """
    files = carry_out(
        job,
        lambda: DocumentFiles(job, inputs, options, identifier),
        lambda files: _translate_rest(files, inputs, load, reporter),
    )
    return files.summary


def _translate_rest(
    files: DocumentFiles,
    inputs: Sequence[BulkInput],
    load: Callable[[], TranslatesRequests],
    reporter: DocumentReporter,
) -> None:
    journal, texts = files.journal, [survey.texts for survey in files.surveys]
    if journal.lines:
        reporter.say(f"resuming: {journal.lines:,} of {files.total:,} documents were translated before")
    if journal.lines == files.total:
        return

    def told(number: int) -> None:
        reporter.say("stopping at the end of this document; press Ctrl-C again to stop at once")

    with kept_said(files, "documents"):
        translator = load()
        with postponed(told) as request:
            for index in range(journal.lines, files.total):
                before, own = sum(texts[:index]), texts[index]

                def advance(done: int, total: int, before: int = before, own: int = own) -> None:
                    # What is asked again, in another way, is shown as the end of the same document.
                    reporter.advance(before + own * done // max(total, 1), sum(texts))

                reporter.advance(before, sum(texts))
                found = files.translate(index, translator, advance)
                reporter.finished(readable(inputs[index].path), found)
                reporter.advance(before + own, sum(texts))
                request.obey()
