"""Scores the outputs of all systems for `scores.json` and `details.json`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ontarget.errors import UserError
from ontarget.files import read_jsonl
from ontarget.languages import Direction
from ontarget.pipeline.evaluation.details import details
from ontarget.pipeline.evaluation.direction_scores import AT_MOST, DirectionScores, Output, score_direction
from ontarget.pipeline.evaluation.segments import segments
from ontarget.pipeline.execution.progress import Advance
from ontarget.pipeline.planning.artifacts import Store
from ontarget.reporting.run_files import AVERAGE
from ontarget.reporting.systems import REFERENCE, display_name
from ontarget.scoring.interval import Interval, wilson
from ontarget.scoring.language_id.identifier import Identifier
from ontarget.scoring.language_id.rules import Rules
from ontarget.scoring.score import Score
from ontarget.scoring.signatures import merged
from ontarget.scoring.significance import Statistics, bootstrap_interval, drawn, mean_value

Row = dict[str, Any]

_NEEDED = {"text", "source", "finish_reason"}  # keys of a line of outputs


@dataclass(frozen=True, slots=True)
class Scored:
    """The scores of a run.

    Attributes:
        rows: for `scores.json`: the scores by system and direction, their means by kind, and the OTR of
            the references.
        details: for `details.json`, see `details.py` and `segments.py`.
    """

    rows: list[Row]
    details: dict[str, Any]


def read_outputs(
    store: Store, systems: Iterable[str], references: Mapping[Direction, Sequence[str]]
) -> dict[str, dict[Direction, list[Output]]]:
    """System -> direction -> lines of its file of outputs.

    Raises:
        UserError: a file is damaged, or its number of lines differs from that of references.
    """
    found: dict[str, dict[Direction, list[Output]]] = {}
    for system in systems:
        found[system] = {}
        for direction, lines in references.items():
            path = store.outputs(system, str(direction))
            rows = read_jsonl(path)
            if len(rows) != len(lines) or not all(row.keys() >= _NEEDED for row in rows):
                raise UserError(
                    f"{path} is damaged: it does not have the {len(lines)} translations of the test set; "
                    "delete it and run again"
                )
            found[system][direction] = list(rows)
    return found


def score(
    outputs: Mapping[str, Mapping[Direction, Sequence[Output]]],
    references: Mapping[Direction, Sequence[str]],
    kinds: Mapping[str, Sequence[Direction]],
    draws: int = 1_000,
    *,
    rules: Rules = "robust",
    second: Identifier | None = None,
    advance: Advance = lambda done, total, note: None,
) -> Scored:
    """Scores a run.

    Args:
        outputs: system -> direction -> lines of its file of outputs (text, source, finish reason).
        references: direction -> references.
        kinds: `zero-shot` and `supervised` -> their directions.
        draws: number of resamples of an interval, and of trials of a test.
        rules: the rules of OTR.
        second: a second identifier, if the default one chose outputs.
        advance: receives the number of scored lines.
    """
    done, total = 0, (len(outputs) + 1) * sum(map(len, references.values()))

    def looked_at(system: str, lines: Sequence[Output], direction: Direction) -> DirectionScores:
        nonlocal done
        advance(done, total, f"{display_name(system)}, {direction}")
        done += len(lines)
        against = None if system == REFERENCE else references[direction]
        return score_direction(lines, against, direction, draws, rules=rules, second=second)

    scored = {
        system: {direction: looked_at(system, lines, direction) for direction, lines in of.items()}
        for system, of in outputs.items()
    }
    floor = {
        direction: looked_at(REFERENCE, [{"text": line} for line in lines], direction)
        for direction, lines in references.items()
    }
    advance(total, total, "intervals and tests")
    rows = [row for system, of in scored.items() for row in _rows(system, of, kinds, draws)]
    rows += _rows(REFERENCE, floor, kinds, draws)
    found = details(scored | {REFERENCE: floor}, kinds, AVERAGE, draws)
    return Scored(rows, found | {"segments": segments(scored, outputs, references, kinds)})


def mean(scores: Sequence[Score]) -> Score:
    """The mean over directions. If signatures differ, a field lists all its values: `tok:13a,zh`."""
    value = sum(score.value for score in scores) / len(scores)
    signature = f"mean:{len(scores)}|{merged([score.signature for score in scores])}"
    return Score(scores[0].metric, value, sum(score.n for score in scores), signature)


def _rows(
    system: str,
    scored: Mapping[Direction, DirectionScores],
    kinds: Mapping[str, Sequence[Direction]],
    draws: int,
) -> list[Row]:
    rows: list[Row] = []
    for kind, directions in kinds.items():
        if not directions:
            continue
        of_kind = [scored[direction] for direction in directions]
        scores = [(str(direction), [*scored[direction].scores.values()]) for direction in directions]
        scores.append((AVERAGE, [_mean_of(metric, of_kind, draws) for metric in of_kind[0].scores]))
        rows += [
            {"system": system, "direction": direction, "kind": kind, **score.as_dict()}
            for direction, of_direction in scores
            for score in of_direction
        ]
    return rows


def _mean_of(metric: str, scored: Sequence[DirectionScores], draws: int) -> Score:
    """The mean over directions with its interval, for which all directions are resampled together."""
    average = mean([one.scores[metric] for one in scored])
    if metric not in scored[0].statistics:
        return average
    sets = [one.statistics[metric] for one in scored]
    if metric + AT_MOST in scored[0].statistics:  # unsure lines count as on target at the lower end only
        ends = [sets, [one.statistics[metric + AT_MOST] for one in scored]]
        low, high = (_interval_of_shares(found, average.n, draws) for found in ends)
        average = replace(average, interval=Interval(low.low, high.high))
        if not any(0 < _share(found) < 100 for found in ends):
            return average  # both are Wilson's
        return replace(average, signature=_with_draws(average.signature, draws))
    # One function for all directions: languages matter for statistics, not for the value of their sum.
    return replace(average, interval=bootstrap_interval(scored[0].values[metric], sets, resamples=draws))


def _interval_of_shares(sets: Sequence[Statistics], n: int, draws: int) -> Interval:
    """The interval of a mean over directions of percentages of lines; `n` is the total number of lines."""
    value = _share(sets)
    if value in (0.0, 100.0):  # resampling would give an empty interval
        return wilson(round(n * value / 100), n)
    return bootstrap_interval(mean_value, sets, resamples=draws)


def _share(sets: Sequence[Statistics]) -> float:
    return sum(float(mean_value(found.sum(0))) for found in sets) / len(sets)


def _with_draws(signature: str, draws: int) -> str:
    """The signature of a mean with the settings of its interval after the number of directions."""
    number, _, settings = signature.partition("|")
    return "|".join([number, *(f"{key}:{value}" for key, value in drawn(draws).items()), settings])
