"""Figures of the averages: bars by system, and off-target ratio against BLEU."""

from itertools import pairwise
from typing import Any

from ontarget.reporting.drawing import BLUE, INK, ORANGE, Drawing
from ontarget.reporting.run_files import Scores
from ontarget.reporting.systems import OURS, REFERENCE


def off_target_bars(scores: Scores) -> Drawing:
    """A bar for the average OTR of each system; a line shows the floor, the OTR of the references."""
    return Drawing(
        "off-target",
        f"Off-target ratio of each system, {scores.kind} directions, in percent",
        (4.4 + _excess(scores), _height(scores)),
        lambda figure: _off_target(figure.subplots(), scores),
    )


def bleu_bars(scores: Scores) -> Drawing:
    """A bar for the average zero-shot BLEU of each system, a thin mark for its supervised BLEU."""
    return Drawing(
        "bleu",
        f"BLEU of each system, {scores.kind} directions",
        (4.4 + _excess(scores), _height(scores)),
        lambda figure: _bleu(figure.subplots(), scores),
    )


def both_bars(scores: Scores) -> Drawing:
    """Both bar plots side by side."""

    def both(figure: Any) -> None:
        left, right = figure.subplots(1, 2)
        _off_target(left, scores)
        _bleu(right, scores)
        right.set_yticklabels([])
        figure.get_layout_engine().set(
            wspace=0.08
        )  # otherwise the left figures look like labels of the right bars

    return Drawing(
        "scores", "Off-target ratio and BLEU of each system", (8.6 + _excess(scores), _height(scores)), both
    )


def scatter(scores: Scores) -> Drawing | None:
    """The average OTR of each system against its average BLEU, best at the top left; None without scores."""
    points = [
        (system, otr, bleu)
        for system in scores.systems
        if (otr := scores.value(system, "otr", scores.kind)) is not None
        and (bleu := scores.value(system, "bleu", scores.kind)) is not None
    ]
    if len(points) < 2:
        return None
    height = max(3.2, 0.6 + 0.19 * len(points))

    def paint(figure: Any) -> None:
        axes = figure.subplots()
        most = max(bleu for _, _, bleu in points)
        right = 100.0 if max(otr for _, otr, _ in points) > 50 else 1.1 * max(otr for _, otr, _ in points) + 1
        top = 1.08 * max(most, 1.0)
        axes.set_xlim(0, right)
        axes.set_ylim(0, top)
        axes.grid()
        gap = top * 0.24 / height  # a line of text
        names = apart([bleu for _, _, bleu in points], gap, top)
        for (system, otr, bleu), place in zip(points, names, strict=True):
            ours = system in OURS
            axes.plot([otr, 1.03 * right], [bleu, place], color=INK, alpha=0.25, linewidth=0.6, clip_on=False)
            colour = ORANGE if otr > 50 else BLUE
            axes.plot(otr, bleu, "o", color=colour, markersize=7 if ours else 5.5, clip_on=False)
            weight = "bold" if ours else "normal"
            axes.text(1.04 * right, place, scores.name(system), va="center", fontsize=9, fontweight=weight)
        if (floor := scores.value(REFERENCE, "otr", scores.kind)) is not None:
            axes.axvline(floor, color=INK, linewidth=1, linestyle=(0, (3, 2)))
        axes.set_xlabel(f"Off-target, {scores.kind} (%)")
        axes.set_title(f"BLEU, {scores.kind}", loc="left", fontsize=10, fontweight="bold")

    label = f"Off-target ratio against BLEU, average of the {scores.kind} directions, a point for each system"
    return Drawing("off-target-bleu", label, (4.4 + _excess(scores), height), paint)


def apart(wanted: list[float], gap: float, top: float) -> list[float]:
    """Positions close to the wanted ones, in the same order, at least `gap` apart and not above `top`."""
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    places = list(wanted)
    for below, above in pairwise(order):
        places[above] = max(places[above], places[below] + gap)
    ceiling = top
    for i in reversed(order):
        places[i] = min(places[i], ceiling)
        ceiling = places[i] - gap
    return places


def _off_target(axes: Any, scores: Scores) -> None:
    values = _rows(axes, scores, "otr", ORANGE)
    floor = scores.value(REFERENCE, "otr", scores.kind)
    most = max([*values, floor or 0.0, 1.0])
    axes.set_xlim(0, 100 if most > 50 else 1.1 * most)
    if floor is not None:
        axes.axvline(floor, color=INK, linewidth=1, linestyle=(0, (3, 2)), label=f"references {floor:.1f}")
        axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), borderpad=0, handlelength=1.6)
    axes.set_title(f"Off-target, {scores.kind} (%) ↓", loc="left", fontsize=10, fontweight="bold", pad=22)


def _bleu(axes: Any, scores: Scores) -> None:
    values = _rows(axes, scores, "bleu", BLUE)
    supervised = [scores.value(system, "bleu", "supervised") for system in scores.systems]
    marks = [(value, place) for place, value in enumerate(supervised) if value is not None]
    if scores.kind == "zero-shot" and marks:
        x, y = zip(*marks, strict=True)
        axes.plot(x, y, "|", color=INK, markersize=11, markeredgewidth=1.4, label="supervised")
        axes.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), borderpad=0, handlelength=1)
    axes.set_xlim(0, 1.08 * max([*values, *(value for value, _ in marks), 1.0]))
    axes.set_title(f"BLEU, {scores.kind} ↑", loc="left", fontsize=10, fontweight="bold", pad=22)


def _rows(axes: Any, scores: Scores, metric: str, colour: str) -> list[float]:
    """Draws a horizontal bar for each system, with its value at the right; returns the values drawn."""
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
    axes.set_yticks(range(len(scores.systems)), [scores.name(system) for system in scores.systems])
    axes.set_ylim(len(scores.systems) - 0.5, -0.5)  # the first system at the top
    for system, label in zip(scores.systems, axes.get_yticklabels(), strict=True):
        label.set_fontweight("bold" if system in OURS else "normal")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    return [value for value in values if value is not None]


def _excess(scores: Scores) -> float:
    """The width in inches that names need beyond the usual; a model's name can be long."""
    return 0.07 * max(0, max((len(scores.name(system)) for system in scores.systems), default=0) - 18)


def _height(scores: Scores) -> float:
    """The height in inches."""
    return 1.05 + 0.27 * len(scores.systems)
