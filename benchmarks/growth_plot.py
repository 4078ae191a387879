"""Draws the results of growth.py into docs/experiments/growth.svg.

python benchmarks/growth_plot.py
"""

import json
from itertools import pairwise
from typing import Any

from plot import GREY, HERE, write

# What grows: the column with the size, and the results.
PANELS = {
    "samples": ("pairs", "growth_samples", "growth_samples_amd"),
    "directions": ("directions", "growth_languages", "growth_languages_100"),
    "pieces of the vocabulary": ("vocabulary", "growth_vocabulary"),
    "tokens of a sequence": ("length", "growth_length"),
}


def curves(size: str, names: tuple[str, ...]) -> dict[str, list[tuple[float, float]]]:
    """Part -> for each size, how many times as long each thing takes as at the first size, by size."""
    found: dict[str, dict[float, float]] = {}
    for name in names:
        for row in json.loads((HERE / "results" / f"{name}.json").read_text(encoding="utf-8"))["rows"]:
            for part, x in pairwise(row):  # each part is followed by its column x
                if part.endswith(", s"):
                    found.setdefault(part.removesuffix(", s"), {}).setdefault(row[size], row[x])
    return {part: sorted(of.items()) for part, of in found.items()}


def draw(figure: Any) -> None:
    for axes, (title, (size, *names)) in zip(
        figure.subplots(1, len(PANELS), sharey=True), PANELS.items(), strict=True
    ):
        axes.axhline(1, color=GREY, linewidth=0.8, linestyle=":")
        for part, points in curves(size, tuple(names)).items():
            axes.plot(*zip(*points, strict=True), marker="o", markersize=3, label=part)
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_yticks([0.1, 0.3, 1, 3], ["0.1", "0.3", "1", "3"])
        axes.minorticks_off()
        axes.set_title(title, loc="left", fontsize=10)
        axes.legend(frameon=False, fontsize=8, ncols=2, loc="upper center", bbox_to_anchor=(0.5, -0.12))
    figure.supylabel("time for each, relative to the first size", fontsize=9)


if __name__ == "__main__":
    write(draw, "growth", 3.6)
