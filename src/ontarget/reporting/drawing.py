"""Renders figures: as an `<svg>` element of a page, or as an SVG, PDF or PNG file.

The same scores give the same bytes. Colours are legible on white and on black; text and axes take the colour
of the page (`currentColor`). matplotlib is loaded when the first figure is drawn.
"""

import html
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from ontarget.files import whole_file

ORANGE = "#d9622b"
"""For off-target and unlikelihood."""
BLUE = "#3b82d6"
"""For BLEU, likelihood and on target."""
INK = "#010203"
"""A placeholder for the colour of text and axes."""
GREY = "#7a8089"
"""Legible on white and on GitHub's dark page: an SVG file cannot know its background."""


class Format(StrEnum):
    """The file format of a figure."""

    svg = "svg"
    pdf = "pdf"
    png = "png"


_NAMESPACES = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
_STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "ontarget",
    "pdf.fonttype": 42,  # text stays text
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "grid.color": INK,
    "grid.alpha": 0.13,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
}


@dataclass(frozen=True, slots=True)
class Drawing:
    """One figure.

    Attributes:
        name: the file name, without the suffix.
        label: a description for readers who cannot see the figure.
        size: width and height in inches.
        paint: draws on an empty matplotlib figure.
    """

    name: str
    label: str
    size: tuple[float, float]
    paint: Callable[[Any], None]


def inline(drawing: Drawing) -> str:
    """An `<svg>` element for an HTML page, which may have several of them."""
    svg = _svg(drawing)
    svg = svg[svg.index("<svg") :].rstrip()
    svg = re.sub(r' xmlns(:xlink)?="[^"]*"', "", svg, count=2)
    svg = re.sub(r"<g id=\"[^\"]*\"", "<g", svg)  # ids must be unique in the page
    svg = re.sub(r"<style.*?</style>", "", svg, flags=re.DOTALL)  # it would apply to the whole page
    svg = re.sub(r"font-family: [^;\"]*; ", "", svg)
    style = f"font-family: {_FONT}; stroke-linejoin: round"
    root = f'<svg role="img" aria-label="{html.escape(drawing.label)}" style="{style}"'
    return svg.replace(INK, "currentColor").replace("<svg", root, 1)


def picture(drawing: Drawing) -> str:
    """A complete SVG file that is legible on light and dark pages."""
    return inline(drawing).replace("currentColor", GREY).replace("<svg", f"<svg {_NAMESPACES}", 1) + "\n"


def write(drawing: Drawing, folder: Path, form: Format = Format.svg) -> Path:
    """Writes `<folder>/<name>.<form>`, completely or not at all; PDF and PNG are black on white."""
    path = folder / f"{drawing.name}.{form}"
    with whole_file(path) as temporary:
        if form is Format.svg:
            temporary.write_text(picture(drawing), encoding="utf-8", newline="\n")
        else:
            temporary.write_bytes(_render(drawing, form, dpi=200))
    return path


def _svg(drawing: Drawing) -> str:
    nothing = {"Date": None, "Creator": None, "Format": None, "Type": None}
    return _render(drawing, "svg", transparent=True, metadata=nothing).decode()


def _render(drawing: Drawing, form: str, **settings: Any) -> bytes:
    import matplotlib
    from matplotlib.figure import Figure

    if form == "pdf":
        settings["metadata"] = {"CreationDate": None}
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=drawing.size, layout="constrained")
        drawing.paint(figure)
        buffer = io.BytesIO()
        figure.savefig(buffer, format=form, **settings)
    return buffer.getvalue()
