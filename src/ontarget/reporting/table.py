"""The paper's tables: a row a system, BLEU and off-target ratio (OTR), the best of each column in bold."""

from dataclasses import dataclass
from itertools import accumulate, groupby

from rich import box
from rich.table import Table as TerminalTable
from rich.text import Text

from ontarget.languages import Direction
from ontarget.reporting.run_files import AVERAGE, KINDS, Kind, Scores
from ontarget.reporting.systems import REFERENCE, display_name

_METRICS = {"bleu": "BLEU ↑", "otr": "OTR ↓"}
_ABSENT = "–"


@dataclass(frozen=True, slots=True)
class Column:
    """One metric of one direction, or of the average over the directions of one kind."""

    group: str
    kind: Kind
    direction: str
    metric: str

    @property
    def title(self) -> str:
        """The metric with an arrow that says which way is better."""
        return _METRICS[self.metric]


@dataclass(frozen=True, slots=True)
class Cell:
    """A score as printed: one decimal; `best` of its column or not."""

    value: float | None
    best: bool = False

    @property
    def text(self) -> str:
        """The printed figure."""
        return _ABSENT if self.value is None else f"{self.value:.1f}"


@dataclass(frozen=True, slots=True)
class Row:
    """One system. `system` is its id, `name` what is printed."""

    system: str
    name: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Columns and rows, before any form is given to them."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]

    @property
    def groups(self) -> tuple[tuple[str, int], ...]:
        """Each heading over several columns, with how many it spans."""
        return tuple((name, len(list(members))) for name, members in groupby(c.group for c in self.columns))

    @property
    def first_of_group(self) -> frozenset[int]:
        """The places of the columns that begin a group."""
        return frozenset(accumulate((span for _, span in self.groups), initial=0))


def layout(scores: Scores, kind: Kind | None = None) -> Table:
    """Lays out the averages (zero-shot, then supervised), or with a `kind` each of its directions.

    Columns that the run has no score for are left out. The last row is the references' OTR, the floor; it
    never counts as best. All systems whose printed figure is the best are marked: a tie in print is a tie.
    """
    if kind is None:
        places = [(name.capitalize(), name, AVERAGE) for name in KINDS]
    else:
        places = [(direction_name(direction), kind, direction) for direction in scores.directions(kind)]
    wanted = [Column(*place, metric) for place in places for metric in _METRICS]
    columns = tuple(column for column in wanted if _values(scores, column))
    best = [_best(scores, column) for column in columns]
    rows = []
    for system in (*scores.systems, REFERENCE):
        values = [scores.value(system, c.metric, c.kind, c.direction) for c in columns]
        if system == REFERENCE and not any(value is not None for value in values):
            continue
        cells = (
            Cell(v, v is not None and system != REFERENCE and round(v, 1) == b)
            for v, b in zip(values, best, strict=True)
        )
        rows.append(Row(system, display_name(system), tuple(cells)))
    return Table(columns, tuple(rows))


def terminal(scores: Scores, kind: Kind | None = None) -> TerminalTable:
    """The table of `layout` for a terminal (print it with a rich Console)."""
    table = layout(scores, kind)
    view = TerminalTable(
        box=box.SIMPLE_HEAD, title=caption(scores, kind), title_justify="left", title_style="bold"
    )
    view.add_column("System", no_wrap=True)
    for column in table.columns:
        view.add_column(f"{column.group}\n{column.title}", justify="right", no_wrap=True)
    for row in table.rows:
        style = "dim" if row.system == REFERENCE else ""
        cells = (Text(cell.text, style="bold" if cell.best else "") for cell in row.cells)
        view.add_row(Text(row.name), *cells, style=style)
    return view


def markdown(scores: Scores, kind: Kind | None = None) -> str:
    """The table of `layout` as a Markdown table; ends with a newline."""
    table = layout(scores, kind)
    lines = [
        ["System", *(f"{column.group} {column.title}" for column in table.columns)],
        ["---", *("---:" for _ in table.columns)],
    ]
    for row in table.rows:
        name = row.name.replace("|", r"\|").replace("_", r"\_")
        lines.append([name, *(f"**{cell.text}**" if cell.best else cell.text for cell in row.cells)])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def caption(scores: Scores, kind: Kind | None = None) -> str:
    """What the table shows, in a few words."""
    if kind is not None:
        return f"{kind.capitalize()} directions"
    counts = (f"{len(scores.directions(name))} {name}" for name in KINDS if scores.directions(name))
    return f"Averages over {' and '.join(counts)} directions"


def direction_name(direction: str) -> str:
    """`it→nl` for the files' `it-nl`."""
    parsed = Direction.parse(direction)
    return f"{parsed.source}→{parsed.target}"


def _values(scores: Scores, column: Column) -> list[float]:
    values = (scores.value(system, column.metric, column.kind, column.direction) for system in scores.systems)
    return [value for value in values if value is not None]


def _best(scores: Scores, column: Column) -> float:
    choose = min if column.metric == "otr" else max
    return round(choose(_values(scores, column)), 1)
