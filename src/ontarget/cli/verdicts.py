"""Options of `ontarget translate` on verdicts: retries, the report, the summary and the exit code."""

from pathlib import Path

import typer

from ontarget.checked.attempt import OTHER_MODEL, check_retry
from ontarget.checked.summary import Summary
from ontarget.checkpoints.adapter import lineage, tokenizer_place
from ontarget.checkpoints.files import (
    check_adapter_files,
    check_model_files,
    check_tokenizer_files,
    is_adapter,
)
from ontarget.cli.names import names_of
from ontarget.errors import UserError
from ontarget.served_model import ServedModel
from ontarget.translation.engines.loading import Place, place_of
from ontarget.translation.too_long import sentences

TOO_LONG, STILL_OFF = 1, 3  # exit codes


def retries_of(names: str | None) -> list[tuple[str, Place | None]]:
    """The retries of `--retry pivot,sampling,model:OTHER`: each name, and the model if it is another one.

    Raises:
        UserError: there is no such retry or model.
    """
    return [_retry(name) for name in (names_of(names) if names else [])]


def _retry(name: str) -> tuple[str, Place | None]:
    if name.startswith(OTHER_MODEL):
        other = name.removeprefix(OTHER_MODEL)
        if not other:
            raise UserError(
                f"--retry {OTHER_MODEL} names no model; write, for example, {OTHER_MODEL}path/to/model"
            )
        place = place_of(other)
        _check_files(place)
        return OTHER_MODEL, place
    check_retry(name)
    return name, None


def _check_files(place: Place) -> None:
    """Finds what is missing or damaged in a model that is loaded only when a line needs it."""
    if isinstance(place, ServedModel):
        return
    for part in lineage(place):
        if not isinstance(part, Path):
            check_on_hub(part)
        else:
            (check_adapter_files if is_adapter(part) else check_model_files)(part)
    if isinstance(tokenizer := tokenizer_place(place), Path):
        check_tokenizer_files(tokenizer)


def check_on_hub(name: str) -> None:
    """Finds a name that the Hub does not have, by the configuration, which is small.

    Raises:
        UserError: it cannot be downloaded.
    """
    from ontarget.checkpoints.load import load_config

    load_config(name)


def check_options(*, check: bool, strict: bool, report: Path | None, retry: str | None) -> None:
    """Rejects options that need the check together with `--no-check`.

    Raises:
        UserError: there is such an option.
    """
    needed = {"--strict": strict, "--report": report, "--retry": retry}
    for option in (name for name, given in needed.items() if given):
        if not check:
            raise UserError(f"{option} needs the check; omit --no-check or {option}")


def conclude(summary: Summary, limit: int | None, *, check: bool, strict: bool) -> None:
    """Prints the summary to standard error, and ends the command with its exit code.

    Args:
        summary: the verdicts on all lines.
        limit: number of tokens that the model takes, if it is known.
        check: whether lines were checked. Lines that are too long are named in any case.
        strict: whether an off-target line is a failure.
    """
    for said in sentences(summary.too_long, limit, count=summary.count_too_long):
        typer.echo(said, err=True)
    for said in summary.sentences() if check else ():
        typer.echo(said, err=True)
    end(summary, strict=strict)


def end(summary: Summary, *, strict: bool) -> None:
    """Ends the command with the exit code of a failure, if there is one; see `conclude`."""
    if strict and (summary.off or summary.flags["no_words"]):
        raise typer.Exit(STILL_OFF)
    if summary.count_too_long:
        raise typer.Exit(TOO_LONG)
