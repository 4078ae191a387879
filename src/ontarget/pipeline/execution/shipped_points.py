"""Points of sweeps that come with ontarget: `recipes/points/<recipe>.jsonl.xz`, a line for each point.

A line is the file of a point (see `sweep.py`) with its fingerprint, with averages instead of all scores, and
with the statistics of paired tests as columns of numbers. All systems of a recipe translate the same lines,
so xz finds many of these numbers again: the files take half of what the packed statistics took in a wheel.
"""

import json
import lzma
from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from ontarget.files import whole_file
from ontarget.scoring.metrics.statistics_codec import columns, of_columns

SHIPPED = Path(str(files("ontarget") / "recipes" / "points"))
_ENDING = ".jsonl.xz"

Result = dict[str, Any]


def names() -> list[str]:
    """The recipes that have such points."""
    return sorted(path.name.removesuffix(_ENDING) for path in SHIPPED.glob(f"*{_ENDING}"))


def read(name: str) -> dict[str, Result]:
    """Fingerprint -> result of each point of a recipe; empty if it has none."""
    path = SHIPPED / f"{name}{_ENDING}"
    if not path.exists():
        return {}
    with lzma.open(path, "rt", encoding="utf-8", newline="\n") as lines:
        points = [json.loads(line) for line in lines]
    return {point.pop("fingerprint"): _with_statistics(point, of_columns) for point in points}


def write(name: str, points: Mapping[str, Result]) -> None:
    """Writes the points of a recipe, by their fingerprints."""
    with (
        whole_file(SHIPPED / f"{name}{_ENDING}") as temporary,
        lzma.open(temporary, "wt", preset=9 | lzma.PRESET_EXTREME, encoding="utf-8", newline="\n") as file,
    ):
        for fingerprint, point in points.items():
            line = {"fingerprint": fingerprint, **_with_statistics(point, columns)}
            file.write(json.dumps(line, separators=(",", ":")) + "\n")


def _with_statistics(point: Result, convert: Callable[[str, Any], Any]) -> Result:
    """The point with its statistics converted by a function of metric and statistics."""
    if "segments" not in point:
        return point
    segments = {
        kind: of_kind
        | {
            "packed": {
                system: {metric: convert(metric, found) for metric, found in by_metric.items()}
                for system, by_metric in of_kind["packed"].items()
            }
        }
        if "packed" in of_kind
        else of_kind
        for kind, of_kind in point["segments"].items()
    }
    return point | {"segments": segments}
