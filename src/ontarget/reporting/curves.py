"""Figures of training: the losses of a stage, and its scores during training."""

import math
from collections.abc import Sequence
from typing import Any

from ontarget.reporting.drawing import BLUE, ORANGE, Drawing
from ontarget.reporting.logs import LogRecord

_MOST_POINTS = 300


def training_curve(stage: str, log: Sequence[LogRecord]) -> Drawing:
    """The loss of a stage by sign, or of pairs; if logged, also the mean p of the wrong-language tokens."""
    signs = {"likelihood": BLUE, "unlikelihood": ORANGE, "preference": ORANGE}
    losses = {
        name: colour for name, colour in signs.items() if any(getattr(r, name) is not None for r in log)
    }
    lines = losses or {"loss": BLUE}
    with_probability = any(record.probability is not None for record in log)

    def curves(figure: Any) -> None:
        ratios = [3, 2] if with_probability else [1]
        panels = list(figure.subplots(len(ratios), 1, sharex=True, squeeze=False, height_ratios=ratios)[:, 0])
        upper, lower = panels[0], panels[1:]
        for name, colour in lines.items():
            _curve(upper, log, name, colour)
        upper.set_ylabel("loss (nats)")
        upper.set_ylim(bottom=0)
        if len(lines) > 1:
            upper.legend(loc="lower right", bbox_to_anchor=(1.0, 0.97), ncols=2, borderpad=0)
        for axes in lower:
            _curve(axes, log, "probability", ORANGE)
            axes.set_ylabel("p (wrong)")
            axes.set_ylim(0, 1)
        for axes in panels:
            axes.grid(axis="y")
            axes.margins(x=0.01)
        panels[-1].set_xlabel("step")

    return Drawing(f"training-{stage}", f"Training curve of the stage {stage}", (4.4, 2.9), curves)


def evaluation_curve(stage: str, log: Sequence[LogRecord]) -> Drawing | None:
    """OTR and BLEU of a stage during training; None if it was not evaluated."""
    evaluated = [
        record for record in log if record.supervised_otr is not None or record.zero_shot_otr is not None
    ]
    if not evaluated:
        return None

    def curves(figure: Any) -> None:
        panels = figure.subplots(2, 1, sharex=True)
        for axes, metric, colour in zip(panels, ("otr", "bleu"), (ORANGE, BLUE), strict=True):
            for kind, style in (("zero_shot", "-"), ("supervised", "--")):
                _curve(
                    axes, evaluated, f"{kind}_{metric}", colour, linestyle=style, label=kind.replace("_", "-")
                )
            axes.set_ylim(bottom=0)
            axes.grid(axis="y")
            axes.margins(x=0.01)
        panels[0].set_ylabel("OTR (%)")
        panels[0].set_ylim(0, 100)
        panels[0].legend(loc="upper right")
        panels[1].set_ylabel("BLEU")
        panels[1].set_xlabel("step")

    label = f"OTR and BLEU on validation text during training of the stage {stage}"
    return Drawing(f"evaluation-{stage}", label, (4.4, 2.9), curves)


def _curve(axes: Any, log: Sequence[LogRecord], name: str, colour: str, **style: Any) -> None:
    points = [(record.step, getattr(record, name)) for record in log if getattr(record, name) is not None]
    if points:
        stride = math.ceil(len(points) / _MOST_POINTS)
        steps, values = zip(*points[:-1:stride], points[-1], strict=True)  # always with the last
        axes.plot(steps, values, **{"color": colour, "linewidth": 1.5, "label": name} | style)
