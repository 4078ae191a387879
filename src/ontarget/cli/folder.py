"""`ontarget translate -o FOLDER` for several documents, or folders of them."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ontarget.bulk.job import BulkJob
from ontarget.cli.bulk import BulkProgress
from ontarget.cli.document import notes_on
from ontarget.cli.options import require_folder, require_no_input
from ontarget.cli.progress import stopped
from ontarget.cli.verdicts import end
from ontarget.corpora.opening import digest
from ontarget.documents.document import DocumentTranslation
from ontarget.documents.glossary import Glossary
from ontarget.errors import UserError, counted
from ontarget.scoring.language_id.identifier import Identifier
from ontarget.translators.document import DocumentOptions
from ontarget.translators.folder import find_documents, translate_folder

if TYPE_CHECKING:
    from ontarget.translators.checked import CheckedTranslator

_NAMED = 3  # files that a note names
_SHOWN = 12  # characters of a fingerprint that are kept, which a message can show


def settings_of_documents(segment: str | None, glossary: Path | None, keep: Sequence[str]) -> dict[str, Any]:
    """The options on documents by their names on the command line, and a fingerprint of the glossary."""
    return {
        "--segment": segment,
        "--glossary": None if glossary is None else str(glossary),
        "the glossary's terms": None if glossary is None else digest(glossary)[:_SHOWN],
        "--keep": " ".join(keep) or None,
    }


def translate_several(
    job: BulkJob,
    options: DocumentOptions,
    identifier: Identifier,
    load: Callable[[], "CheckedTranslator"],
    *,
    others: Sequence[str | None],
    check: bool,
    strict: bool,
) -> None:
    """Translates the documents of a job, and ends the command with its summary and exit code.

    Args:
        job: what to translate.
        options: how documents are translated.
        identifier: identifies languages before the model is loaded.
        load: loads the translator.
        others: files that the command reads besides the documents.
        check: whether to print a summary.
        strict: whether an off-target segment is a failure.
    Raises:
        UserError: see `translate_folder`; or an output is another file too.
    """
    if str(job.out) == "-":
        raise UserError("--output '-' is not a folder; give the path of a folder to write")
    require_folder("--output", job.out)
    inputs, left_out = find_documents(job.names, job.out, tables=options.column is not None)
    for one in inputs:
        require_no_input("--output", one.target, others)
    if left_out:
        named = ", ".join(left_out[:_NAMED]) + (", …" if len(left_out) > _NAMED else "")
        typer.echo(
            f"note: {counted(len(left_out), 'file')} left out, neither documents nor .txt files ({named})",
            err=True,
        )
    try:
        with _FolderProgress(options.glossary, check=check) as progress:
            summary = translate_folder(job, inputs, options, identifier, load, progress)
    except KeyboardInterrupt as request:
        stopped(request)
    if len(inputs) > 1:
        typer.echo(
            f"note: segments are numbered through all {len(inputs)} files; --report names files and places",
            err=True,
        )
    for said in summary.sentences() if check else ():
        typer.echo(said, err=True)
    end(summary, strict=strict)


class _FolderProgress(BulkProgress):
    """Texts done and time left, and what is worth knowing about each finished document."""

    def __init__(self, glossary: Glossary | None, *, check: bool) -> None:
        super().__init__(noun="texts")
        self._glossary, self._check = glossary, check

    def __enter__(self) -> "_FolderProgress":
        super().__enter__()
        return self

    def finished(self, name: str, document: DocumentTranslation) -> None:
        """See `DocumentReporter`."""
        for said in notes_on(document.segments, self._glossary, check=self._check):
            self.say(f"'{name}': {said}")
