"""Tables of scores like the paper's: a row for each system, with BLEU and off-target ratio (OTR)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate, groupby

from ontarget.languages import Direction
from ontarget.reporting.details import Details
from ontarget.reporting.paper import Paper
from ontarget.reporting.run_files import AVERAGE, KINDS, Kind, Scores
from ontarget.reporting.series import Series, second_tests
from ontarget.reporting.systems import REFERENCE, display_name

LEVEL = 0.05
"""The p-value below which a difference is marked."""
METRICS = {"bleu": "BLEU ↑", "otr": "OTR ↓"}
"""The metrics of every table with their titles; the arrow points to better values."""
SECOND_TESTS = {"everyday": "everyday sentences"}
"""What a second test is of, by its name."""
BESIDE = {"otr_unsure": "unsure", "otr_agreed": "OTR agreed ↓"}
"""Further metrics of tables of averages, if a run has them."""
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
        """The metric with an arrow that points to better values."""
        return {**METRICS, **BESIDE}[self.metric]


@dataclass(frozen=True, slots=True)
class Cell:
    """A score as printed: one decimal.

    Attributes:
        best: whether it is the best score of its column.
        low: the lower end of its 95 % interval, if it has one.
        high: the upper end.
        different: whether it differs significantly from the baseline.
        paper: the figure in the paper.
        deviation: the standard deviation of a mean over seeds.
        p_value: the p-value, if `value` is a difference.
    """

    value: float | None
    best: bool = False
    low: float | None = None
    high: float | None = None
    different: bool = False
    paper: float | None = None
    deviation: float | None = None
    p_value: float | None = None

    @property
    def text(self) -> str:
        """The printed figure: `19.4`, `19.4 ± 0.3`, or `+0.31, p 0.012`."""
        if self.value is not None and self.p_value is not None:
            return f"{self.value:+.2f}, p {f'{self.p_value:.3f}' if self.p_value >= 0.001 else '< 0.001'}"
        spread = "" if self.deviation is None else f" ± {self.deviation:.1f}"
        return _ABSENT if self.value is None else f"{self.value:.1f}{spread}"

    @property
    def interval(self) -> str:
        """`18.9–20.1`, or "" without an interval."""
        return "" if self.low is None or self.high is None else f"{self.low:.1f}–{self.high:.1f}"


@dataclass(frozen=True, slots=True)
class Row:
    """One system: its id and its printed name."""

    system: str
    name: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Table:
    """Columns and rows.

    Attributes:
        caption: the contents of the table, in a few words.
        baseline: the printed name of the system that marked cells differ from; "" if no cell is marked.
        note: a note on the figures for readers, in sentences.
    """

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    baseline: str = ""
    note: str = ""

    @property
    def groups(self) -> tuple[tuple[str, int], ...]:
        """Each heading over several columns, with the number of columns that it spans."""
        return tuple((name, len(list(members))) for name, members in groupby(c.group for c in self.columns))

    @cached_property  # since each cell asks for it
    def first_of_group(self) -> frozenset[int]:
        """The indices of the columns that begin a group."""
        return frozenset(accumulate((span for _, span in self.groups), initial=0))


@dataclass(frozen=True, slots=True)
class _Source:
    """The source of the cells of a row."""

    name: str
    system: str
    scores: Scores
    details: Details
    paper: Paper | None = None


def layout(
    scores: Scores,
    kind: Kind | None = None,
    details: Details | None = None,
    paper: Paper | None = None,
    test: str = "",
) -> Table:
    """The table of averages (zero-shot, then supervised), or with a `kind` of each of its directions.

    Columns without scores are left out. The last row is the floor, the OTR of the references, which never
    counts as best. All systems whose printed figure is the best are marked.

    Args:
        details: the significance tests that mark cells.
        paper: the paper's figures, shown beside ours.
        test: the name of the second test that the scores are of, for the caption.
    """
    details = details or Details()
    rows = [_Source(scores.name(s), s, scores, details, paper) for s in (*scores.systems, REFERENCE)]
    title = caption(scores, kind, test)
    table = _table(title, _places(scores, kind), rows, scores.name(details.baseline))
    return replace(table, note="" if kind or test else scores.about_models)


def comparison(series: Sequence[Series], kind: Kind | None = None, test: str = "") -> Table:
    """The averages of several runs, or with a `kind` the scores of each of its directions.

    Each system has a row for each series that has it.
    """
    everything = Scores(tuple(row for one in series for row in one.scores.rows))
    rows = [
        _Source(f"{one.scores.name(system)}, {one.name}", system, one.scores, one.details)
        for system in (*everything.systems, REFERENCE)
        for one in series
        if system in (*one.scores.systems, REFERENCE)
    ]
    baselines = {one.details.baseline for one in series if one.details.baseline}
    baseline = display_name(baselines.pop()) if len(baselines) == 1 else "each run's baseline"
    names = ", ".join(one.name for one in series)
    title = f"Averages of {names}" if kind is None else caption(everything, kind)
    table = _table(_of_test(title, test), _places(everything, kind), rows, baseline)
    return replace(table, note="" if kind or test else _models_of(series))


def comparison_of_second(series: Sequence[Series]) -> Table | None:
    """The averages of the second tests of several runs; None if no run has one."""
    found = second_tests(series)
    return comparison(found, test=found[0].runs[0].name) if found else None


def caption(scores: Scores, kind: Kind | None = None, test: str = "") -> str:
    """The contents of the table, in a few words."""
    if kind is not None:
        return _of_test(f"{kind.capitalize()} directions", test)
    counts = (f"{len(scores.directions(name))} {name}" for name in KINDS if scores.directions(name))
    return _of_test(f"Averages over {' and '.join(counts)} directions", test)


def _of_test(title: str, test: str) -> str:
    """The caption of a table of a second test."""
    return f"Second test, {SECOND_TESTS.get(test, test)}: {title[:1].lower()}{title[1:]}" if test else title


def _models_of(series: Sequence[Series]) -> str:
    """The models of several runs: once if all have the same."""
    known = {one.name: one.scores.about_models for one in series if one.scores.about_models}
    if len(set(known.values())) == 1:
        return next(iter(known.values()))
    return " ".join(f"{name}: {models[:1].lower()}{models[1:]}" for name, models in known.items())


def direction_name(direction: str) -> str:
    """`it→nl` for `it-nl`, as files name it."""
    parsed = Direction.parse(direction)
    return f"{parsed.source}→{parsed.target}"


def _places(scores: Scores, kind: Kind | None) -> list[tuple[str, Kind, str]]:
    if kind is None:
        return [(name.capitalize(), name, AVERAGE) for name in KINDS]
    return [(direction_name(direction), kind, direction) for direction in scores.directions(kind)]


def _table(
    title: str, places: Sequence[tuple[str, Kind, str]], sources: Sequence[_Source], baseline: str
) -> Table:
    wanted = [
        Column(*place, metric)
        for place in places
        for metric in (*METRICS, *(BESIDE if place[2] == AVERAGE else ()))
    ]
    columns = tuple(column for column in wanted if _values(sources, column))
    best = [_best(sources, column) for column in columns]
    rows = []
    for source in sources:
        cells = tuple(_cell(source, *pair) for pair in zip(columns, best, strict=True))
        if any(cell.value is not None or cell.paper is not None for cell in cells):
            rows.append(Row(source.system, source.name, cells))
    marked = any(cell.different for row in rows for cell in row.cells)
    return Table(title, columns, tuple(rows), baseline if marked else "")


def _cell(source: _Source, column: Column, best: float | None) -> Cell:
    place = (column.metric, column.kind, column.direction)
    paper = source.paper.value(source.system, *place) if source.paper else None
    row = source.scores.row(source.system, *place)
    if row is None:
        return Cell(None, paper=paper)
    p_value = source.details.p_value(source.system, *place)
    return Cell(
        row.value,
        source.system != REFERENCE and round(row.value, 1) == best,
        row.low,
        row.high,
        p_value is not None and p_value < LEVEL,
        paper,
        row.deviation,
    )


def _values(sources: Sequence[_Source], column: Column) -> list[float]:
    values = (
        source.scores.value(source.system, column.metric, column.kind, column.direction)
        for source in sources
        if source.system != REFERENCE
    )
    return [value for value in values if value is not None]


def _best(sources: Sequence[_Source], column: Column) -> float | None:
    """The best figure as printed; shares of unsure outputs have no best one."""
    if column.metric == "otr_unsure":
        return None
    choose = min if column.metric.startswith("otr") else max
    return round(choose(_values(sources, column)), 1)
