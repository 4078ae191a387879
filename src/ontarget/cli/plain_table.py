"""Tables for pipes and files: the same as those of rich without colours, but without loading rich."""

import os
import sys
from collections.abc import Mapping, Sequence

from rich.cells import cell_len


def is_plain() -> bool:
    """Whether standard output is UTF-8 text and not a terminal."""
    out = sys.stdout
    forced = {"FORCE_COLOR", "TTY_COMPATIBLE"} & os.environ.keys()  # rich then assumes a terminal
    return out is not None and not forced and not out.isatty() and out.encoding.lower().startswith("utf")


def plain_table(title: str, rows: Sequence[Mapping[str, str]]) -> str:
    """A table under its title ("" for none); the first column is left-aligned, the others right-aligned.

    Args:
        title: a single line.
        rows: title of a column -> cell; all rows have the same columns.
    """
    lines = [[_shown(text) for text in line] for line in (rows[0], *(row.values() for row in rows))]
    widths = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]
    blank = " " * (sum(widths) + 3 * len(widths) + 1)
    head, *body = [_line(line, widths) for line in lines]
    rule = f" {'─' * (len(blank) - 2)} "
    named = [title + " " * (len(blank) - cell_len(title))] if title else []
    return "\n".join([*named, blank, head, rule, *body, blank])


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    gaps = [" " * (width - cell_len(cell)) for cell, width in zip(cells, widths, strict=True)]
    first, *others = zip(cells, gaps, strict=True)
    return "   ".join(["  " + "".join(first), *(gap + cell for cell, gap in others)]) + "  "


def _shown(text: str) -> str:
    """A cell in one line, also for unprintable characters in file names."""
    return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
