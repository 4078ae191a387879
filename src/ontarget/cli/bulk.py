"""`ontarget translate -o`: the progress of a bulk translation, and where it runs."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ontarget.bulk.cluster import on_ray
from ontarget.bulk.inputs import find_inputs
from ontarget.bulk.job import BulkJob
from ontarget.bulk.local import Advance, Translate, Workers, in_this_process
from ontarget.bulk.reading import BulkFile, no_columns
from ontarget.bulk.translate import FIRST, translate_files
from ontarget.checked.source import AUTO
from ontarget.checked.verdict import Checked, Verdict
from ontarget.cli.loading import TranslatorOptions
from ontarget.cli.options import require_folder, require_no_input
from ontarget.cli.progress import duration, stopped
from ontarget.cli.verdicts import TOO_LONG, conclude
from ontarget.errors import UserError, counted
from ontarget.languages import Direction, Language
from ontarget.translation.hypothesis import Hypothesis

if TYPE_CHECKING:
    from rich.console import Console

    from ontarget.translators.checked import CheckedTranslator

_EVERY = 60.0  # seconds between two lines of progress where there is no terminal


def require_output(given: Mapping[str, object], files: Sequence[str]) -> None:
    """Rejects arguments that need `--output`, in a command without it.

    Raises:
        UserError: there is such an argument, or a file has no columns.
    """
    for name in files if given.get("--column") else ():
        if Path(name).is_file() and not BulkFile(Path(name), name).is_parquet:
            raise no_columns(f"'{name}'")
    for option in (option for option, value in given.items() if value):
        raise UserError(f"{option} needs --output, the file or folder to write")


def in_bulk(
    job: BulkJob,
    options: TranslatorOptions,
    target: Language,
    loaded: Callable[[], "CheckedTranslator"],
    on: str | None,
    *,
    others: Sequence[str | None],
    strict: bool,
) -> None:
    """Carries out a job, and ends the command with its summary and exit code.

    Args:
        job: what to translate.
        options: the options of the translator.
        target: the target language.
        loaded: loads the translator in this process.
        on: `ray` or `ray://HOST:PORT`; None for this process.
        others: files that the command reads besides the inputs.
        strict: whether an off-target line is a failure.
    Raises:
        UserError: see `translate_files`; or `on` is something else, or an output is another file too.
    """
    if on is not None and on != "ray" and not on.startswith("ray://"):
        raise UserError(f"--on '{on}' is not valid; write ray, or ray://HOST:PORT")
    if str(job.out) == "-":
        raise UserError("--output '-' is not a file; omit it to print the translation")
    require_folder("--output", job.out)
    inputs = find_inputs(job.names, job.out)
    for one in inputs:
        require_no_input("--output", one.target, others)
    limit: int | None = None

    def here(first: Sequence[str]) -> Workers:
        nonlocal limit
        translator = loaded()
        limit = translator.translator.context.limit
        language = options.direction.source if options.direction else Language("en")
        doubts = translator.translator.doubts_on_lines(first, language, are_first=len(first) == FIRST)
        for said in doubts:
            typer.echo(f"note: {said}", err=True)
        return in_this_process(_bound(translator, options, target, first))

    def failed(texts: Sequence[str]) -> list[Checked]:
        nothing = Hypothesis("", "stop", 0.0, 0), Verdict("unsure", "", 0.0, "failed", {"empty": ()})
        direction = options.direction or Direction(target, target)
        return [Checked(text, direction, *nothing) for text in texts]

    def there(first: Sequence[str]) -> Workers:
        return on_ray(
            None if on == "ray" else on, lambda: _bound(options.load(), options, target, first), failed
        )

    try:
        with BulkProgress() as progress:
            result = translate_files(job, here if on is None else there, progress)
    except KeyboardInterrupt as request:
        stopped(request)
    if len(inputs) > 1:
        typer.echo(
            f"note: lines are numbered through all {len(inputs)} files; --report names files", err=True
        )
    if result.failed:
        typer.echo(f"{counted(result.failed, 'line')} failed on the cluster and left empty", err=True)
    conclude(result.summary, limit, check=options.check, strict=strict)
    if result.failed:
        raise typer.Exit(TOO_LONG)


def _bound(
    translator: "CheckedTranslator", options: TranslatorOptions, target: Language, first: Sequence[str]
) -> Translate:
    """Translates in the direction of the options; the first lines tell the language of short ones."""
    source = AUTO if options.direction is None else options.direction.source

    def translate(texts: Sequence[str], *, progress: Advance | None = None) -> Sequence[Checked]:
        return translator.translate_batch(texts, source, target, context=first, progress=progress or False)

    return translate


class BulkProgress:
    """Lines done, lines per second and time left, on standard error.

    Args:
        console: where to; default: standard error.
        clock: seconds.
        noun: the plural of what is counted.
    """

    def __init__(
        self,
        console: "Console | None" = None,
        clock: Callable[[], float] = time.monotonic,
        noun: str = "lines",
    ) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        self._console = console or Console(stderr=True, highlight=False)
        self._clock, self._noun = clock, noun
        self._bar = Progress(
            BarColumn(),
            TextColumn("{task.description}"),
            console=self._console,
            disable=not self._console.is_terminal,
            transient=True,
        )
        self._task = self._bar.add_task("", total=None)
        self._first: tuple[int, float] | None = None  # lines done before, and when
        self._shown = 0.0

    def __enter__(self) -> "BulkProgress":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def say(self, line: str) -> None:
        """Prints a permanent line."""
        self._console.print(line, markup=False, soft_wrap=True)

    def advance(self, done: int, total: int) -> None:
        """Shows the progress, unless it was shown a moment ago."""
        now = self._clock()
        if self._first is None:
            self._first, self._shown = (done, now), now
        text = _progress(done, total, done - self._first[0], now - self._first[1], self._noun)
        self._bar.update(self._task, completed=done, total=total, description=text)
        if not self._console.is_terminal and now - self._shown >= _EVERY:
            self._shown = now
            self.say(text)


def _progress(done: int, total: int, new: int, seconds: float, noun: str = "lines") -> str:
    """`12,000 of 1,000,000 lines, 35.2 lines/s, 7:47:43 left`."""
    text = f"{done:,} of {total:,} {noun}"
    if not new or not seconds:
        return text
    rate = new / seconds
    return f"{text}, {rate:,.{0 if rate >= 100 else 1}f} {noun}/s, {duration((total - done) / rate)} left"
