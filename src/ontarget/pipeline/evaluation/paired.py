"""Paired tests of the points of a sweep against the reference variant of their grid, over lines and seeds.

    runs/<recipe>/significance.json   {"signature": "test:approximate-randomisation|...",
                                       "differences": [{"values": ..., "system": ..., "p_holm": ...}]}

A difference is between the means over directions and common seeds. It is null, as are its p-values, if the
points have no lines in common: points of older versions have none.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ontarget.files import write_json
from ontarget.pipeline.evaluation.direction_scores import TESTED
from ontarget.pipeline.evaluation.segments import statistics
from ontarget.pipeline.execution.progress import Progress
from ontarget.pipeline.planning.artifacts import text_fingerprint
from ontarget.recipes.schema.grid import SEEDS
from ontarget.reporting.paired import FILE
from ontarget.reporting.systems import REFERENCE
from ontarget.scoring.metrics.formulas import bleu_values
from ontarget.scoring.significance import SEED, TRIALS, holm, mean_value, paired_test

_SEED, _VARIANT = SEEDS.removesuffix("s"), "variant"
_VALUES = {"bleu": bleu_values, "otr": mean_value}
_FOUND = ("difference", "low", "high", "p_value")


@dataclass(frozen=True)
class _Row:
    """Points that differ only in their seed, by seed."""

    values: Mapping[str, Any]
    against: str | None
    points: dict[Any, Mapping[str, Any]]

    @property
    def places(self) -> list[tuple[str, str]]:
        """Kinds of directions with their systems."""
        rows = [row for point in self.points.values() for row in point["scores"]]
        return list(dict.fromkeys((row["kind"], row["system"]) for row in rows if row["system"] != REFERENCE))


def write(
    directory: Path, points: Sequence[Mapping[str, Any]], references: Sequence[str | None], progress: Progress
) -> None:
    """Writes `significance.json`; tests whose data did not change are not repeated.

    Args:
        directory: the directory of the sweep.
        points: the results of finished points: values, scores, segments.
        references: the reference variant of each point, or None.
        progress: receives progress.
    """
    rows = _rows(points, references)
    pairs = [(row, other) for row in rows if row.against and (other := _reference(row, rows)) is not row]
    path = directory / FILE
    if not pairs:
        path.unlink(missing_ok=True)
        return
    known = _known(path)
    with progress.task("paired tests") as advance:
        found = []
        for done, (row, other) in enumerate(pairs):
            advance(done, len(pairs), "")
            found += list(_differences(row, other, known))
    tests = 0
    for metric in TESTED:  # a family of tests: all rows in all kinds of directions
        tested = [one for one in found if one["metric"] == metric and one["p_value"] is not None]
        for one, adjusted in zip(tested, holm([one["p_value"] for one in tested]), strict=True):
            one["p_holm"] = adjusted
        tests = len(tested)
    signature = f"test:approximate-randomisation|trials:{TRIALS}|seed:{SEED}|adjusted:holm|tests:{tests}"
    write_json(path, {"signature": signature, "differences": found})


def _rows(points: Sequence[Mapping[str, Any]], references: Sequence[str | None]) -> list[_Row]:
    rows: dict[str, _Row] = {}
    for point, against in zip(points, references, strict=True):
        values = {key: value for key, value in point["values"].items() if key != _SEED}
        row = rows.setdefault(json.dumps(values), _Row(values, against, {}))
        row.points[point["values"].get(_SEED)] = point
    return list(rows.values())


def _reference(row: _Row, rows: Sequence[_Row]) -> _Row | None:
    """The points of the reference variant with the same values of all other keys that both have."""
    return next(
        (
            other
            for other in rows
            if other.values.get(_VARIANT) == row.against
            and all(row.values.get(k, v) == v for k, v in other.values.items() if k != _VARIANT)
        ),
        None,
    )


def _differences(row: _Row, other: _Row | None, known: Mapping[str | None, Any]) -> Iterator[dict[str, Any]]:
    """Tests a system against the same system of the reference, or against its only one."""
    for kind, system in row.places:
        theirs = [name for of_kind, name in other.places if of_kind == kind] if other else []
        against = system if system in theirs else theirs[0] if len(theirs) == 1 else None
        pairs = _pairs(row, system, other, against, kind) if other and against else {}
        for metric in TESTED:
            texts = [of["packed"][name][metric] for pair in pairs.values() for of, name in pair]
            evidence = text_fingerprint(texts) if pairs else None
            place = {"values": row.values, "system": system, "reference": row.against, "kind": kind}
            found = known.get(evidence) or _tested(metric, list(pairs.values()))
            yield place | {
                "metric": metric,
                "seeds": len(pairs),
                **found,
                "p_holm": None,
                "evidence": evidence,
            }


_Kept = tuple[Mapping[str, Any], str]  # the statistics of a kind of directions, and a system in it


def _pairs(row: _Row, system: str, other: _Row, against: str, kind: str) -> dict[Any, tuple[_Kept, _Kept]]:
    """By seed, the statistics of the reference and of the system for the same lines."""
    pairs = {}
    for seed in row.points:
        ours, theirs = (of.points.get(seed, {}).get("segments", {}).get(kind) for of in (row, other))
        if ours and theirs and ours["text"] == theirs["text"]:
            pairs[seed] = ((theirs, against), (ours, system))
    return pairs


def _tested(metric: str, pairs: Sequence[tuple[_Kept, _Kept]]) -> dict[str, float | None]:
    if not pairs:
        return dict.fromkeys(_FOUND)
    baseline, system = ([one for pair in pairs for one in statistics(*pair[side], metric)] for side in (0, 1))
    result = paired_test(_VALUES[metric], baseline, system)
    return {name: getattr(result, name) for name in _FOUND}


def _known(path: Path) -> dict[str | None, dict[str, Any]]:
    """Fingerprint of the data -> earlier result; empty if the file is missing or damaged."""
    try:
        before = json.loads(path.read_text(encoding="utf-8"))
        return {one["evidence"]: {name: one[name] for name in _FOUND} for one in before["differences"]}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
