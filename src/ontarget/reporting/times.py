"""How long each part of a run took, as the records beside its artifacts say."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ontarget.system_ids import current_id

_RECORD = "ontarget.json"


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds, of what the run directory holds. What was made elsewhere, or is not recorded, is left out.

    Attributes:
        training: stage -> seconds, those of translating what it learns from among them.
        translating: system -> seconds, over all its directions.
    """

    training: Mapping[str, float]
    translating: Mapping[str, float]


def read_times(directory: Path) -> Times:
    """Reads the records of a run directory; a damaged one counts as none."""
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
    """Of a record with a part for each direction."""
    return sum(float(part.get("seconds") or 0) for part in _record(path).values() if isinstance(part, dict))


def _record(path: Path) -> dict[str, Any]:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}
