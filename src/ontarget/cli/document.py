"""`ontarget translate` for documents: one file in, the same file in another language out."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import typer

from ontarget.bulk.reading import no_columns
from ontarget.checked.source import AUTO
from ontarget.cli.options import require_new_place
from ontarget.cli.verdicts import end
from ontarget.corpora.opening import standard_input
from ontarget.documents.document import DocumentTranslation, TranslatedSegment
from ontarget.documents.formats import BINARY, is_document, read_document, usual_level
from ontarget.documents.glossary import Glossary, read_glossary
from ontarget.documents.keep import Keep
from ontarget.documents.parts import Document
from ontarget.documents.plain import read_plain
from ontarget.documents.segments import Level
from ontarget.errors import UserError, counted, nearest
from ontarget.files import whole_file, write_jsonl
from ontarget.languages import Language
from ontarget.translators.document import translate_read

if TYPE_CHECKING:
    from ontarget.translators.checked import CheckedTranslator

_TABLES = (".tsv", ".tab")
_NAMED = 3  # examples that a sentence gives


@dataclass(frozen=True, slots=True)
class DocumentJob:
    """A document to translate.

    Attributes:
        file: the document; None: plain text from standard input.
        output: the file to write; None: standard output.
        document: its text.
        level: what is translated at a time.
        keep: patterns of text that stays as it is.
        glossary: terms and their translations, if any.
        report: the file for a line of JSON for each segment, if any.
        check: whether to print a summary.
        strict: whether an off-target segment is a failure.
    """

    file: Path | None
    output: Path | None
    document: Document
    level: Level
    keep: Keep
    glossary: Glossary | None
    report: Path | None
    check: bool
    strict: bool


def document_job(
    files: Sequence[str],
    output: Path | None,
    source: str,
    target: Language,
    *,
    segment: str | None,
    glossary: Path | None,
    keep: Sequence[str],
    column: str | None,
    overwrite: bool,
    report: Path | None,
    check: bool,
    strict: bool,
) -> DocumentJob | None:
    """The document that a command is to translate; None if its files are lines.

    Raises:
        UserError: an option or file is wrong.
    """
    first = Path(files[0]) if files and files[0] != "-" else None
    is_table = first is not None and first.suffix.lower() in _TABLES and column is not None
    of_documents = segment is not None or glossary is not None or bool(keep)
    if not (of_documents or is_table or any(is_document(Path(name)) for name in files)):
        return None
    if column is not None and not is_table:
        raise no_columns("standard input" if first is None else f"'{first}'")
    if len(files) > 1 or (first is not None and first.is_dir()):
        raise UserError("documents are translated one at a time; name one file")
    if segment is not None and segment not in get_args(Level):
        raise UserError(
            f"--segment '{segment}' is not valid{nearest(segment, get_args(Level))}; "
            f"choose one of {', '.join(get_args(Level))}"
        )
    if output is not None:
        _check_output(output, first, overwrite=overwrite)
    elif first is not None and first.suffix.lower() in BINARY:
        raise UserError(f"'{first}' is not text; name the file to write with --output")
    patterns, terms = Keep(keep), read_glossary(glossary) if glossary is not None else None
    if first is None:
        with standard_input() as stream:
            document: Document = read_plain(stream.read(), Path("standard input"))
    else:
        document = read_document(
            first,
            source=None if source == AUTO else Language(source),
            target=target,
            column=column if is_table else None,
        )
    level: Level = segment or usual_level(first)  # type: ignore[assignment]
    return DocumentJob(first, output, document, level, patterns, terms, report, check, strict)


def _check_output(output: Path, file: Path | None, *, overwrite: bool) -> None:
    require_new_place("--output", output, [str(file)] if file else [])
    if output.exists() and not overwrite and output.is_file():
        raise UserError(f"--output '{output}' exists; choose another path, or replace it with --overwrite")
    if file is not None and is_document(file) and output.suffix.lower() != file.suffix.lower():
        raise UserError(
            f"--output '{output}' does not end with {file.suffix}; a document keeps its format, "
            "so give it the same ending"
        )


def translate_one(job: DocumentJob, translator: "CheckedTranslator", source: str, target: Language) -> None:
    """Translates a document, writes it, and ends the command with a summary and an exit code."""
    progress = sys.stderr is not None and sys.stderr.isatty()
    result = translate_read(
        translator,
        job.document,
        source,
        target,
        level=job.level,
        keep=job.keep,
        glossary=job.glossary,
        progress=progress,
    )
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


def _conclude(result: DocumentTranslation, job: DocumentJob) -> None:
    summary = result.summary
    for said in [*(summary.sentences() if job.check else ()), *_notes(result.segments, job)]:
        typer.echo(said, err=True)
    end(summary, strict=job.strict)


def _notes(segments: Sequence[TranslatedSegment], job: DocumentJob) -> list[str]:
    """Sentences on pieces, terms, and text that was too long, or on a document without text."""
    if not segments:
        name = f"'{job.file}'" if job.file else "standard input"
        return [f"no text to translate in {name}"]
    notes = []
    pieces = [one for one in segments if one.way == "pieces"]
    if pieces and job.check:
        notes.append(
            f"{counted(len(pieces), 'segment')} translated piece by piece, because the model lost a "
            f"placeholder or a tag ({_places(pieces)})"
        )
    left = [one for one in segments if one.way == "left"]
    if left and job.check:
        notes.append(
            f"{counted(len(left), 'segment')} left untranslated, because the model gave no translation or "
            f"one that the document cannot hold ({_places(left)})"
        )
    if job.glossary is not None:
        without = [(one.where, term) for one in segments for term in one.terms]
        found = sum(len(job.glossary.of(one.checked.source)) for one in segments)
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
