"""Forms of a table: for a terminal, Markdown, and LaTeX."""

from rich import box
from rich.table import Table as TerminalTable
from rich.text import Text

from ontarget.reporting.systems import REFERENCE
from ontarget.reporting.table import LEVEL, Cell, Table

MARK = "†"
"""Stands beside a figure that differs significantly from the baseline's."""

_LATEX = {
    "\\": r"\textbackslash{}",
    **{sign: rf"\{sign}" for sign in "&%$#_{}"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "→": r"$\rightarrow$",
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
    "–": "--",
    "±": r"$\pm$",
    "<": "$<$",
    "|": r"\textbar{}",
}


def legend(table: Table) -> str:
    """What the mark beside a figure says; empty where no figure has one."""
    return f"{MARK}: differs from {table.baseline}, p < {LEVEL:g}" if table.baseline else ""


def terminal(table: Table) -> TerminalTable:
    """For a rich Console."""
    view = TerminalTable(
        box=box.SIMPLE_HEAD,
        title=Text(table.caption),
        title_justify="left",
        title_style="bold",
        caption=Text(_below(table)) if _below(table) else None,
        caption_justify="left",
    )
    view.add_column("System", no_wrap=True)
    for place, column in enumerate(table.columns):
        # The group stands over its first column alone: of two groups, all columns have room in 80 characters.
        group = f"{column.group}\n" if place in table.first_of_group else ""
        view.add_column(f"{group}{column.title}", justify="right", vertical="bottom")
    for row in table.rows:
        style = "dim" if row.system == REFERENCE else ""
        cells = (Text(_figure(cell), style="bold" if cell.best else "") for cell in row.cells)
        view.add_row(Text(row.name), *cells, style=style)
    return view


def markdown(table: Table) -> str:
    """A Markdown table; ends with a newline."""
    lines = [
        ["System", *(f"{column.group} {column.title}" for column in table.columns)],
        ["---", *("---:" for _ in table.columns)],
    ]
    for row in table.rows:
        name = row.name.replace("|", r"\|").replace("_", r"\_")
        cells = (
            f"**{cell.text}**" + _figure(cell)[len(cell.text) :] if cell.best else _figure(cell)
            for cell in row.cells
        )
        lines.append([name, *cells])
    text = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    return f"{text}\n{_below(table)}\n" if _below(table) else text


def latex(table: Table) -> str:
    r"""A LaTeX table for a paper that loads `booktabs`; intervals stand below in small print."""
    spans = [rf"\multicolumn{{{span}}}{{c}}{{{_escaped(name)}}}" for name, span in table.groups]
    starts = [start + 2 for start in sorted(table.first_of_group)[:-1]]
    rules = [
        rf"\cmidrule(lr){{{a}-{a + span - 1}}}" for a, (_, span) in zip(starts, table.groups, strict=True)
    ]
    lines = [
        r"\begin{table}",
        r"\centering",
        rf"\begin{{tabular}}{{l{'r' * len(table.columns)}}}",
        r"\toprule",
        f" & {' & '.join(spans)} \\\\",
        "".join(rules),
        f"System & {' & '.join(_escaped(column.title) for column in table.columns)} \\\\",
        r"\midrule",
    ]
    for row in table.rows:
        if row.system == REFERENCE:
            lines.append(r"\midrule")
        lines.append(f"{_escaped(row.name)} & {' & '.join(map(_latex_cell, row.cells))} \\\\")
        if any(cell.interval for cell in row.cells):
            small = (
                rf"{{\scriptsize {_escaped(cell.interval)}}}" if cell.interval else "" for cell in row.cells
            )
            lines.append(f" & {' & '.join(small)} \\\\")
    note = f" $\\dagger$: differs from {_escaped(table.baseline)}, $p < {LEVEL:g}$." if table.baseline else ""
    more = f" {_escaped(table.note)}" if table.note else ""
    lines += [
        r"\bottomrule",
        r"\end{tabular}",
        rf"\caption{{{_escaped(table.caption)}.{note}{more}}}",
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def _below(table: Table) -> str:
    """What stands under a table."""
    mark = f"{legend(table)}." if table.baseline and table.note else legend(table)
    return " ".join(filter(None, (mark, table.note)))


def _figure(cell: Cell) -> str:
    """With its mark, and the paper's figure in brackets."""
    mark = MARK if cell.different else ""
    paper = "" if cell.paper is None else f" ({cell.paper:.1f})"
    return f"{cell.text}{mark}{paper}"


def _latex_cell(cell: Cell) -> str:
    text = _escaped(cell.text)
    figure = rf"\textbf{{{text}}}" if cell.best else text
    paper = "" if cell.paper is None else rf" \textit{{({cell.paper:.1f})}}"
    return figure + (r"$^\dagger$" if cell.different else "") + paper


def _escaped(text: str) -> str:
    return "".join(_LATEX.get(sign, sign) for sign in text)
