"""The points of a sweep by name: a table, and a figure with a row for each point."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ontarget.reporting.drawing import BLUE, INK, ORANGE, Drawing
from ontarget.reporting.paired import SCOPE, PointDifference, Tests
from ontarget.reporting.paper import Paper
from ontarget.reporting.run_files import AVERAGE, KINDS, Kind
from ontarget.reporting.seeds import Seeds, Spread
from ontarget.reporting.systems import REFERENCE, display_name
from ontarget.reporting.table import BESIDE, METRICS, Cell, Column, Row, Table

Words = Mapping[str, str]  # key -> its short name


def table(title: str, points: Sequence[Seeds], words: Words, tests: Tests) -> Table:
    """A row for each point and system, and the floor, the OTR of the references. `tests` mark cells."""
    columns = _columns(points, [*METRICS, *BESIDE])
    rows = [(point, system, _name(point, system, words)) for point in points for system in point.systems]
    rows.append((points[0], REFERENCE, display_name(REFERENCE)))
    best = {column: _best(points, column) for column in columns}
    papers = [_paper(title, point) for point, _, _ in rows]
    laid_out = [
        Row(
            system,
            name,
            tuple(_cell(point, system, column, best[column], paper, tests) for column in columns),
        )
        for (point, system, name), paper in zip(rows, papers, strict=True)
    ]
    seeds = {len(point.scores) for point in points}
    over = f", mean ± standard deviation over {min(seeds)} seeds" if len(seeds) == 1 and seeds != {1} else ""
    if len(seeds) > 1:
        over = ", mean ± standard deviation; the number of seeds is in brackets"
        counts = [f"{name} ({len(point.scores)})" for point, _, name in rows[:-1]]
        laid_out = [
            Row(row.system, name, row.cells)
            for row, name in zip(laid_out, [*counts, rows[-1][2]], strict=True)
        ]
    if any(cell.paper is not None for row in laid_out for cell in row.cells):
        over += "; figures of the paper are in brackets"
    marked = any(cell.different for row in laid_out for cell in row.cells)
    return Table(
        f"{title}: averages over directions{over}",
        columns,
        tuple(laid_out),
        tests.baseline if marked else "",
        SCOPE if marked else "",
    )


def differences(title: str, points: Sequence[Seeds], words: Words, tests: Tests) -> list[Table]:
    """A table for each reference variant, with a row for each tested system.

    A dash means that no lines could be paired, since an older version that made a point did not keep them.
    """
    columns = _columns(points, METRICS)
    all_found = [
        (_name(point, system, words), system, [tests.of(point, system, column) for column in columns])
        for point in points
        for system in point.systems
    ]
    tables = []
    for reference in tests.references:
        rows = [
            Row(system, f"{name} ({max(one.seeds for one in found if one)})", tuple(map(_difference, found)))
            for name, system, found in all_found
            if any(one and one.reference == reference for one in found)
        ]
        marked = any(cell.different for row in rows for cell in row.cells)
        caption = f"{title}: differences from {reference} over their common seeds (number in brackets)"
        note = f"{SCOPE} p|{tests.signature}"
        tables.append(Table(caption, columns, tuple(rows), reference if marked else "", note))
    return tables


def drawing(key: str, words: Words, points: Sequence[Seeds], kind: Kind) -> Drawing:
    """OTR at the left and BLEU at the right, a bar for each point and system; a line shows the error."""
    rows = [(_name(point, system, words), point, system) for point in points for system in point.systems]

    def paint(figure: Any) -> None:
        floor = points[0].spread(REFERENCE, "otr", kind)
        for metric, axes in zip(("otr", "bleu"), figure.subplots(1, 2, sharey=True), strict=True):
            spreads = [point.spread(system, metric, kind) for _, point, system in rows]
            _bars(axes, spreads, ORANGE if metric == "otr" else BLUE)
            title = f"{'Off-target' if metric == 'otr' else 'BLEU'}, {kind}{' (%)' * (metric == 'otr')}"
            axes.set_title(title, loc="left", fontsize=10, fontweight="bold")
            if metric == "otr" and floor:
                axes.axvline(floor.mean, color=INK, linewidth=1, linestyle=(0, (3, 2)))
        figure.axes[0].set_yticks(range(len(rows)), [name for name, _, _ in rows])
        figure.axes[0].set_ylim(len(rows) - 0.5, -0.5)  # the first on top

    label = f"Off-target ratio and BLEU of each {words[key]}, average of the {kind} directions"
    return Drawing(f"{words[key]}s-{kind}", label, (8.6, 0.8 + 0.2 * len(rows)), paint)


def _columns(points: Sequence[Seeds], metrics: Iterable[str]) -> tuple[Column, ...]:
    """Averages of each kind of direction; a metric of `BESIDE` only if a point has it."""
    kinds = [kind for kind in KINDS if any(kind in point.kinds for point in points)]
    return tuple(
        Column(kind.capitalize(), kind, AVERAGE, metric)
        for kind in kinds
        for metric in metrics
        if metric in METRICS or any(p.spread(s, metric, kind) for p in points for s in p.systems)
    )


def _bars(axes: Any, spreads: Sequence[Spread | None], colour: str) -> None:
    for place, spread in enumerate(spreads):
        if spread is None:
            continue
        axes.barh(place, spread.mean, height=0.66, color=colour, alpha=0.6, linewidth=0)
        right = spread.mean
        if spread.ends:
            axes.plot(spread.ends, (place, place), color=INK, linewidth=1)
            right = spread.ends[1]
        axes.annotate(
            f"{spread.mean:.1f}", (right, place), (3, 0), textcoords="offset points", va="center", fontsize=8
        )
    axes.set_xlim(left=0)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def _name(point: Seeds, system: str, words: Words) -> str:
    """`first-3` or `alpha 0.3, LAT`: the name of the system is included only if the point has several."""
    told = [
        str(value) if isinstance(value, str) else f"{words[key]} {value}"
        for key, value in point.values.items()
        if key in words
    ]
    return ", ".join([*told, *([display_name(system)] if len(point.systems) > 1 or not told else [])])


def _paper(title: str, point: Seeds) -> Paper | None:
    """The paper's figures for a point whose base model the paper also used."""
    return Paper.of({"name": title, "stages": {"mt": {"from": point.values.get("model")}}})


def _cell(
    point: Seeds, system: str, column: Column, best: float | None, paper: Paper | None, tests: Tests
) -> Cell:
    spread = point.spread(system, column.metric, column.kind)
    printed = paper.value(system, column.metric, column.kind, AVERAGE) if paper else None
    if spread is None:
        return Cell(None, paper=printed)
    is_best = system != REFERENCE and round(spread.mean, 1) == best
    test = tests.of(point, system, column)
    return Cell(
        spread.mean,
        is_best,
        different=test is not None and test.significant,
        deviation=spread.deviation,
        paper=printed,
    )


def _difference(found: PointDifference | None) -> Cell:
    if found is None:
        return Cell(None)
    return Cell(found.difference, different=found.significant, p_value=found.p_holm)


def _best(points: Sequence[Seeds], column: Column) -> float | None:
    """The best mean of a column, as printed; shares of unsure outputs have no best one."""
    if column.metric == "otr_unsure":
        return None
    spreads = [point.spread(s, column.metric, column.kind) for point in points for s in point.systems]
    means = [spread.mean for spread in spreads if spread]
    return round((min if column.metric.startswith("otr") else max)(means), 1) if means else None
