"""`ontarget translate`: translates a file or standard input, one line in, one line out."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ontarget.bulk.job import BulkJob
from ontarget.checked.source import AUTO
from ontarget.checked.summary import Summary
from ontarget.checked.verdict import report_row
from ontarget.cli.bulk import in_bulk, require_output
from ontarget.cli.document import (
    are_documents,
    document_job,
    document_options,
    tables_in,
    translate_one,
)
from ontarget.cli.folder import settings_of_documents, translate_several
from ontarget.cli.loading import TranslatorOptions
from ontarget.cli.model_options import ApiKeyEnv, Concurrency, Precision, Served, Tokenizer, chosen_model
from ontarget.cli.options import (
    MaxNewTokens,
    Model,
    Template,
    TrustRemoteCode,
    require_new_place,
    require_no_input,
    require_two,
)
from ontarget.cli.system_options import Monolingual, SystemId, known_system, text_of
from ontarget.cli.translation_options import CheckLid, NoRepeatNgramSize, NumBeams, Retry, beam_size
from ontarget.cli.verdicts import check_options, conclude, retries_of
from ontarget.corpora.opening import standard_input
from ontarget.corpora.plain import decode_lines, read_lines
from ontarget.errors import UserError
from ontarget.files import write_jsonl
from ontarget.languages import Language
from ontarget.prompts.template import PromptTemplate
from ontarget.scoring.language_id.identifiers import DEFAULT, identifier_named
from ontarget.served_model import API_KEY_ENV, CONCURRENCY, ServedModel
from ontarget.translation.engines.loading import place_of
from ontarget.translation.system import direction_between

if TYPE_CHECKING:
    from ontarget.translators.checked import CheckedTranslator


def translate(
    model: Model,
    target: Annotated[str, typer.Option("--to", metavar="LANGUAGE", help="Target language, such as fr.")],
    source: Annotated[
        str,
        typer.Option(
            "--from", metavar="LANGUAGE", help="Source language, such as de; auto: identify it, line by line."
        ),
    ] = AUTO,
    files: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="FILES",
            help="Source text, one segment per line, may be compressed (default: standard input), or a "
            "document such as .docx, .html or .srt. With --output also Parquet, folders, or several files: "
            "all documents, with .txt files line by line, or else lines.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="PATH",
            help="Write the translation to this file, or to this folder if there are several files. The "
            "command can be stopped and run again to resume.",
        ),
    ] = None,
    overwrite: Annotated[
        bool,
        typer.Option("--overwrite", help="Replace the output if it exists, or an unfinished different one."),
    ] = False,
    column: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Column to translate: of Parquet (default: the only one of text), or of a .tsv file. By "
            "its number, the first line is translated, too.",
        ),
    ] = None,
    segment: Annotated[
        str | None,
        typer.Option(
            metavar="LEVEL",
            help="Part of a document to translate at a time: sentence (default), paragraph or line. With it, "
            "a text file is a document.",
        ),
    ] = None,
    glossary: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Terms and their translations, tab-separated, to look for in the translation. With them, a "
            "text file is a document.",
        ),
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option(
            metavar="REGEX",
            help="Regular expression of text in a document to leave as it is. Repeat it for more. With it, a "
            "text file is a document.",
        ),
    ] = None,
    on: Annotated[
        str | None,
        typer.Option(
            "--on",
            metavar="ray",
            help="Translate on a Ray cluster: ray, or its address (ray://HOST:PORT). Needs --output.",
        ),
    ] = None,
    num_beams: NumBeams = None,
    max_new_tokens: MaxNewTokens = 512,
    no_repeat_ngram_size: NoRepeatNgramSize = None,
    template: Template = None,
    system: SystemId = None,
    monolingual: Monolingual = None,
    check: Annotated[
        bool,
        typer.Option(
            "--check/--no-check", help="Check each translation, and print a summary to standard error."
        ),
    ] = True,
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Exit with code 3 if a line stays off-target; all lines are written."),
    ] = False,
    report: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the verdict on each line to this file, as JSON lines."),
    ] = None,
    retry: Retry = None,
    lid: CheckLid = DEFAULT,
    served: Served = None,
    tokenizer: Tokenizer = None,
    api_key_env: ApiKeyEnv = API_KEY_ENV,
    concurrency: Concurrency = CONCURRENCY,
    precision: Precision = "auto",
    trust_remote_code: TrustRemoteCode = False,
) -> None:
    """Translate a file, or standard input, to standard output.

    Translate a file, or standard input with greedy decoding:

        ontarget translate --model runs/phrasebook-tiny/models/ontarget --from it --to nl text.it
        echo "Guten Tag" | ontarget translate --model my/model --from de --to fr --num-beams 1

    Translate off-target lines again, or favour the target language's words (its prior needs text):

        ontarget translate --model my/model --from de --to fr --system retried text.de
        ontarget translate --model my/model --from de --to fr --system language-prior \\
            --monolingual en=train.en --monolingual de=train.de --monolingual fr=train.fr text.de

    Try other hypotheses, then English as a pivot, for off-target lines, and fail if one stays off-target:

        ontarget translate --model my/model --from de --to fr --retry rerank,pivot --strict text.de

    Translate any number of lines, or a folder of files; the same command resumes after any interruption:

        ontarget translate --model my/model --from de --to fr news.de.zst -o news.fr.zst
        ontarget translate --model my/model --from de --to fr texts -o translated

    Translate with a model on a server (vLLM, llama.cpp, Ollama, ...); the key comes from OPENAI_API_KEY:

        ontarget translate --model http://localhost:8000/v1 --served tower --from de --to fr text.de

    Translate a document, or a folder of them; tags, placeholders and layout stay:

        ontarget translate --model my/model --from en --to nl manual.docx -o manual.nl.docx
        ontarget translate --model my/model --from en --to nl --glossary terms.tsv page.html > page.nl.html
        ontarget translate --model my/model --from en --to nl docs -o docs.nl

    The output has as many lines as the input, and an empty line stays empty. A line that is too long for the
    model's context also becomes an empty line. Such lines are listed on standard error, and the exit code
    is 1; all other lines are translated.
    """
    # Check the arguments before torch is loaded, which takes seconds.
    into = Language(target)
    direction = None if source == AUTO else direction_between(source, into)
    check_options(check=check, strict=strict, report=report, retry=retry)
    place = place_of(chosen_model(model, served, tokenizer, api_key_env, concurrency))
    retries = retries_of(retry)
    beams = beam_size(num_beams, place, system, retries)
    identifier = identifier_named(lid)
    others = [template, lid, *(one.partition("=")[2] for one in monolingual or [])]
    others += [] if glossary is None else [str(glossary)]
    if output is not None:
        require_no_input("--output", output, others)
    if report is not None:
        require_new_place("--report", report, [*(files or []), *others])
    if report is not None and output is not None:
        require_two("--report", report, "--output", output)
    if template is not None:
        PromptTemplate.load(template, place)
    system = known_system(system, beams)
    texts = text_of(system, monolingual or [], [into])
    if system is not None and direction is None:
        raise UserError(f"the system '{system}' needs to know the source language; name it with --from")
    on_documents: Any = {"segment": segment, "glossary": glossary, "keep": keep or []}
    documents = None
    if are_documents(files or [], column=column, **on_documents):
        documents = document_options(source, into, column=column, **on_documents)
        if on is not None:
            raise UserError("--on is for files of lines, not for documents; omit it")
    else:
        _notes(f"'{name}' has columns; name one with --column" for name in tables_in(files or []))
    several = len(files or []) > 1 or any(Path(name).is_dir() for name in files or [])
    if several and output is None:
        raise UserError("several files or a folder need --output, the folder to write")
    document = None
    if documents is not None and not several:
        document = document_job(
            next(iter(files or []), None),
            output,
            documents,
            overwrite=overwrite,
            report=report,
            check=check,
            strict=strict,
        )
    options = TranslatorOptions(
        place if isinstance(place, ServedModel) else model,
        direction,
        template,
        system,
        beams,
        max_new_tokens,
        no_repeat_ngram_size,
        retries,
        lid,
        check,
        trust_remote_code,
        precision,
        texts,
    )

    def loaded() -> "CheckedTranslator":
        """Loads the model, and prints why its translations may be poor."""
        translator = options.load()
        if direction is not None:
            _notes(translator.translator.doubts(direction))
        if check and not translator.checker.knows(into):
            unknown = f"{identifier.signature} cannot recognise {into.name()} ({into})"
            _notes([f"{unknown}; choose another one with --lid"])
        return translator

    if document is not None:
        translate_one(document, loaded())
        return
    if output is not None:
        settings = options.settings()
        if documents is not None:
            settings |= settings_of_documents(**on_documents)
        job = BulkJob(files or [], output, settings, str(into), column, report, overwrite)
        if documents is not None:
            translate_several(job, documents, identifier, loaded, others=others, check=check, strict=strict)
            return
        in_bulk(job, options, into, loaded, on, others=others, strict=strict)
        return
    require_output({"--overwrite": overwrite, "--column": column, "--on": on}, files or [])
    lines = _standard_input() if files in (None, [], ["-"]) else read_lines(Path(files[0]))
    checked = loaded()
    translator = checked.translator
    _notes(translator.doubts_on_lines(lines, direction.source if direction else Language("en")))
    with _progress_bar() as bar:
        task = bar.add_task(f"to {into.name()}", total=len(lines))
        results = checked.translate(
            lines,
            source,
            into,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    sys.stdout.buffer.write("".join(f"{one.text}\n" for one in results).encode())
    sys.stdout.buffer.flush()  # before the notes on it
    if report is not None:
        write_jsonl(report, [report_row(number, one) for number, one in enumerate(results, 1)])
    if direction is None:
        for found in dict.fromkeys(one.direction for one in results):
            if found.source != into:
                _notes(translator.doubts(found))
    summary = Summary()
    summary.add(results)
    conclude(summary, translator.context.limit, check=check, strict=strict)


def _notes(sentences: Iterable[str]) -> None:
    for said in sentences:
        typer.echo(f"note: {said}", err=True)


def _standard_input() -> list[str]:
    with standard_input() as file:
        return decode_lines(file.read(), "standard input")


def _progress_bar() -> Progress:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, disable=not console.is_terminal, transient=True)
