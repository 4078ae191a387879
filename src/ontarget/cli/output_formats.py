"""Output formats for rows of figures: a table, JSON, CSV, LaTeX, Markdown."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args

import typer

from ontarget.cli.plain_table import is_plain, plain_table
from ontarget.errors import UserError

if TYPE_CHECKING:
    from rich.table import Table

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


def print_tables(tables: Sequence[tuple[str, Sequence[Row]]], form: Form, notes: Sequence[str]) -> None:
    """Prints tables under their titles ("" for none), and notes (signatures) below them.

    The first column is left-aligned, all others are right-aligned.
    """
    if form == "table" and is_plain():
        for title, rows in tables:
            for columns in _blocks(rows, WIDE):
                typer.echo(plain_table(title, [{name: row[name] for name in columns} for row in rows]))
        for note in notes:
            typer.echo(note)
        return
    if form == "table":
        from rich.console import Console

        console = Console(highlight=False)
        if not console.is_terminal:
            console.width = WIDE
        for title, rows in tables:
            for columns in _blocks(rows, console.width):
                console.print(_terminal(title, [{name: row[name] for name in columns} for row in rows]))
        for note in notes:
            console.print(note, style="dim", markup=False, soft_wrap=True)
        return
    from tabulate import tabulate

    style = "latex_booktabs" if form == "latex" else "pipe"
    for title, rows in tables:
        if title:
            typer.echo(f"% {title}" if form == "latex" else f"**{title}**\n")
        cells = [[_cell(text, form) for text in row.values()] for row in rows]
        align = ("left", *["right"] * (len(rows[0]) - 1))
        typer.echo(
            tabulate(cells, headers=list(rows[0]), tablefmt=style, colalign=align, disable_numparse=True)
        )
        typer.echo()
    for note in notes:
        typer.echo(f"% {note}" if form == "latex" else f"- `{note}`")


def print_json(rows: Any) -> None:
    """Prints JSON, indented."""
    typer.echo(json.dumps(rows, indent=2))


def print_csv(rows: Sequence[Mapping[str, Any]]) -> None:
    """Prints CSV with a header: the keys of all rows, in order of appearance; numbers in full."""
    keys = list(dict.fromkeys(key for row in rows for key in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, keys, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    typer.echo(text.getvalue(), nl=False)


def _blocks(rows: Sequence[Row], width: int) -> list[list[str]]:
    """The columns of each part of a table, which is split if it is wider than `width`.

    Each part begins with the first column. Rich would wrap numbers.
    """
    from rich.cells import cell_len

    first, *others = rows[0]
    needed = {name: max(map(cell_len, (name, *(row[name] for row in rows)))) + 3 for name in rows[0]}
    blocks, taken = [[first]], needed[first]
    for name in others:
        if taken + needed[name] > width and len(blocks[-1]) > 1:
            blocks.append([first])
            taken = needed[first]
        blocks[-1].append(name)
        taken += needed[name]
    return blocks


def _terminal(title: str, rows: Sequence[Row]) -> "Table":
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, title=escape(title) or None, title_justify="left", title_style="bold")
    for number, column in enumerate(rows[0]):
        table.add_column(column, justify="right" if number else "left")
    for row in rows:
        table.add_row(*(escape(text) for text in row.values()))
    return table


def _cell(text: str, form: Form) -> str:
    return text.replace("|", r"\|") if form == "markdown" else text
