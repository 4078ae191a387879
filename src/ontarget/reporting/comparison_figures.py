"""Figures of several runs: the scores of each system side by side, and off-target ratio against BLEU."""

from collections.abc import Sequence
from typing import Any

from ontarget.reporting.drawing import BLUE, INK, ORANGE, Drawing
from ontarget.reporting.figures import apart
from ontarget.reporting.run_files import Kind, ScoreRow
from ontarget.reporting.series import Series
from ontarget.reporting.systems import display_name, in_table_order

_COLOURS = (BLUE, ORANGE, "#2a9d6f", "#a05cc8", "#b8901c", "#7a8089")
_MARKERS = "osD^vP"
_TITLES = {"otr": "Off-target, {} (%) ↓", "bleu": "BLEU, {} ↑"}


def side_by_side(series: Sequence[Series], metric: str, kind: Kind) -> Drawing | None:
    """A line for each system, with a point and its error for each series; None without scores."""
    systems = in_table_order(system for one in series for system in one.scores.systems)
    rows = {
        (system, number): row
        for system in systems
        for number, one in enumerate(series)
        if (row := one.scores.row(system, metric, kind)) is not None
    }
    if not rows:
        return None
    step = 0.7 / len(series)

    def paint(figure: Any) -> None:
        axes = figure.subplots()
        for (system, number), row in rows.items():
            place = systems.index(system) + (number - (len(series) - 1) / 2) * step
            colour, marker = _COLOURS[number % 6], _MARKERS[number % 6]
            low, high = _ends(row)
            axes.plot([low, high], [place, place], color=colour, linewidth=1.4, alpha=0.6)
            first = next(key for key in rows if key[1] == number) == (system, number)
            axes.plot(
                row.value, place, marker, color=colour, markersize=4.5, clip_on=False,
                label=series[number].name if first else None,
            )  # fmt: skip
        axes.set_yticks(range(len(systems)), [display_name(system) for system in systems])
        axes.set_ylim(len(systems) - 0.5, -0.5)
        axes.set_xlim(left=0)
        axes.grid(axis="x")
        axes.tick_params(axis="y", length=0)
        axes.set_title(_TITLES[metric].format(kind), loc="left", fontsize=10, fontweight="bold")
        if len(series) > 1:
            figure.legend(loc="outside lower left", ncols=2, handlelength=1)

    label = f"{_TITLES[metric].format(kind)} of each system, a point for each run"
    height = 1.2 + (0.16 + 0.1 * len(series)) * len(systems)
    return Drawing(f"runs-{metric}-{kind}", label, (4.4, height), paint)


def scatter(series: Sequence[Series], kind: Kind) -> Drawing | None:
    """Average OTR against average BLEU, best at the top left. A line joins the points of one system."""
    systems = in_table_order(system for one in series for system in one.scores.systems)
    points: dict[str, list[tuple[int, float, float]]] = {}
    for system in systems:
        for number, one in enumerate(series):
            otr, bleu = (one.scores.value(system, metric, kind) for metric in ("otr", "bleu"))
            if otr is not None and bleu is not None:
                points.setdefault(system, []).append((number, otr, bleu))
    if not points:
        return None
    height = max(3.4, 1.0 + 0.19 * len(points))

    def paint(figure: Any) -> None:
        axes = figure.subplots()
        every = [point for of in points.values() for point in of]
        right, top = (1.08 * max(1.0, *(point[i] for point in every)) for i in (1, 2))
        axes.set_xlim(0, right)
        axes.set_ylim(0, top)
        axes.grid()
        named = set[int]()
        names = apart([of[0][2] for of in points.values()], top * 0.24 / height, top)
        for (system, of), place in zip(points.items(), names, strict=True):
            _, otr, bleu = of[0]
            axes.plot([otr, 1.03 * right], [bleu, place], color=INK, alpha=0.25, linewidth=0.6, clip_on=False)
            axes.text(1.04 * right, place, display_name(system), va="center", fontsize=9)
            axes.plot([x for _, x, _ in of], [y for _, _, y in of], color=INK, alpha=0.35, linewidth=0.8)
            for number, x, y in of:
                label = None if number in named else series[number].name
                named.add(number)
                axes.plot(x, y, _MARKERS[number % 6], color=_COLOURS[number % 6], clip_on=False, label=label)
        axes.set_xlabel(f"Off-target, {kind} (%)")
        axes.set_title(f"BLEU, {kind}", loc="left", fontsize=10, fontweight="bold")
        if len(series) > 1:
            figure.legend(loc="outside lower left", ncols=2, handlelength=1)

    label = (
        f"Off-target ratio against BLEU, average of the {kind} directions, a point for each system and run"
    )
    return Drawing(f"runs-off-target-bleu-{kind}", label, (4.4, height), paint)


def _ends(row: ScoreRow) -> tuple[float, float]:
    """The ends of the 95 % interval, or a standard deviation to both sides."""
    if row.deviation is not None:
        return row.value - row.deviation, row.value + row.deviation
    return (row.value, row.value) if row.low is None or row.high is None else (row.low, row.high)
