"""Scores in which an off-target segment is worth nothing, however good the text is in its own language.

Plain metrics reward it: BLEU for the names and numbers that every language shares, a neural metric for far
more. COMET puts a copy of the source above a good translation (Unbabel/COMET, issue 192). The on-target form
of a score is the same metric over the same segments, where an off-target one

- of a corpus metric (BLEU, chrF, TER) matches nothing of its reference, and is as long as it is. An empty
  hypothesis in its place could raise BLEU, whose precision it does not enter;
- of a mean of segment scores (COMET) has the worst score there is: 0, or 25 errors of MetricX.

So an on-target score is never better than the plain one.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ontarget.scoring.score import SUFFIX, Score

if TYPE_CHECKING:
    from ontarget.scoring.metrics.sacrebleu import Metric
    from ontarget.scoring.significance import Statistics


def on_target_statistics(metric: "Metric", statistics: "Statistics", off: Sequence[bool]) -> "Statistics":
    """A metric's statistics, [segments, k], in which an off-target segment matches nothing.

    Args:
        metric: that made `statistics`.
        statistics: left as they are.
        off: whether each segment is off-target.
    """
    places = [place for place, is_off in enumerate(off) if is_off]
    replaced = statistics.copy()
    replaced[places] = metric.unmatched(statistics[places])
    return replaced


def on_target_segments(scores: Sequence[float], off: Sequence[bool], worst: float = 0.0) -> list[float]:
    """Scores of segments, with the worst one there is where a segment is off-target.

    Args:
        scores: of each segment.
        off: whether it is off-target.
        worst: 0 where more is better; above 0 it is where less is better, as of MetricX.
    """
    worse = max if worst > 0 else min  # COMET may fall a little below 0
    return [worse(score, worst) if is_off else score for score, is_off in zip(scores, off, strict=True)]


def on_target(score: Score, otr: Score) -> Score:
    """Names a score of replaced segments; its signature takes in that of the ratio that says which."""
    signature = f"{score.signature}|off:{otr.metric}|{otr.signature}"
    return replace(score, metric=score.metric + SUFFIX, signature=signature)
