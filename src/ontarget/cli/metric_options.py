"""Metric options of `score` and `compare`, named as in sacreBLEU."""

from collections.abc import Sequence
from typing import Annotated

import typer

from ontarget.cli.names import names_of
from ontarget.errors import UserError

Tokenize = Annotated[
    str | None,
    typer.Option(
        "--tokenize",
        "-tok",
        metavar="NAME",
        help="Tokenizer for BLEU, as in sacreBLEU (default: the one for the language).",
    ),
]
Lowercase = Annotated[
    bool, typer.Option("--lowercase", "-lc", help="Ignore case in BLEU and spBLEU, as in sacreBLEU.")
]
NumRefs = Annotated[
    int | None,
    typer.Option(
        "--num-refs",
        "-nr",
        min=1,
        metavar="N",
        show_default="1",
        help="Split each line of --reference at tabs into N references.",
    ),
]
Width = Annotated[
    int | None,
    typer.Option(
        "--width",
        "-w",
        min=0,
        max=15,
        metavar="N",
        help="Decimal places in tables.",
        show_default="2; 4 for COMET",
    ),
]


def metrics_of(text: str) -> list[str]:
    """The metrics in `BLEU,chrF`; the case of names is ignored.

    Raises:
        UserError: the list is empty.
    """
    return list(dict.fromkeys(name.lower() for name in names_of(text)))


def check_bleu(metrics: Sequence[str], tokenize: str | None, lowercase: bool) -> str | None:
    """Rejects BLEU options that change none of the metrics.

    Returns:
        The option that needs references; None if none is given.

    Raises:
        UserError: a given option has no effect.
    """
    for option, given, changed in (
        ("--tokenize", tokenize is not None, ("bleu",)),
        ("--lowercase", lowercase, ("bleu", "spbleu")),
    ):
        if given and not set(changed) & set(metrics):
            raise UserError(
                f"{option} affects only {' and '.join(changed)}, but --metrics is {', '.join(metrics)}; "
                f"omit {option} or add bleu to --metrics"
            )
    return "--tokenize" if tokenize is not None else "--lowercase" if lowercase else None


def check_width(width: int | None, form: str) -> None:
    """Rejects `--width` for JSON and CSV, which contain all digits.

    Raises:
        UserError: `--width` is given for JSON or CSV.
    """
    if width is not None and form in ("json", "csv"):
        raise UserError(f"--width needs a table, but --{form} prints all digits; omit one of them")
