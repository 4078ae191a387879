"""The time that each part of a run took, from the records of its artifacts."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ontarget.system_ids import current_id

_RECORD = "ontarget.json"


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds for each part of a run directory, without parts made elsewhere or without a record.

    Attributes:
        training: stage -> seconds, including the translation of its synthetic data.
        translating: system -> seconds, over all its directions.
    """

    training: Mapping[str, float]
    translating: Mapping[str, float]


def read_times(directory: Path) -> Times:
    """Reads the records of a run directory; a damaged record is ignored."""
    training, translating = {}, {}
    for path in sorted(directory.glob(f"models/[!.]*/{_RECORD}")):
        if isinstance(seconds := _record(path).get("seconds"), int | float):
            training[path.parent.name] = float(seconds)
    for path in sorted(directory.glob(f"synthetic/[!.]*/{_RECORD}")):
        if path.parent.name in training:
            training[path.parent.name] += _sum(path)
    for path in sorted(directory.glob(f"outputs/[!.]*/{_RECORD}")):
        if _record(path):
            translating[current_id(path.parent.name)] = _sum(path)
    return Times(training, translating)


def _sum(path: Path) -> float:
    """The total of a record with a part for each direction."""
    return sum(float(part.get("seconds") or 0) for part in _record(path).values() if isinstance(part, dict))


def _record(path: Path) -> dict[str, Any]:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}
