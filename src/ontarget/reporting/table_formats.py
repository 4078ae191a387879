"""A table of scores, rendered for a terminal, Markdown and LaTeX."""

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from ontarget.reporting.systems import REFERENCE
from ontarget.reporting.table import LEVEL, Cell, Table
from ontarget.tables import (
    TextTable,
    latex_escaped,
    latex_row,
    latex_tabular,
    terminal_frame,
)
from ontarget.tables import markdown as markdown_of

if TYPE_CHECKING:
    from rich.table import Table as TerminalTable

MARK = "†"
"""The mark beside a figure that differs significantly from the baseline's."""


def legend(table: Table) -> str:
    """The meaning of the mark beside a figure; empty if no figure has one."""
    return f"{MARK}: differs from {table.baseline}, p < {LEVEL:g}" if table.baseline else ""


def terminal(table: Table) -> "TerminalTable":
    """The table for a rich console."""
    from rich.text import Text

    # Only the first column has the name of its group, so that two groups fit into 80 characters.
    groups = (f"{c.group}\n" if n in table.first_of_group else "" for n, c in enumerate(table.columns))
    titles = [group + column.title for group, column in zip(groups, table.columns, strict=True)]
    view = terminal_frame(["System", *titles], table.caption, unwrapped=[0], caption=_below(table))
    for row in table.rows:
        cells = (Text(_figure(cell), style="bold" if cell.best else "") for cell in row.cells)
        view.add_row(Text(row.name), *cells, style="dim" if row.system == REFERENCE else "")
    return view


def terminals(table: Table, width: int) -> "list[TerminalTable]":
    """The table for a console of `width` characters, divided between groups of columns if it is wider.

    rich would shorten headings and figures.
    """
    parts: list[range] = []
    for start, end in pairwise(sorted(table.first_of_group)):
        wider = range(parts[-1].start if parts else start, end)
        if parts and _width(_part(table, wider)) <= width:
            parts[-1] = wider
        else:
            parts.append(range(start, end))
    return [terminal(_part(table, part)) for part in parts] or [terminal(table)]


def _part(table: Table, columns: range) -> Table:
    rows = (replace(row, cells=tuple(row.cells[n] for n in columns)) for row in table.rows)
    return replace(table, columns=tuple(table.columns[n] for n in columns), rows=tuple(rows))


def _width(table: Table) -> int:
    from rich.console import Console

    return Console(width=10_000).measure(terminal(replace(table, caption="", note="", baseline=""))).maximum


def markdown(table: Table) -> str:
    """A Markdown table with its notes below; ends with a newline."""
    headers = ["System", *(f"{column.group} {column.title}" for column in table.columns)]
    rows = [
        [
            row.name.replace("_", r"\_"),
            *(
                f"**{cell.text}**{_figure(cell)[len(cell.text) :]}" if cell.best else _figure(cell)
                for cell in row.cells
            ),
        ]
        for row in table.rows
    ]
    text = markdown_of(TextTable(headers, rows))
    return f"{text}\n{_below(table)}\n" if _below(table) else text


def latex(table: Table) -> str:
    r"""A LaTeX table for a paper that loads `booktabs`; intervals are below the scores, in small print."""
    spans = [rf"\multicolumn{{{span}}}{{c}}{{{latex_escaped(name)}}}" for name, span in table.groups]
    starts = [start + 2 for start in sorted(table.first_of_group)[:-1]]
    rules = [
        rf"\cmidrule(lr){{{a}-{a + span - 1}}}" for a, (_, span) in zip(starts, table.groups, strict=True)
    ]
    head = [
        latex_row(["", *spans]),
        "".join(rules),
        latex_row(["System", *(latex_escaped(column.title) for column in table.columns)]),
    ]
    body = []
    for row in table.rows:
        if row.system == REFERENCE:
            body.append(r"\midrule")
        body.append(latex_row([latex_escaped(row.name), *map(_latex_cell, row.cells)]))
        if any(cell.interval for cell in row.cells):
            small = (
                rf"{{\scriptsize {latex_escaped(cell.interval)}}}" if cell.interval else ""
                for cell in row.cells
            )
            body.append(latex_row(["", *small]))
    note = (
        f" $\\dagger$: differs from {latex_escaped(table.baseline)}, $p < {LEVEL:g}$."
        if table.baseline
        else ""
    )
    more = f" {latex_escaped(table.note)}" if table.note else ""
    lines = [
        r"\begin{table}",
        r"\centering",
        *latex_tabular(len(table.columns) + 1, head, body),
        rf"\caption{{{latex_escaped(table.caption)}.{note}{more}}}",
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def _below(table: Table) -> str:
    """The notes below a table."""
    mark = f"{legend(table)}." if table.baseline and table.note else legend(table)
    return " ".join(filter(None, (mark, table.note)))


def _figure(cell: Cell) -> str:
    """A score with its mark, and with the paper's figure in brackets."""
    mark = MARK if cell.different else ""
    paper = "" if cell.paper is None else f" ({cell.paper:.1f})"
    return f"{cell.text}{mark}{paper}"


def _latex_cell(cell: Cell) -> str:
    text = latex_escaped(cell.text)
    figure = rf"\textbf{{{text}}}" if cell.best else text
    paper = "" if cell.paper is None else rf" \textit{{({cell.paper:.1f})}}"
    return figure + (r"$^\dagger$" if cell.different else "") + paper
