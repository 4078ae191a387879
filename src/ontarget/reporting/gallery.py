"""All figures of a run."""

from collections.abc import Iterator

from ontarget.reporting import curves, figures
from ontarget.reporting.confusion import confusion, heat_maps
from ontarget.reporting.drawing import Drawing
from ontarget.reporting.run_files import RunFiles


def drawings(run: RunFiles) -> Iterator[Drawing]:
    """The figures for which the run has data."""
    scores = run.scores
    if scores.systems:
        yield figures.both_bars(scores)
        yield figures.off_target_bars(scores)
        yield figures.bleu_bars(scores)
    if points := figures.scatter(scores):
        yield points
    if matrices := confusion(run.details, scores.kind, scores.directions(scores.kind)):
        yield heat_maps(matrices, scores.name)
    for stage, log in run.log.items():
        yield curves.training_curve(stage, log)
        if evaluation := curves.evaluation_curve(stage, log):
            yield evaluation
