"""Output formats for rows of figures: a table, JSON, CSV, LaTeX, Markdown."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

import typer

from ontarget.errors import UserError
from ontarget.tables import TextTable, csv_text, latex, markdown, plain, terminal

Form = Literal["table", "json", "csv", "latex", "markdown"]
WIDE = 1000
"""Width in characters for files and pipes, where cells need no wrapping."""
Row = Mapping[str, str]
"""Title of a column -> cell, as printed."""


def chosen(**flags: bool) -> Form:
    """The format whose flag is set; a table by default.

    Raises:
        UserError: several flags are set.
    """
    names: list[Form] = [name for name in get_args(Form) if flags.get(name)]
    if len(names) > 1:
        raise UserError(f"--{names[0]} and --{names[1]} cannot be combined; choose one")
    return names[0] if names else "table"


def print_tables(named: Sequence[tuple[str, Sequence[Row]]], form: Form, notes: Sequence[str]) -> None:
    """Prints rows as tables under their titles ("" for none), and notes (signatures) below them.

    The first column is left-aligned, all others are right-aligned.
    """
    tables = [TextTable.of(title, rows) for title, rows in named]
    if form == "table" and is_plain():
        for table in tables:
            for part in table.split(WIDE):
                typer.echo(plain(part))
        for note in notes:
            typer.echo(note)
        return
    if form == "table":
        from rich.console import Console

        console = Console(highlight=False)
        if not console.is_terminal:
            console.width = WIDE
        for table in tables:
            for part in table.split(console.width):
                console.print(terminal(part))
        for note in notes:
            console.print(note, style="dim", markup=False, soft_wrap=True)
        return
    for table in tables:
        if table.title:
            typer.echo(f"% {table.title}" if form == "latex" else f"**{table.title}**\n")
        typer.echo(latex(table) if form == "latex" else markdown(table, padded=True))
    for note in notes:
        typer.echo(f"% {note}" if form == "latex" else f"- `{note}`")


def print_json(rows: Any) -> None:
    """Prints JSON, indented."""
    typer.echo(json.dumps(rows, indent=2))


def print_csv(rows: Sequence[Mapping[str, Any]]) -> None:
    """Prints CSV with a header: the keys of all rows, in order of appearance; numbers in full."""
    typer.echo(csv_text(rows), nl=False)


def is_plain() -> bool:
    """Whether standard output is UTF-8 text and not a terminal, so that rich is not needed."""
    out = sys.stdout
    forced = {"FORCE_COLOR", "TTY_COMPATIBLE"} & os.environ.keys()  # rich then assumes a terminal
    return out is not None and not forced and not out.isatty() and out.encoding.lower().startswith("utf")
