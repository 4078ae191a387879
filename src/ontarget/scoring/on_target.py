"""Scores in which an off-target segment is worth nothing, however good the text is in its own language.

Plain metrics reward it: BLEU for the names and numbers that every language shares, a neural metric for far
more. COMET puts a copy of the source above a good translation (Unbabel/COMET, issue 192). The on-target form
of a score is the same metric over the same segments, the off-target ones replaced:

- of a corpus metric (BLEU, chrF, TER), by an empty hypothesis: it matches nothing, and its reference still
  counts, so brevity penalty and recall fall as they do for a missing translation;
- of a mean of segment scores (COMET), by the worst score there is: 0, or 25 errors of MetricX.
"""

from collections.abc import Sequence
from dataclasses import replace

from ontarget.scoring.metrics import Metric
from ontarget.scoring.score import SUFFIX, Score
from ontarget.scoring.significance import Statistics


def on_target_statistics(
    metric: Metric, statistics: Statistics, references: Sequence[Sequence[str]], off: Sequence[bool]
) -> Statistics:
    """A metric's statistics, [segments, k], with those of an empty hypothesis where a segment is off-target.

    Args:
        metric: that made `statistics` of the hypotheses.
        statistics: left as they are.
        references: one or several, line by line.
        off: whether each segment is off-target.
    """
    places = [place for place, is_off in enumerate(off) if is_off]
    if not places:
        return statistics
    replaced = statistics.copy()
    replaced[places] = metric.statistics(
        [""] * len(places), *([one[place] for place in places] for one in references)
    )
    return replaced


def on_target_segments(scores: Sequence[float], off: Sequence[bool], worst: float = 0.0) -> list[float]:
    """Scores of segments, with the worst one there is where a segment is off-target."""
    return [worst if is_off else score for score, is_off in zip(scores, off, strict=True)]


def on_target(score: Score, otr: Score) -> Score:
    """Names a score of replaced segments; its signature takes in that of the ratio that says which."""
    signature = f"{score.signature}|off:{otr.metric}|{otr.signature}"
    return replace(score, metric=score.metric + SUFFIX, signature=signature)
