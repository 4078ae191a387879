"""Draws the results of stage1_step.py and stage2_step.py into docs/experiments/performance.svg.

python benchmarks/plot.py
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.figure import Figure

from ontarget.files import whole_file

HERE = Path(__file__).parent
BLUE, ORANGE, GREY = "#3b82d6", "#d9622b", "#7a8089"  # they read on white and on black
STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "ontarget",
    "font.size": 10,
    **dict.fromkeys(("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"), GREY),
    "axes.spines.top": False,
    "axes.spines.right": False,
}
PANELS = (
    ("stage2_step", "samples_per_cpu_second", "Stage 2: pairs per CPU second ↑"),
    ("stage2_step", "above_weights_mib", "Stage 2: MiB above the weights ↓"),
    ("stage1_step", "samples_per_cpu_second", "Stage 1: pairs per CPU second ↑"),
)


def draw(figure: Any) -> None:
    for axes, (script, key, title) in zip(figure.subplots(1, len(PANELS)), PANELS, strict=True):
        rows = json.loads((HERE / "results" / f"{script}.json").read_text(encoding="utf-8"))["rows"]
        for place, row in enumerate(rows):
            ours = row["contender"].startswith("ours")
            axes.barh(place, row[key], color=BLUE if ours else ORANGE, height=0.66)
            axes.text(row[key], place, f" {row[key]:,g}", va="center")
        axes.set_yticks(range(len(rows)), [row["contender"] for row in rows])
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.set_xlim(0, 1.3 * max(row[key] for row in rows))
        axes.set_xticks([])
        axes.spines["bottom"].set_visible(False)
        axes.set_title(title, loc="left", fontsize=10)


def write(draw: Callable[[Any], None], name: str, height: float) -> None:
    """Draws the figure of the page with this name, 11 inches wide."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(11, height), layout="constrained")
        draw(figure)
        with whole_file(HERE.parent / "docs" / "experiments" / f"{name}.svg") as temporary:
            nothing = {"Date": None, "Creator": None}
            figure.savefig(temporary, format="svg", transparent=True, metadata=nothing)


if __name__ == "__main__":
    write(draw, "performance", 1.9)
