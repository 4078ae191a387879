"""Scores the outputs of one system in one direction, with statistics for intervals and tests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ontarget.languages import Direction
from ontarget.scoring.agreement import AgreedOffTarget, agreed
from ontarget.scoring.language_id.identifier import Guess, Identifier, default_identifier
from ontarget.scoring.language_id.rules import Rules
from ontarget.scoring.leftover import LeftoverWords
from ontarget.scoring.metrics.on_target import on_target, on_target_statistics
from ontarget.scoring.metrics.sacrebleu import Metric
from ontarget.scoring.off_target import OffTarget, SegmentResult
from ontarget.scoring.score import Score
from ontarget.scoring.significance import CorpusValue, Statistics, mean_of_segments, mean_value
from ontarget.scoring.switch import first_off_words

Output = Mapping[str, Any]
_METRICS = ("bleu", "chrf")
TESTED = ("bleu", "otr")
"""The metrics with intervals of averages and paired tests."""
AT_MOST = "_at_most"
"""Suffix for the statistics of a ratio that counts unsure lines as off-target."""


@dataclass(frozen=True, slots=True)
class DirectionScores:
    """The scores of one system in one direction.

    Attributes:
        scores: metric -> score. References have only ratios, without the strict one.
        statistics: metric -> its statistics per segment, for metrics with intervals of averages.
        values: metric -> the function from summed statistics to its value.
        segments: language and outcome (by the strict definition) of each line.
        read: line -> guess, if it differs from that of the whole line in the file of outputs.
        words: for each line, where it switches to another language, or else its first leftover word, or None.
    """

    scores: Mapping[str, Score]
    statistics: Mapping[str, Statistics]
    values: Mapping[str, CorpusValue]
    segments: Sequence[SegmentResult]
    read: Mapping[int, Guess]
    words: Sequence[tuple[int, int] | None]


def score_direction(
    outputs: Sequence[Output],
    references: Sequence[str] | None,
    direction: Direction,
    resamples: int,
    *,
    rules: Rules = "robust",
    second: Identifier | None = None,
) -> DirectionScores:
    """Scores the outputs of one direction.

    Args:
        outputs: lines of a file of outputs. Those of references have only text.
        references: one for each line; None if the outputs are references.
        resamples: number of resamples for intervals.
        rules: the rules of OTR.
        second: a second identifier, for its own OTR and for the agreement of both.

    Raises:
        UserError: there are no lines, or the numbers of lines differ.
    """
    texts = [output["text"] for output in outputs]
    identifiers = [default_identifier(), *([second] if second else [])]
    counts = [OffTarget(direction, one, strict=True, rules=rules) for one in identifiers]
    given = references is not None
    found_by = [
        count.add(
            texts,
            [output["source"] for output in outputs] if given else None,
            [output["finish_reason"] for output in outputs] if given else None,
        )
        for count in counts
    ]
    off_target, segments = counts[0], found_by[0]
    scores: dict[str, Score] = {}
    statistics = _shares("otr", [segments])
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
    if rules == "robust":
        scores["otr_unsure"] = off_target.unsure_score
    if second:
        agreement = AgreedOffTarget(counts)
        agreement.add(found_by)
        of_second = replace(counts[1].score, metric=f"otr_by_{second.signature}")
        scores |= {of_second.metric: of_second, "otr_agreed": agreement.score}
        statistics |= _shares("otr_agreed", found_by)
    words = first_off_words(texts, direction.target)
    if references is not None:
        left = LeftoverWords(direction.target, direction.source).add(
            texts, [output["source"] for output in outputs], [(reference,) for reference in references]
        )
        words = [place or next(iter(one.places), None) for place, one in zip(words, left, strict=True)]
    read = {
        line: segment.guess
        for line, (segment, output) in enumerate(zip(segments, outputs, strict=True))
        if segment.guess.label != output.get("language", segment.guess.label)
    }
    return DirectionScores(scores, statistics, values, segments, read, words)


def _shares(metric: str, found_by: Sequence[Sequence[SegmentResult]]) -> dict[str, Statistics]:
    """Statistics of lines that all identifiers find off-target, without and with unsure lines."""
    off, at_most = zip(*agreed(found_by), strict=True)
    return {
        name: mean_of_segments([100.0 * flag for flag in flags])
        for name, flags in ((metric, off), (metric + AT_MOST, at_most))
    }
