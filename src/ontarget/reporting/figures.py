"""Figures as SVG text: bars by system, training curves, and scores while a stage trained.

The same scores give the same bytes. Colours are chosen to read on white and on black; text and axes take the
page's own colour (`currentColor`). matplotlib is loaded when the first figure is drawn.
"""

import html
import io
import math
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ontarget.files import whole_file
from ontarget.reporting.run_files import LogRecord, Scores
from ontarget.reporting.systems import REFERENCE, display_name

ORANGE = "#d9622b"
"""Off-target, unlikelihood."""
BLUE = "#3b82d6"
"""BLEU, likelihood."""
_INK = "#010203"  # stands for the colour of the page's text until the figure is drawn
_GREY = "#7a8089"  # reads on white and on GitHub's dark page: a picture file cannot know which it is on
_NAMESPACES = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
OURS = ("ontarget", "ontarget-seen")
_MOST_POINTS = 300

_STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "ontarget",
    "font.size": 10,
    "text.color": _INK,
    "axes.labelcolor": _INK,
    "axes.edgecolor": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "grid.color": _INK,
    "grid.alpha": 0.13,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
}


def off_target_bars(scores: Scores) -> str:
    """Inline SVG: a bar for each system's average OTR, the references' floor as a line."""
    return _draw(
        (4.4, _height(scores)),
        lambda figure: _off_target(figure.subplots(), scores),
        f"Off-target ratio of each system, {scores.kind} directions, in percent",
    )


def bleu_bars(scores: Scores) -> str:
    """Inline SVG: a bar for each system's average zero-shot BLEU, a thin marker for its supervised BLEU."""
    return _draw(
        (4.4, _height(scores)),
        lambda figure: _bleu(figure.subplots(), scores),
        f"BLEU of each system, {scores.kind} directions",
    )


def picture(scores: Scores) -> str:
    """A whole SVG file with both bar plots, which reads on a light and on a dark page."""

    def both(figure: Any) -> None:
        left, right = figure.subplots(1, 2)
        _off_target(left, scores)
        _bleu(right, scores)
        right.set_yticklabels([])
        figure.get_layout_engine().set(wspace=0.08)  # or the left figures look like names of the right bars

    svg = _draw((8.6, _height(scores)), both, "Off-target ratio and BLEU of each system")
    return svg.replace("currentColor", _GREY).replace("<svg", f"<svg {_NAMESPACES}", 1) + "\n"


def write_picture(run_dir: Path, path: Path) -> Path:
    """Writes `picture` of a run's scores to `path`, whole or not at all.

    Raises:
        UserError: the run has no `scores.json`.
    """
    svg = picture(Scores.read(run_dir / "scores.json"))
    with whole_file(path) as temporary:
        temporary.write_text(svg, encoding="utf-8", newline="\n")
    return path


def training_curve(stage: str, log: Sequence[LogRecord]) -> str:
    """Inline SVG of one stage: the loss of each sign; if logged, the mean p of the wrong-language tokens."""
    signs = {"likelihood": BLUE, "unlikelihood": ORANGE}
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
            upper.legend(loc="upper right")
        for axes in lower:
            _curve(axes, log, "probability", ORANGE)
            axes.set_ylabel("p (wrong)")
            axes.set_ylim(0, 1)
        for axes in panels:
            axes.grid(axis="y")
            axes.margins(x=0.01)
        panels[-1].set_xlabel("step")

    return _draw((4.4, 2.9), curves, f"Training curve of the stage {stage}")


def evaluation_curve(stage: str, log: Sequence[LogRecord]) -> str | None:
    """Inline SVG of what a stage was judged at while it trained; None where it was not."""
    judged = [
        record for record in log if record.supervised_otr is not None or record.zero_shot_otr is not None
    ]
    if not judged:
        return None

    def curves(figure: Any) -> None:
        panels = figure.subplots(2, 1, sharex=True)
        for axes, metric, colour in zip(panels, ("otr", "bleu"), (ORANGE, BLUE), strict=True):
            for kind, style in (("zero_shot", "-"), ("supervised", "--")):
                _curve(
                    axes, judged, f"{kind}_{metric}", colour, linestyle=style, label=kind.replace("_", "-")
                )
            axes.set_ylim(bottom=0)
            axes.grid(axis="y")
            axes.margins(x=0.01)
        panels[0].set_ylabel("OTR (%)")
        panels[0].set_ylim(0, 100)
        panels[0].legend(loc="upper right")
        panels[1].set_ylabel("BLEU")
        panels[1].set_xlabel("step")

    return _draw((4.4, 2.9), curves, f"OTR and BLEU on validation text while the stage {stage} trained")


def _off_target(axes: Any, scores: Scores) -> None:
    values = _rows(axes, scores, "otr", ORANGE)
    floor = scores.value(REFERENCE, "otr", scores.kind)
    most = max([*values, floor or 0.0, 1.0])
    axes.set_xlim(0, 100 if most > 50 else 1.1 * most)
    if floor is not None:
        axes.axvline(floor, color=_INK, linewidth=1, linestyle=(0, (3, 2)), label=f"references {floor:.1f}")
        axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), borderpad=0, handlelength=1.6)
    axes.set_title(f"Off-target, {scores.kind} (%) ↓", loc="left", fontsize=10, fontweight="bold", pad=22)


def _bleu(axes: Any, scores: Scores) -> None:
    values = _rows(axes, scores, "bleu", BLUE)
    supervised = [scores.value(system, "bleu", "supervised") for system in scores.systems]
    marks = [(value, place) for place, value in enumerate(supervised) if value is not None]
    if scores.kind == "zero-shot" and marks:
        x, y = zip(*marks, strict=True)
        axes.plot(x, y, "|", color=_INK, markersize=11, markeredgewidth=1.4, label="supervised")
        axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), borderpad=0, handlelength=1)
    axes.set_xlim(0, 1.08 * max([*values, *(value for value, _ in marks), 1.0]))
    axes.set_title(f"BLEU, {scores.kind} ↑", loc="left", fontsize=10, fontweight="bold", pad=22)


def _rows(axes: Any, scores: Scores, metric: str, colour: str) -> list[float]:
    """A horizontal bar a system, its figure in a column at the right; returns the values drawn."""
    values = [scores.value(system, metric, scores.kind) for system in scores.systems]
    for place, (system, value) in enumerate(zip(scores.systems, values, strict=True)):
        ours = system in OURS
        axes.barh(place, value or 0.0, height=0.66, color=colour, alpha=1.0 if ours else 0.6, linewidth=0)
        text = "–" if value is None else f"{value:.1f}"
        weight = "bold" if ours else "normal"
        axes.text(
            1.13,
            place,
            text,
            transform=axes.get_yaxis_transform(),
            ha="right",
            va="center",
            fontweight=weight,
        )
    axes.set_yticks(range(len(scores.systems)), [display_name(system) for system in scores.systems])
    axes.set_ylim(len(scores.systems) - 0.5, -0.5)  # the first system on top
    for system, label in zip(scores.systems, axes.get_yticklabels(), strict=True):
        label.set_fontweight("bold" if system in OURS else "normal")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    return [value for value in values if value is not None]


def _curve(axes: Any, log: Sequence[LogRecord], name: str, colour: str, **style: Any) -> None:
    points = [(record.step, getattr(record, name)) for record in log if getattr(record, name) is not None]
    if points:
        stride = math.ceil(len(points) / _MOST_POINTS)
        steps, values = zip(*points[:-1:stride], points[-1], strict=True)  # the last: where it ended
        axes.plot(steps, values, **{"color": colour, "linewidth": 1.5, "label": name} | style)


def _height(scores: Scores) -> float:
    """Inches."""
    return 1.05 + 0.27 * len(scores.systems)


def _draw(size: tuple[float, float], paint: Callable[[Any], None], label: str) -> str:
    """Draws one figure (size in inches); returns an `<svg>` element that can stand in an HTML page."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=size, layout="constrained")
        paint(figure)
        buffer = io.StringIO()
        nothing = {"Date": None, "Creator": None, "Format": None, "Type": None}
        figure.savefig(buffer, format="svg", transparent=True, metadata=nothing)
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :].rstrip()
    svg = re.sub(r' xmlns(:xlink)?="[^"]*"', "", svg, count=2)
    svg = re.sub(r"<g id=\"[^\"]*\"", "<g", svg)  # figures share a page, and an id may stand there only once
    svg = re.sub(r"<style.*?</style>", "", svg, flags=re.DOTALL)  # it would hold for the whole page
    svg = re.sub(r"font-family: [^;\"]*; ", "", svg)
    style = f"font-family: {_FONT}; stroke-linejoin: round"
    root = f'<svg role="img" aria-label="{html.escape(label)}" style="{style}"'
    return svg.replace(_INK, "currentColor").replace("<svg", root, 1)
