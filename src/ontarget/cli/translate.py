"""`ontarget translate`: translates a file or standard input, one line in, one line out."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ontarget.cli.aliases import note
from ontarget.cli.doubtful_words import doubtful_words
from ontarget.cli.options import Beams, MaxNewTokens, Model, Template, TrustRemoteCode
from ontarget.corpora.opening import standard_input
from ontarget.corpora.plain import decode_lines, read_lines
from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.model_place import locate
from ontarget.pipeline.execution.systems import settings_called, system_called
from ontarget.prompts.template import PromptTemplate
from ontarget.settings.decoding import Decoding
from ontarget.system_ids import current_id
from ontarget.translation.system import direction_between


def translate(
    model: Model,
    source: Annotated[str, typer.Option("--from", metavar="LANGUAGE", help="Source language, such as de.")],
    target: Annotated[str, typer.Option("--to", metavar="LANGUAGE", help="Target language, such as fr.")],
    file: Annotated[
        Path | None,
        typer.Argument(
            help="Source text, one segment per line, may be compressed (default: standard input)."
        ),
    ] = None,
    num_beams: Beams = 4,
    max_new_tokens: MaxNewTokens = 512,
    no_repeat_ngram_size: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Forbid repeated n-grams of size N; try 3 for repetitive output."
        ),
    ] = None,
    template: Template = None,
    system: Annotated[
        str | None,
        typer.Option(
            "--system", metavar="ID", help="ID of a recipe system (prompting and decoding), such as retried."
        ),
    ] = None,
    monolingual: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LANGUAGE=FILE",
            help="Monolingual text for systems that need it. Repeat it for each language.",
        ),
    ] = None,
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

    The output has as many lines as the input, and an empty line stays empty. A line that is too long for the
    model's context also becomes an empty line. Such lines are listed on standard error, and the exit code
    is 1; all other lines are translated.
    """
    # Check the arguments before torch is loaded, which takes seconds.
    direction = direction_between(source, target)
    locate(model)
    if template is not None:
        PromptTemplate.load(template, model)
    if system is not None and (current := current_id(system)) != system:
        note(f"the system {system}", current)
        system = current
    texts = _monolingual(system, monolingual or [], direction)
    if system is not None:
        settings_called(system).check_beam(num_beams)
    lines = read_lines(file) if file is not None else _standard_input()

    from transformers.utils import logging

    from ontarget.translation.too_long import refused, sentences
    from ontarget.translation.translator import Translator

    logging.disable_progress_bar()  # one bar is enough
    translator = Translator(model, template, trust_remote_code=trust_remote_code)
    for said in translator.doubts(direction):
        typer.echo(f"note: {said}", err=True)
    how = {}
    if system is not None:
        decoding = Decoding(num_beams, max_new_tokens, no_repeat_ngram_size=no_repeat_ngram_size)
        how["system"] = system_called(system, translator.template, direction, texts, decoding)
    with _progress_bar() as bar:
        task = bar.add_task(f"{direction.source.name()} to {direction.target.name()}", total=len(lines))
        found = translator.hypotheses(
            lines,
            direction.source,
            direction.target,
            num_beams=num_beams,
            max_new_tokens=max_new_tokens,
            no_repeat_ngram_size=no_repeat_ngram_size,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
            **how,
        )
    sys.stdout.buffer.write("".join(f"{one.text}\n" for one in found).encode())
    sys.stdout.buffer.flush()  # before the notes on it
    empty = refused(found)
    for said in sentences(empty, translator.context.limit):
        typer.echo(said, err=True)
    for said in doubtful_words(lines, [one.text for one in found], direction):
        typer.echo(f"note: {said}", err=True)
    if empty:
        raise typer.Exit(1)


def _monolingual(system: str | None, named: list[str], direction: Direction) -> dict[Language, list[str]]:
    """Reads the files of `--monolingual`, checked against the needs of the system and the direction."""
    needed = system is not None and settings_called(system).learns_from_text
    if named and not needed:
        raise UserError(
            "--monolingual needs a system that uses monolingual text, such as --system language-prior"
        )
    text = {}
    for one in named:
        code, equals, path = one.partition("=")
        if not equals:
            raise UserError(f"--monolingual '{one}' is not valid; write LANGUAGE=FILE, such as de=train.de")
        text[Language(code)] = read_lines(Path(path))
    if needed and (direction.target not in text or len(text) < 2):
        raise UserError(
            f"the system '{system}' needs monolingual text; give --monolingual {direction.target}=FILE, "
            "and one more for each language that the model wrongly produces"
        )
    return text


def _standard_input() -> list[str]:
    with standard_input() as file:
        data = file.read()
    return decode_lines(data, "standard input") if data else []


def _progress_bar() -> Progress:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, disable=not console.is_terminal, transient=True)
