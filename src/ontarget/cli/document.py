"""`ontarget translate` for documents: one file in, the same file in another language out."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import typer

from ontarget.bulk.inputs import visible_files
from ontarget.bulk.reading import no_columns
from ontarget.cli.options import require_new_place
from ontarget.cli.verdicts import end
from ontarget.corpora.opening import BYTE_ORDER_MARK, raw, standard_input
from ontarget.documents.document import DocumentTranslation, TranslatedSegment
from ontarget.documents.formats import BINARY, TABLES, is_document
from ontarget.documents.glossary import Glossary, read_glossary
from ontarget.documents.keep import Keep
from ontarget.documents.parts import Document
from ontarget.documents.plain import read_plain
from ontarget.documents.segments import Level
from ontarget.errors import UserError, counted, nearest
from ontarget.files import whole_file, write_jsonl
from ontarget.languages import Language
from ontarget.translators.document import DocumentOptions

if TYPE_CHECKING:
    from ontarget.translators.checked import CheckedTranslator

_NAMED = 3  # examples that a sentence gives
_FIRST_LINE = 1 << 20  # bytes of it that are read


def are_documents(
    files: Sequence[str],
    *,
    segment: str | None,
    glossary: Path | None,
    keep: Sequence[str],
    column: str | None,
) -> bool:
    """Whether the files of a command are documents, not lines: by their endings, or by its options."""
    if segment is not None or glossary is not None or keep:
        return True
    paths = [Path(name) for name in files]
    found = [path for given in paths for path in (visible_files(given) if given.is_dir() else [given])]
    return any(is_document(one) or (column is not None and one.suffix.lower() in TABLES) for one in found)


def tables_in(files: Sequence[str]) -> list[str]:
    """The files that are tables of several columns, by their endings and first lines."""
    named = [name for name in files if Path(name).suffix.lower() in TABLES and Path(name).is_file()]
    found = []
    for name in named:
        with raw(Path(name)) as file:
            if b"\t" in file.readline(_FIRST_LINE):
                found.append(name)
    return found


def document_options(
    source: str,
    target: Language,
    *,
    segment: str | None,
    glossary: Path | None,
    keep: Sequence[str],
    column: str | None,
) -> DocumentOptions:
    """How documents are translated, as the options of the command say.

    Raises:
        UserError: an option is wrong.
    """
    levels: tuple[Level, ...] = get_args(Level)
    if segment is not None and segment not in levels:
        raise UserError(
            f"--segment '{segment}' is not valid{nearest(segment, levels)}; choose one of {', '.join(levels)}"
        )
    level = next((level for level in levels if level == segment), None)
    terms = None if glossary is None else read_glossary(glossary)
    return DocumentOptions(source, target, level, Keep(keep), terms, column)


@dataclass(frozen=True, slots=True)
class SingleDocument:
    """A document to translate.

    Attributes:
        file: the document; None: plain text from standard input.
        output: the file to write; None: standard output.
        document: its text.
        options: how it is translated.
        report: the file for a line of JSON for each segment, if any.
        check: whether to print a summary.
        strict: whether an off-target segment is a failure.
    """

    file: Path | None
    output: Path | None
    document: Document
    options: DocumentOptions
    report: Path | None
    check: bool
    strict: bool


def document_job(
    name: str | None,
    output: Path | None,
    options: DocumentOptions,
    *,
    overwrite: bool,
    report: Path | None,
    check: bool,
    strict: bool,
) -> SingleDocument:
    """The document that a command is to translate.

    Args:
        name: the file; None or `-`: standard input.
        output: the file to write.
        options: how it is translated.
        overwrite: whether an output that exists is replaced.
        report: see `SingleDocument`.
        check: see `SingleDocument`.
        strict: see `SingleDocument`.
    Raises:
        UserError: a file or path is wrong.
    """
    file = None if name in (None, "-") else Path(str(name))
    if options.column is not None and (file is None or file.suffix.lower() not in TABLES):
        raise no_columns(_name(file))
    if output is not None:
        _check_output(output, file, overwrite=overwrite)
    elif file is not None and file.suffix.lower() in BINARY:
        raise UserError(f"'{file}' is not text; name the file to write with --output")
    if file is None:
        with standard_input() as stream:
            document: Document = read_plain(stream.read(), Path("standard input"))
    else:
        document = options.read(file)
    if not document.units and document.translated([]) in (b"", BYTE_ORDER_MARK):
        raise UserError(f"{_name(file)} is empty; there is nothing to translate")
    return SingleDocument(file, output, document, options, report, check, strict)


def _name(file: Path | None) -> str:
    return "standard input" if file is None else f"'{file}'"


def _check_output(output: Path, file: Path | None, *, overwrite: bool) -> None:
    require_new_place("--output", output, [str(file)] if file else [])
    if output.exists() and not overwrite and output.is_file():
        raise UserError(f"--output '{output}' exists; choose another path, or replace it with --overwrite")
    if file is not None and is_document(file) and output.suffix.lower() != file.suffix.lower():
        raise UserError(
            f"--output '{output}' does not end with {file.suffix}; a document keeps its format, "
            "so give it the same ending"
        )


def translate_one(job: SingleDocument, translator: "CheckedTranslator") -> None:
    """Translates a document, writes it, and ends the command with a summary and an exit code."""
    progress = sys.stderr is not None and sys.stderr.isatty()
    result = job.options.translate(translator, job.document, job.file, progress=progress)
    if job.output is None:
        sys.stdout.buffer.write(result.data)
        sys.stdout.buffer.flush()  # before the notes on it
    else:
        with whole_file(job.output) as temporary:
            temporary.write_bytes(result.data)
    if job.report is not None:
        rows = [{"segment": number} | one.to_dict() for number, one in enumerate(result.segments, 1)]
        write_jsonl(job.report, rows)
    _conclude(result, job)


def _conclude(result: DocumentTranslation, job: SingleDocument) -> None:
    summary = result.summary
    for said in summary.sentences() if job.check else ():
        typer.echo(said, err=True)
    for said in notes_on(result.segments, job.options.glossary, check=job.check):
        typer.echo(said, err=True)
    if not result.segments:
        typer.echo(f"no text to translate in {_name(job.file)}", err=True)
    end(summary, strict=job.strict)


def notes_on(segments: Sequence[TranslatedSegment], glossary: Glossary | None, *, check: bool) -> list[str]:
    """Sentences on segments in pieces, terms, and text that was too long."""
    notes = []
    pieces = [one for one in segments if one.way == "pieces"]
    if pieces and check:
        notes.append(
            f"{counted(len(pieces), 'segment')} translated piece by piece, because the model lost a "
            f"placeholder or a tag ({_places(pieces)})"
        )
    left = [one for one in segments if one.way == "left"]
    if left and check:
        notes.append(
            f"{counted(len(left), 'segment')} left untranslated, because the model gave no translation or "
            f"one that the document cannot hold ({_places(left)})"
        )
    if glossary is not None and segments:
        without = [(one.where, term) for one in segments for term in one.terms]
        found = sum(len(glossary.of(one.checked.source)) for one in segments)
        shown = "; ".join(f"{where}: {term} → {as_} is missing" for where, (term, as_) in without[:_NAMED])
        more = ", …" if len(without) > _NAMED else ""
        notes.append(
            f"{found - len(without)} of {counted(found, 'term')} of the glossary translated as it says"
            + (f" ({shown}{more})" if without else "")
        )
    for one in (one for one in segments if one.checked.hypothesis.too_long):
        notes.append(
            f"{one.where} has text that is too long for the model and cannot be divided; it stays as it is"
        )
    return notes


def _places(segments: Sequence[TranslatedSegment]) -> str:
    """The places of the first segments."""
    places = ", ".join(dict.fromkeys(one.where for one in segments[:_NAMED]))
    return places + (", …" if len(segments) > _NAMED else "")
