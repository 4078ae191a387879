"""Adds the scores of a neural metric to cards: plain, and on target."""

from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from ontarget.errors import UserError
from ontarget.scoring.metrics.comet import neural_metric, segment_scores, version_of
from ontarget.scoring.metrics.evidence import Evidence
from ontarget.scoring.metrics.on_target import on_target, on_target_segments
from ontarget.scoring.score import Score
from ontarget.scoring.scorecard import Scorecard
from ontarget.scoring.significance import bootstrap_interval, drawn, mean_of_segments, mean_value


def add_neural(
    cards: Sequence[Scorecard], model: str, environment: Path | None = None, *, intervals: bool = False
) -> None:
    """Adds a model's mean score over segments to cards with segments (`Scorer.segments`).

    The model is loaded once for all cards.

    Args:
        cards: the cards, all with or all without `strict`, which decides the off-target segments.
        model: see `comet.segment_scores`.
        environment: see `comet.segment_scores`.
        intervals: adds 95 % intervals.

    Raises:
        UserError: a card has no sources, the environment does not exist, or the model failed.
    """
    lines = [line for card in cards for line in card.lines]
    sources = [line.source for line in lines if line.source is not None]
    if len(sources) < len(lines):
        raise UserError(f"{model} needs the sources of the hypotheses: --source SRC --from LANGUAGE")
    references = [line.references[0] for line in lines if line.references]
    metric = neural_metric(model)
    scores = iter(
        segment_scores(
            model,
            sources,
            [line.text for line in lines],
            references if len(references) == len(lines) else None,
            environment,
        )
    )
    by_bootstrap = "".join(f"{key}:{value}|" for key, value in drawn().items() if intervals)
    signature = f"{by_bootstrap}model:{model.replace('|', '_')}|version:{version_of(metric, environment)}"
    for card in cards:
        of_card = list(islice(scores, len(card.lines)))
        replaced = on_target_segments(of_card, card.off, metric.worst)
        otr = card.scores.get("otr_strict", card.scores["otr"])
        plain, on = (mean_of_segments(segments) for segments in (of_card, replaced))
        of_plain, of_on = (
            Score(
                metric.name,
                float(mean_value(statistics.sum(0))),
                len(statistics),
                signature,
                bootstrap_interval(mean_value, [statistics]) if intervals else None,
            )
            for statistics in (plain, on)
        )
        for score, statistics in ((of_plain, plain), (on_target(of_on, otr), on)):
            card.scores[score.metric] = score
            card.evidence[score.metric] = Evidence(mean_value, statistics)
