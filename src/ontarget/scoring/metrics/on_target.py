"""On-target scores, which give off-target segments the worst score.

Plain metrics reward off-target segments: BLEU for names and numbers that languages share, neural metrics for
far more. COMET prefers a copy of the source to a good translation (Unbabel/COMET, issue 192). The on-target
form is the same metric over the same segments, but with changed off-target segments:

- In a corpus metric (BLEU, chrF, TER), they keep their length but match nothing in the reference. Replacing
  them by empty hypotheses could raise BLEU, since these do not lower its precision.
- In a mean of segment scores (COMET, MetricX), they have the worst score: 0, or 25 errors for MetricX.

An on-target score is therefore never better than the plain score.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ontarget.scoring.score import SUFFIX, Score

if TYPE_CHECKING:
    from ontarget.scoring.metrics.sacrebleu import Metric
    from ontarget.scoring.significance import Statistics


def on_target_statistics(metric: "Metric", statistics: "Statistics", off: Sequence[bool]) -> "Statistics":
    """A metric's statistics, [segments, k], in which off-target segments match nothing.

    Args:
        metric: the metric of `statistics`.
        statistics: the plain statistics, which are not changed.
        off: whether each segment is off-target.
    """
    places = [place for place, is_off in enumerate(off) if is_off]
    replaced = statistics.copy()
    replaced[places] = metric.unmatched(statistics[places])
    return replaced


def on_target_segments(scores: Sequence[float], off: Sequence[bool], worst: float = 0.0) -> list[float]:
    """Scores of segments, with the worst possible score for off-target segments.

    Args:
        scores: the score of each segment.
        off: whether each segment is off-target.
        worst: the worst score: 0 if higher is better, above 0 if lower is better, as for MetricX.
    """
    worse = max if worst > 0 else min  # COMET may fall a little below 0
    return [worse(score, worst) if is_off else score for score, is_off in zip(scores, off, strict=True)]


def on_target(score: Score, otr: Score) -> Score:
    """Marks a score of changed segments as on-target, and adds the ratio's signature to its own."""
    signature = f"{score.signature}|off:{otr.metric}|{otr.signature}"
    return replace(score, metric=score.metric + SUFFIX, signature=signature)
