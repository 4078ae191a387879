"""The results that ship with a recipe, as the directory of its sweep: neither text nor model is needed."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ontarget.files import write_json
from ontarget.pipeline.evaluation import paired
from ontarget.pipeline.execution.progress import Progress
from ontarget.pipeline.execution.sweep import shipped
from ontarget.recipes.sweep import points


def write(name: str, directory: Path, progress: Progress) -> tuple[int, int]:
    """Writes what `ontarget run` writes before the first missing point, see `sweep.py`.

    Args:
        name: of a recipe with shipped points.
        directory: a new directory.
        progress: receives the progress of paired tests.
    Returns:
        The number of points with results, and of all points.
    """
    by_values = {_key(result["values"]): (file, result) for file, result in shipped(name).items()}
    planned = points(name)
    there = [(point, *by_values[_key(point.values)]) for point in planned if _key(point.values) in by_values]
    (directory / "points").mkdir(parents=True)
    for _, fingerprint, result in there:
        write_json(directory / "points" / f"{fingerprint}.json", result)
    write_json(directory / "points.json", [fingerprint for _, fingerprint, _ in there])
    results = [result for _, _, result in there]
    paired.write(directory, results, [point.reference for point, _, _ in there], progress)
    return len(there), len(planned)


def _key(values: Mapping[str, Any]) -> str:
    return json.dumps(values, sort_keys=True)
