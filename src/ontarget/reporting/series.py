"""Several runs beside each other; those that differ by their seeds alone are one, with mean and deviation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, stdev
from typing import Any

from ontarget.reporting.details import Details
from ontarget.reporting.run_files import Run, ScoreRow, Scores

_INCIDENTAL = ("name", "seed", "versions", "commit")
"""Keys of a recipe as resolved that do not tell two seeds of one experiment apart."""
_OF_INTERVAL = ("bs:", "seed:")
"""Fields of a signature that say how the score's interval was drawn, and nothing of the score."""


@dataclass(frozen=True, slots=True)
class Series:
    """A run, or several that differ by their seeds.

    Attributes:
        name: the run's; `3 seeds of multi30k-tiny` of several.
        runs: one, or the seeds.
        scores: of several the means, with their standard deviations in place of intervals.
        details: of one; empty of several, for which nothing was tested.
    """

    name: str
    runs: tuple[Run, ...]
    scores: Scores
    details: Details


def series_of(runs: Sequence[Run]) -> list[Series]:
    """The runs in the order given, seeds of one experiment together."""
    groups: list[list[Run]] = []
    for run in runs:
        alike = (group for group in groups if all(_differ_by_seed(run, other) for other in group))
        if (group := next(alike, None)) is None:
            groups.append([run])
        else:
            group.append(run)
    return [_series(group) for group in groups]


def _differ_by_seed(one: Run, other: Run) -> bool:
    return (
        "seed" in one.recipe and one.recipe["seed"] != other.recipe.get("seed") and _core(one) == _core(other)
    )


def _core(run: Run) -> Mapping[str, Any]:
    return {key: value for key, value in run.recipe.items() if key not in _INCIDENTAL}


def _series(runs: Sequence[Run]) -> Series:
    if len(runs) == 1:
        return Series(runs[0].name, tuple(runs), runs[0].scores, runs[0].details)
    first = runs[0].recipe.get("name", runs[0].name)
    return Series(
        f"{len(runs)} seeds of {first}", tuple(runs), _means([run.scores for run in runs]), Details()
    )


def _means(scores: Sequence[Scores]) -> Scores:
    """Of the scores that all have."""
    names = {one.base_model for one in scores}
    rows = []
    for row in scores[0].rows:
        found = [of.row(row.system, row.metric, row.kind, row.direction) for of in scores]
        values = [one.value for one in found if one]
        if len(values) == len(scores):
            rows.append(
                ScoreRow(
                    row.system, row.direction, row.kind, row.metric, mean(values),
                    sum(one.n for one in found if one), row.signature, deviation=stdev(values),
                )
            )  # fmt: skip
    return Scores(tuple(rows), names.pop() if len(names) == 1 else "")


def differences(runs: Sequence[Run]) -> list[tuple[str, list[str]]]:
    """Keys of the recipes that are not the same in all runs, and each run's value (`–` for none)."""
    flat = [dict(_leaves(run.recipe)) for run in runs]
    keys = dict.fromkeys(key for recipe in flat for key in recipe)
    rows = [(key, [recipe.get(key, "–") for recipe in flat]) for key in keys]
    return [(key, values) for key, values in rows if len(set(values)) > 1]


def _leaves(value: Any, path: str = "") -> list[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        return [
            leaf for key, of in value.items() for leaf in _leaves(of, f"{path}.{key}" if path else str(key))
        ]
    return [(path, str(value))]


def apart(series: Sequence[Series]) -> list[str]:
    """Metrics that were not computed alike in all series, and so cannot be held against each other."""
    signatures: dict[tuple[str, str, str], set[str]] = {}
    for one in series:
        for row in one.scores.rows:
            fields = row.signature.split("|")
            score = "|".join(field for field in fields if not field.startswith(_OF_INTERVAL))
            signatures.setdefault((row.metric, row.kind, row.direction), set()).add(score)
    return list(dict.fromkeys(metric for (metric, _, _), found in signatures.items() if len(found) > 1))
