"""From the outputs of all systems to the rows of `scores.json`, and to `details.json`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ontarget.errors import UserError
from ontarget.files import read_jsonl
from ontarget.languages import Direction
from ontarget.pipeline.evaluation.details import details
from ontarget.pipeline.evaluation.direction_scores import AT_MOST, Judged, Output, judge
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

_NEEDED = {"text", "source", "finish_reason"}  # of a line of outputs


@dataclass(frozen=True, slots=True)
class Scored:
    """What is written of the outputs of a run.

    Attributes:
        rows: of `scores.json`: the scores by system and direction, their means by kind, and the OTR of
            the references.
        details: of `details.json`, see `details.py` and `segments.py`.
    """

    rows: list[Row]
    details: dict[str, Any]


def read_outputs(
    store: Store, systems: Iterable[str], references: Mapping[Direction, Sequence[str]]
) -> dict[str, dict[Direction, list[Output]]]:
    """System -> direction -> lines of its file of outputs.

    Raises:
        UserError: a file is damaged, or has not a line for each reference.
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
                    "remove it, and run again"
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
        draws: resamples of an interval, and trials of a test.
        rules: how lines are read before their language counts.
        second: an identifier that is to agree with the usual one, where that one chose answers.
        advance: is told how many lines have been looked at.
    """
    done, total = 0, (len(outputs) + 1) * sum(map(len, references.values()))

    def looked_at(system: str, lines: Sequence[Output], direction: Direction) -> Judged:
        nonlocal done
        advance(done, total, f"{display_name(system)}, {direction}")
        done += len(lines)
        against = None if system == REFERENCE else references[direction]
        return judge(lines, against, direction, draws, rules=rules, second=second)

    judged = {
        system: {direction: looked_at(system, lines, direction) for direction, lines in of.items()}
        for system, of in outputs.items()
    }
    floor = {
        direction: looked_at(REFERENCE, [{"text": line} for line in lines], direction)
        for direction, lines in references.items()
    }
    advance(total, total, "intervals and tests")
    rows = [row for system, of in judged.items() for row in _rows(system, of, kinds, draws)]
    rows += _rows(REFERENCE, floor, kinds, draws)
    found = details(judged | {REFERENCE: floor}, kinds, AVERAGE, draws)
    return Scored(rows, found | {"segments": segments(judged, outputs, references, kinds)})


def mean(scores: Sequence[Score]) -> Score:
    """The mean over directions. Where signatures differ, a field lists all its values: `tok:13a,zh`."""
    value = sum(score.value for score in scores) / len(scores)
    signature = f"mean:{len(scores)}|{merged([score.signature for score in scores])}"
    return Score(scores[0].metric, value, sum(score.n for score in scores), signature)


def _rows(
    system: str, judged: Mapping[Direction, Judged], kinds: Mapping[str, Sequence[Direction]], draws: int
) -> list[Row]:
    rows: list[Row] = []
    for kind, directions in kinds.items():
        if not directions:
            continue
        of_kind = [judged[direction] for direction in directions]
        scores = [(str(direction), [*judged[direction].scores.values()]) for direction in directions]
        scores.append((AVERAGE, [_mean_of(metric, of_kind, draws) for metric in of_kind[0].scores]))
        rows += [
            {"system": system, "direction": direction, "kind": kind, **score.as_dict()}
            for direction, of_direction in scores
            for score in of_direction
        ]
    return rows


def _mean_of(metric: str, judged: Sequence[Judged], draws: int) -> Score:
    """The mean over directions with its interval, for which all directions are resampled alike."""
    average = mean([one.scores[metric] for one in judged])
    if metric not in judged[0].statistics:
        return average
    sets = [one.statistics[metric] for one in judged]
    if metric + AT_MOST in judged[0].statistics:  # what is unsure is on target at the lower end alone
        ends = [sets, [one.statistics[metric + AT_MOST] for one in judged]]
        low, high = (_interval_of_shares(found, average.n, draws) for found in ends)
        average = replace(average, interval=Interval(low.low, high.high))
        if not any(0 < _share(found) < 100 for found in ends):
            return average  # both are Wilson's
        return replace(average, signature=_with_draws(average.signature, draws))
    # One value for all directions: their languages are in the statistics, not in what is made of the sum.
    return replace(average, interval=bootstrap_interval(judged[0].values[metric], sets, resamples=draws))


def _interval_of_shares(sets: Sequence[Statistics], n: int, draws: int) -> Interval:
    """Of a mean over directions of percentages of lines; `n` lines in all."""
    value = _share(sets)
    if value in (0.0, 100.0):  # no resample strays from none, or all; and yet that is no certainty
        return wilson(round(n * value / 100), n)
    return bootstrap_interval(mean_value, sets, resamples=draws)


def _share(sets: Sequence[Statistics]) -> float:
    return sum(float(mean_value(found.sum(0))) for found in sets) / len(sets)


def _with_draws(signature: str, draws: int) -> str:
    """The signature of a mean, after whose number comes how its interval was drawn."""
    number, _, settings = signature.partition("|")
    return "|".join([number, *(f"{key}:{value}" for key, value in drawn(draws).items()), settings])
