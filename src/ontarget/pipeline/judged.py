"""The outputs of one system in one direction, looked at once: scores, intervals and tests come of this."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ontarget.languages import Direction
from ontarget.scoring.leftover import LeftoverWords
from ontarget.scoring.metrics import Metric
from ontarget.scoring.off_target import OffTarget, Segment
from ontarget.scoring.on_target import on_target, on_target_statistics
from ontarget.scoring.score import Score
from ontarget.scoring.significance import (
    CorpusValue,
    Statistics,
    mean_of_segments,
    mean_value,
)
from ontarget.scoring.switch import first_off_words

Output = Mapping[str, Any]
_METRICS = ("bleu", "chrf")
TESTED = ("bleu", "otr")
"""The metrics that the table shows: those with intervals of averages and paired tests."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What was found.

    Attributes:
        scores: metric -> score. References have `otr` alone.
        statistics: metric -> what it adds up over segments, of those that are tested.
        values: metric -> what makes a number of the sum.
        segments: language and outcome (by the strict definition) of each line.
        words: where each line leaves the language asked for, else its first word left over; or None.
    """

    scores: Mapping[str, Score]
    statistics: Mapping[str, Statistics]
    values: Mapping[str, CorpusValue]
    segments: Sequence[Segment]
    words: Sequence[tuple[int, int] | None]


def judge(
    outputs: Sequence[Output], references: Sequence[str] | None, direction: Direction, resamples: int
) -> Judged:
    """Looks at the outputs of one direction.

    Args:
        outputs: lines of a file of outputs. Of references they have nothing but their text.
        references: line by line; None where the outputs are references.
        resamples: of the intervals.

    Raises:
        UserError: there are no lines, or the numbers of lines differ.
    """
    texts = [output["text"] for output in outputs]
    off_target = OffTarget(direction, strict=True)
    given = references is not None
    segments = off_target.add(
        texts,
        [output["source"] for output in outputs] if given else None,
        [output["finish_reason"] for output in outputs] if given else None,
    )
    scores: dict[str, Score] = {}
    statistics: dict[str, Statistics] = {
        "otr": mean_of_segments([100.0 * segment.off for segment in segments])
    }
    values: dict[str, CorpusValue] = {"otr": mean_value}
    if references is not None:
        for name in _METRICS:
            metric = Metric(name, direction.target)
            found = metric.statistics(texts, references)
            scores[name] = metric.score(found, interval=True, resamples=resamples)
            if name in TESTED:
                statistics[name], values[name] = found, metric.value
                without = on_target_statistics(metric, found, [s.off for s in segments])
                of_rest = on_target(metric.score(without), off_target.score)
                scores[of_rest.metric] = of_rest
        scores["otr_strict"] = off_target.strict_score
    scores["otr"] = off_target.score
    words = first_off_words(texts, direction.target)
    if references is not None:
        left = LeftoverWords(direction.target, direction.source).add(
            texts, [output["source"] for output in outputs], [(reference,) for reference in references]
        )
        words = [place or next(iter(one.places), None) for place, one in zip(words, left, strict=True)]
    return Judged(scores, statistics, values, segments, words)
