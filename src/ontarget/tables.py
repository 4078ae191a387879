"""A table of text, rendered for pipes, terminals, Markdown, LaTeX and CSV.

The terminal form needs all of rich, so rich is imported there alone: `ontarget score` prints to a pipe
without loading it.
"""

import csv
import io
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

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
    ">": "$>$",
    "|": r"\textbar{}",
}

_MINUS = re.compile(r"(?<![\w.)-])-(?=\d)")


@dataclass(frozen=True, slots=True)
class TextTable:
    """Headers and rows of text; the first column is left-aligned, the others are right-aligned.

    Attributes:
        headers: one for each column.
        rows: each has a cell for each column.
        title: a single line; "" for none.
    """

    headers: Sequence[str]
    rows: Sequence[Sequence[str]]
    title: str = ""

    @classmethod
    def of(cls, title: str, rows: Sequence[Mapping[str, str]]) -> "TextTable":
        """A table of rows as mappings, header -> cell, which all have the same headers in the same order."""
        return cls(list(rows[0]), [list(row.values()) for row in rows], title)

    def split(self, width: int) -> list["TextTable"]:
        """Parts of at most `width` characters, each with the first column: rich would wrap numbers."""
        needed = [widest + 3 for widest in _widths([self.headers, *self.rows])]
        blocks, taken = [[0]], needed[0]
        for number in range(1, len(needed)):
            if taken + needed[number] > width and len(blocks[-1]) > 1:
                blocks.append([0])
                taken = needed[0]
            blocks[-1].append(number)
            taken += needed[number]
        return [
            TextTable(
                [self.headers[n] for n in block], [[row[n] for n in block] for row in self.rows], self.title
            )
            for block in blocks
        ]


def plain(table: TextTable) -> str:
    """The table as rich prints it without colours; unprintable characters are escaped."""
    from rich.cells import cell_len

    lines = [[_printable(cell) for cell in line] for line in (table.headers, *table.rows)]
    widths = _widths(lines)
    head, *body = (f"  {'   '.join(_padded(line, widths))}  " for line in lines)
    blank = " " * (sum(widths) + 3 * len(widths) + 1)
    title = [table.title + " " * (len(blank) - cell_len(table.title))] if table.title else []
    return "\n".join([*title, blank, head, f" {'─' * (len(blank) - 2)} ", *body, blank])


def terminal(table: TextTable) -> "Table":
    """The table for a rich console, which takes every cell literally."""
    from rich.text import Text

    view = terminal_frame(table.headers, table.title)
    for row in table.rows:
        view.add_row(*map(Text, row))
    return view


def terminal_frame(
    headers: Sequence[str],
    title: str = "",
    *,
    left: int = 1,
    unwrapped: Collection[int] = (),
    caption: str = "",
) -> "Table":
    """A table without rows, to which rows with styles are added.

    Args:
        headers: taken literally; they may have several lines.
        title: printed above the table, in bold.
        left: number of columns that are left-aligned.
        unwrapped: numbers of columns whose cells keep to one line in a narrow terminal.
        caption: printed below the table.
    """
    from rich import box
    from rich.markup import escape
    from rich.table import Table
    from rich.text import Text

    view = Table(
        box=box.SIMPLE_HEAD,
        title=escape(title) or None,
        title_justify="left",
        title_style="bold",
        caption=Text(caption) if caption else None,
        caption_justify="left",
    )
    for number, header in enumerate(headers):
        view.add_column(
            Text(header),
            justify="left" if number < left else "right",
            vertical="bottom" if number >= left else "top",
            no_wrap=number in unwrapped,
        )
    return view


def markdown(table: TextTable, *, padded: bool = False) -> str:
    """A Markdown table; with `padded`, columns also line up in its source. Cells may hold markup."""
    lines = [[cell.replace("|", r"\|") for cell in line] for line in (table.headers, *table.rows)]
    others = len(table.headers) - 1
    if padded:
        widths = _source_widths(lines)
        head, *body = (f"| {' | '.join(_padded(line, widths))} |\n" for line in lines)
        rule = (
            f"|:{'-' * (widths[0] + 1)}|" + "".join(f"{'-' * (width + 1)}:|" for width in widths[1:]) + "\n"
        )
    else:
        head, *body = (f"| {' | '.join(line)} |\n" for line in lines)
        rule = f"| {' | '.join(['---', *['---:'] * others])} |\n"
    return "".join([head, rule, *body])


def latex(table: TextTable) -> str:
    r"""A LaTeX `tabular` for a document that loads `booktabs`; its source has padded columns."""
    lines = [table.headers, *table.rows]
    widths = _source_widths(lines)
    head, *body = (
        latex_row([latex_escaped(cell) for cell in _padded(line, widths)], indent=" ") for line in lines
    )
    return "\n".join(latex_tabular(len(table.headers), [head], body)) + "\n"


def latex_tabular(columns: int, head: Iterable[str], body: Iterable[str]) -> list[str]:
    r"""The lines of a `tabular` with the rules of `booktabs` around its head and body."""
    return [
        rf"\begin{{tabular}}{{l{'r' * (columns - 1)}}}",
        r"\toprule",
        *head,
        r"\midrule",
        *body,
        r"\bottomrule",
        r"\end{tabular}",
    ]


def latex_row(cells: Iterable[str], indent: str = "") -> str:
    """A line of a `tabular`, of cells that are LaTeX."""
    return rf"{indent}{' & '.join(cells)} \\"


def latex_escaped(text: str) -> str:
    """Text that LaTeX prints literally; the hyphen of a negative number becomes a minus sign."""
    return _MINUS.sub("$-$", "".join(_LATEX.get(sign, sign) for sign in text))


def csv_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """CSV with a header: the keys of all rows, in order of appearance; numbers in full."""
    keys = list(dict.fromkeys(key for row in rows for key in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, keys, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _widths(lines: Sequence[Sequence[str]]) -> list[int]:
    """The width of each column on a terminal, in characters."""
    from rich.cells import cell_len

    return [max(map(cell_len, column)) for column in zip(*lines, strict=True)]


def _source_widths(lines: Sequence[Sequence[str]]) -> list[int]:
    """The same for Markdown and LaTeX, whose headers have two characters to spare."""
    head, *rows = lines
    return _widths([[f"{cell}  " for cell in head], *rows])


def _padded(cells: Sequence[str], widths: Sequence[int]) -> list[str]:
    from rich.cells import cell_len

    gaps = [" " * (width - cell_len(cell)) for cell, width in zip(cells, widths, strict=True)]
    first, *others = zip(cells, gaps, strict=True)
    return ["".join(first), *(gap + cell for cell, gap in others)]


def _printable(text: str) -> str:
    """A cell in one line, also for unprintable characters in file names."""
    return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
