"""The results of a sweep: a table, and BLEU and OTR against a setting (the paper's Figures 3 and 4)."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ontarget.errors import UserError
from ontarget.former_names import current
from ontarget.reporting import variants
from ontarget.reporting.drawing import BLUE, ORANGE, Drawing
from ontarget.reporting.paired import Tests
from ontarget.reporting.run_files import Kind, Scores
from ontarget.reporting.seeds import Seeds, Spread, Value, as_value, over_seeds
from ontarget.reporting.systems import display_name
from ontarget.reporting.table import Table
from ontarget.reporting.text_files import read_text

_DECADE = 10  # values that span this factor get a logarithmic axis
_MARKERS = "osD^vP*Xd"
_VARIANT = "variant"


def is_sweep(directory: Path) -> bool:
    """Whether a directory is that of a sweep, with the results of its points."""
    return any((directory / "points").glob("*.json"))


def read_points(directory: Path) -> list[Seeds]:
    """The finished points of a sweep in the order of the recipe; those that differ only in seed are combined.

    Raises:
        UserError: a point is damaged, or none of the current points has finished.
    """
    files = _files(directory)
    if not files:
        raise UserError(
            f"no point in {directory} has finished since its recipe or its overrides were changed: "
            "run the recipe to its end, or as before"
        )
    return over_seeds([_read(path) for path in files])


def table(directory: Path) -> Table:
    """A row for each point and system: averages over directions, with mean and deviation over seeds.

    Raises:
        UserError: a point or the file of tests is damaged.
    """
    points = read_points(directory)
    return variants.table(directory.resolve().name, points, _words(_telling(points)), Tests.read(directory))


def differences(directory: Path) -> list[Table]:
    """A table for each reference variant: the differences of the other points, with p-values.

    Raises:
        UserError: a point or the file of tests is damaged.
    """
    points = read_points(directory)
    return variants.differences(
        directory.resolve().name, points, _words(_telling(points)), Tests.read(directory)
    )


def drawings(directory: Path) -> list[Drawing]:
    """A figure for each swept key and each kind of direction.

    Raises:
        UserError: a point is damaged, or no key has two values.
    """
    points = read_points(directory)
    words = _words(_telling(points))
    swept = [key for key in words if len({p.values[key] for p in points if key in p.values}) > 1]
    if not swept:
        raise UserError(
            f"{directory} has only one value of each swept key so far; a figure needs two, so run more points"
        )
    drawn = []
    for key in swept:
        having = [point for point in points if key in point.values]
        for kind in having[0].kinds:
            draw = variants.drawing if key == _VARIANT else _against
            drawn.append(draw(key, words, having, kind))
    return drawn


def _against(key: str, words: Mapping[str, str], points: Sequence[Seeds], kind: Kind) -> Drawing:
    """A line for each system and each combination of values of the other keys."""
    systems = list(dict.fromkeys(s for point in points for s in point.systems))
    moved = [s for s in systems if _changes(s, points, kind)] or systems
    lines: dict[str, list[tuple[Any, Spread, Spread]]] = {}
    for system in moved:
        for point in points:
            bleu, otr = (point.spread(system, metric, kind) for metric in ("bleu", "otr"))
            if bleu and otr:
                also = [f"{words[k]} {point.values[k]}" for k in words if k != key and k in point.values]
                name = ", ".join([display_name(system), *also])
                lines.setdefault(name, []).append((point.values[key], bleu, otr))
    seen = {value for line in lines.values() for value, _, _ in line}
    numbers = not any(isinstance(value, str) for value in seen)
    order: list[Any] = sorted(seen) if numbers else list(dict.fromkeys(point.values[key] for point in points))

    def paint(figure: Any) -> None:
        panels = figure.subplots(2, 1, sharex=True)
        for metric, axes in enumerate(panels):
            for place, (name, line) in enumerate(lines.items()):
                at = [(value if numbers else order.index(value), rows[metric]) for value, *rows in line]
                _line(axes, name, sorted(at, key=lambda pair: pair[0]), (BLUE, ORANGE)[metric], place)
            axes.set_ylabel(("BLEU", "OTR (%)")[metric])
            axes.set_ylim(bottom=0)
            axes.grid()
        if not numbers:
            panels[1].set_xticks(range(len(order)), order)
        elif order[0] > 0 and order[-1] >= _DECADE * order[0]:
            panels[1].set_xscale("log")
        panels[1].set_xlabel(words[key])
        panels[0].set_title(f"{kind.capitalize()} directions", loc="left", fontsize=10, fontweight="bold")
        if len(lines) > 1:
            panels[0].legend(loc="best")

    label = f"BLEU and off-target ratio against {key}, average of the {kind} directions"
    return Drawing(f"{words[key]}-{kind}", label, (4.4, 4.0), paint)


def _line(axes: Any, name: str, points: Sequence[tuple[Any, Spread]], colour: str, place: int) -> None:
    """Draws a system's scores with a band: the deviation over seeds, or the interval of a single seed."""
    x = [value for value, _ in points]
    marker, strength = _MARKERS[place % len(_MARKERS)], 1.0 if place == 0 else 0.6
    y = [spread.mean for _, spread in points]
    axes.plot(x, y, marker=marker, color=colour, alpha=strength, markersize=5, linewidth=1.5, label=name)
    ends = [spread.ends for _, spread in points if spread.ends]
    if len(ends) == len(points):
        low, high = zip(*ends, strict=True)
        axes.fill_between(x, low, high, color=colour, alpha=0.12, linewidth=0)


def _changes(system: str, points: Sequence[Seeds], kind: Kind) -> bool:
    """Whether the scores of a system change at all: if not, it would be a flat line in every figure."""
    values = {tuple(point.spread(system, metric, kind) for metric in ("bleu", "otr")) for point in points}
    return len(values) > 1


def _files(directory: Path) -> list[Path]:
    """The files of the current points of the recipe; all files if `points.json` does not list them."""
    there = {path.stem: path for path in sorted((directory / "points").glob("*.json"))}
    try:
        order = json.loads((directory / "points.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return list(there.values())
    return [there[name] for name in order if name in there]


def _read(path: Path) -> tuple[dict[str, Value], Scores]:
    try:
        data = json.loads(read_text(path))
        values = {key: as_value(value) for key, value in current(data["values"]).items()}
        return values, Scores.of(data["scores"], str(path))
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UserError(
            f"{path} is not a point of a sweep; delete it, and 'ontarget run' makes it again"
        ) from None


def _telling(points: Sequence[Seeds]) -> list[str]:
    """The keys in which points differ."""
    keys = dict.fromkeys(key for point in points for key in point.values)
    return [key for key in keys if len({point.values.get(key) for point in points}) > 1]


def _words(keys: Sequence[str]) -> dict[str, str]:
    """The short name of each key: its last part (`alpha`), or the whole key if two would be the same."""
    last = {key: key.split(",")[0].strip().rpartition(".")[2] for key in keys}
    return {key: word if list(last.values()).count(word) == 1 else key for key, word in last.items()}
