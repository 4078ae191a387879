"""BLEU and OTR against a setting that was swept: the paper's Figures 3 and 4."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ontarget.errors import UserError
from ontarget.reporting.drawing import BLUE, ORANGE, Drawing
from ontarget.reporting.run_files import KINDS, Kind, Scores
from ontarget.reporting.systems import display_name
from ontarget.reporting.text_files import read_text

_DECADE = 10  # values that span as much stand on a logarithmic axis
_MARKERS = "osD^vP*Xd"


@dataclass(frozen=True, slots=True)
class Point:
    """One run of a sweep: the values that it had of the keys swept, and its scores."""

    values: dict[str, Any]
    scores: Scores


def is_sweep(directory: Path) -> bool:
    """Whether a directory is that of a sweep: it keeps what came of each point."""
    return any((directory / "points").glob("*.json"))


def read_points(directory: Path) -> list[Point]:
    """The points of a sweep that are there.

    Raises:
        UserError: one is damaged.
    """
    points = []
    for path in sorted((directory / "points").glob("*.json")):
        try:
            data = json.loads(read_text(path))
            points.append(Point(dict(data["values"]), Scores.of(data["scores"], str(path))))
        except (ValueError, KeyError, TypeError):
            raise UserError(
                f"{path} is no point of a sweep; delete it, and 'ontarget run' makes it again"
            ) from None
    return points


def drawings(directory: Path) -> list[Drawing]:
    """A figure for each key that was swept and each kind of direction.

    Raises:
        UserError: a point is damaged, or no key has two values.
    """
    points = read_points(directory)
    keys = list(dict.fromkeys(key for point in points for key in point.values))
    swept = [key for key in keys if len({str(point.values.get(key)) for point in points}) > 1]
    if not swept:
        raise UserError(f"{directory} has one value of each key so far: there is nothing to draw against")
    kinds = [kind for kind in KINDS if any(point.scores.directions(kind) for point in points)]
    return [_against(key, [k for k in swept if k != key], points, kind) for key in swept for kind in kinds]


def _against(key: str, others: Sequence[str], points: Sequence[Point], kind: Kind) -> Drawing:
    """A line for each system, and for each combination of the other keys' values."""
    lines: dict[tuple[str, str], list[tuple[Any, Point]]] = {}
    systems = list(dict.fromkeys(s for point in points for s in point.scores.systems))
    moved = [s for s in systems if _changes(s, points, kind)] or systems
    for point in points:
        also = ", ".join(f"{_short(other)} {point.values.get(other)}" for other in others)
        for system in moved:
            if system in point.scores.systems and key in point.values:
                lines.setdefault((system, also), []).append((point.values[key], point))
    seen = {point.values[key] for point in points if key in point.values}
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in seen)
    order = sorted(seen) if numbers else sorted(seen, key=str)

    def paint(figure: Any) -> None:
        panels = figure.subplots(2, 1, sharex=True)
        for axes, metric, title in zip(panels, ("bleu", "otr"), ("BLEU", "OTR (%)"), strict=True):
            for place, ((system, also), found) in enumerate(lines.items()):
                _line(axes, system, also, found, metric, kind, place, order if not numbers else None)
            axes.set_ylabel(title)
            axes.set_ylim(bottom=0)
            axes.grid()
        if numbers and order[0] > 0 and order[-1] / order[0] >= _DECADE:
            panels[1].set_xscale("log")
        if not numbers:
            panels[1].set_xticks(range(len(order)), [str(value) for value in order])
        panels[1].set_xlabel(_short(key))
        panels[0].set_title(f"{kind.capitalize()} directions", loc="left", fontsize=10, fontweight="bold")
        if len(lines) > 1:
            panels[0].legend(loc="best")

    label = f"BLEU and off-target ratio against {key}, average of the {kind} directions"
    return Drawing(f"{_short(key)}-{kind}", label, (4.4, 4.0), paint)


def _line(
    axes: Any,
    system: str,
    also: str,
    found: Sequence[tuple[Any, Point]],
    metric: str,
    kind: Kind,
    place: int,
    order: Sequence[Any] | None,
) -> None:
    rows = [(value, point.scores.row(system, metric, kind)) for value, point in found]
    drawn = sorted(
        (value if order is None else order.index(value), row.value, row.low, row.high)
        for value, row in rows
        if row
    )
    if not drawn:
        return
    x, y, low, high = zip(*drawn, strict=True)
    colour, marker = BLUE if metric == "bleu" else ORANGE, _MARKERS[place % len(_MARKERS)]
    name = f"{display_name(system)}{', ' if also else ''}{also}"
    strength = 1.0 if place == 0 else 0.55
    axes.plot(x, y, marker=marker, color=colour, alpha=strength, markersize=5, linewidth=1.5, label=name)
    if None not in low and None not in high:
        axes.fill_between(x, low, high, color=colour, alpha=0.12, linewidth=0)


def _changes(system: str, points: Sequence[Point], kind: Kind) -> bool:
    """A system that the swept key does not touch would be a flat line in every figure."""
    values = {
        (point.scores.value(system, "bleu", kind), point.scores.value(system, "otr", kind))
        for point in points
    }
    return len(values) > 1


def _short(key: str) -> str:
    """`lat.alpha` for `stages.lat.alpha`."""
    return key.removeprefix("stages.").removeprefix("systems.")
