"""Options of metrics under the names that sacreBLEU gives them, for `score` and `compare`."""

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
        help="BLEU's tokenizer, as in sacreBLEU; default: the language's.",
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
        show_default="2; 4 of COMET",
    ),
]


def metrics_of(text: str) -> list[str]:
    """The metrics in `BLEU,chrF`, whose names may be written in any case.

    Raises:
        UserError: there is none.
    """
    return list(dict.fromkeys(name.lower() for name in names_of(text)))


def check_bleu(metrics: Sequence[str], tokenize: str | None, lowercase: bool) -> str | None:
    """Whether the options of BLEU change a metric that is computed.

    Returns:
        The option that needs references; None if none is given.

    Raises:
        UserError: an option is given, and would change nothing.
    """
    for option, given, changed in (
        ("--tokenize", tokenize is not None, ("bleu",)),
        ("--lowercase", lowercase, ("bleu", "spbleu")),
    ):
        if given and not set(changed) & set(metrics):
            raise UserError(
                f"{option} changes {' and '.join(changed)} alone, and --metrics has {', '.join(metrics)}; "
                f"leave {option} out, or add bleu to --metrics"
            )
    return "--tokenize" if tokenize is not None else "--lowercase" if lowercase else None


def check_width(width: int | None, form: str) -> None:
    """Refuses a number of decimal places where all digits are printed anyway.

    Raises:
        UserError: there is one, and the form is JSON or CSV.
    """
    if width is not None and form in ("json", "csv"):
        raise UserError(f"--width is for tables, and --{form} prints all digits; leave one of them out")
