"""Runs to compare; runs that differ only in their seeds are combined to mean and standard deviation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import mean, stdev
from typing import Any

from ontarget.reporting.details import Details
from ontarget.reporting.run_files import RunFiles, ScoreRow, Scores

_INCIDENTAL = ("name", "seed", "versions", "commit")
"""Keys of a resolved recipe in which two seeds of one experiment may differ."""
_OF_INTERVAL = ("bs:", "seed:")
"""Fields of a signature that concern the interval of the score, not the score itself."""


@dataclass(frozen=True, slots=True)
class Series:
    """A run, or several runs that differ only in their seeds.

    Attributes:
        name: the name of the run, or for several `3 seeds of multi30k-tiny`.
        runs: one run, or one for each seed.
        scores: for several runs the means, with standard deviations instead of intervals.
        details: of a single run; empty for several runs, which are not tested.
    """

    name: str
    runs: tuple[RunFiles, ...]
    scores: Scores
    details: Details


def series_of(runs: Sequence[RunFiles]) -> list[Series]:
    """The runs in the given order; the seeds of one experiment are combined."""
    groups: list[list[RunFiles]] = []
    for run in runs:
        alike = (group for group in groups if all(_differ_by_seed(run, other) for other in group))
        if (group := next(alike, None)) is None:
            groups.append([run])
        else:
            group.append(run)
    return [_series(group) for group in groups]


def _differ_by_seed(one: RunFiles, other: RunFiles) -> bool:
    return (
        "seed" in one.recipe and one.recipe["seed"] != other.recipe.get("seed") and _core(one) == _core(other)
    )


def _core(run: RunFiles) -> Mapping[str, Any]:
    return {key: value for key, value in run.recipe.items() if key not in _INCIDENTAL}


def _series(runs: Sequence[RunFiles]) -> Series:
    if len(runs) == 1:
        return Series(runs[0].name, tuple(runs), runs[0].scores, runs[0].details)
    first = runs[0].recipe.get("name", runs[0].name)
    return Series(
        f"{len(runs)} seeds of {first}", tuple(runs), _means([run.scores for run in runs]), Details()
    )


def second_tests(series: Sequence[Series]) -> list[Series]:
    """The same for the second tests of the runs, without series that lack one."""
    found = []
    for one in series:
        runs = tuple(run.second for run in one.runs if run.second)
        if len(runs) == len(one.runs):
            found.append(replace(_series(runs), name=one.name))
    return found


def _means(scores: Sequence[Scores]) -> Scores:
    """The means of the scores that all runs have."""
    names, models = {one.base_model for one in scores}, {one.about_models for one in scores}
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
    name, about = (found.pop() if len(found) == 1 else "" for found in (names, models))
    return Scores(tuple(rows), name, about)


def differences(runs: Sequence[RunFiles]) -> list[tuple[str, list[str]]]:
    """Recipe keys whose values differ between runs, with the value of each run (`–` for none)."""
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


def incomparable(series: Sequence[Series]) -> list[str]:
    """Metrics whose signatures differ between the series, so that their scores cannot be compared."""
    signatures: dict[tuple[str, str, str], set[str]] = {}
    for one in series:
        for row in one.scores.rows:
            fields = row.signature.split("|")
            score = "|".join(field for field in fields if not field.startswith(_OF_INTERVAL))
            signatures.setdefault((row.metric, row.kind, row.direction), set()).add(score)
    return list(dict.fromkeys(metric for (metric, _, _), found in signatures.items() if len(found) > 1))
