"""The confusion matrix as a heat map: a row for each requested language, a column for each produced one."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ontarget.languages import Direction
from ontarget.reporting.details import NEUTRAL, UNSURE, Details
from ontarget.reporting.drawing import BLUE, GREY, ORANGE, Drawing
from ontarget.reporting.run_files import Kind
from ontarget.reporting.systems import display_name, in_table_order

_MOST = 10  # columns of languages that were not requested
_COUNTS = 0.01  # minimum share of a row; languages that never reach it are counted as "other"
OTHER, EMPTY = "other", "empty"
_NAMES = {UNSURE: "unsure", NEUTRAL: "neutral", "": EMPTY}
_LAST = tuple(_NAMES.values())  # columns after those of languages
_UNDECIDED = (_NAMES[UNSURE], _NAMES[NEUTRAL])


@dataclass(frozen=True, slots=True)
class Confusion:
    """The matrices of all systems over the directions of one kind, with the same rows and columns.

    Attributes:
        asked: the requested languages, by code.
        came: the columns: those of `asked`, the identifier's labels of other languages, `other`, and
            `unsure`, `neutral` and `empty` if they occur.
        percent: system -> for each of `asked`, the share of each of `came`, in percent.
    """

    kind: Kind
    asked: tuple[str, ...]
    came: tuple[str, ...]
    percent: Mapping[str, Sequence[Sequence[float]]]


def confusion(details: Details, kind: Kind, directions: Sequence[str]) -> Confusion | None:
    """The matrices of all systems with counts; None if the run has no counts.

    Args:
        directions: the directions of `kind`; those into the same language are one row.
    """
    counts: dict[str, dict[str, Counter[str]]] = {}
    for system, of_directions in details.produced.items():
        for direction in directions:
            if direction in of_directions:
                target = str(Direction.parse(direction).target)
                row = counts.setdefault(system, {}).setdefault(target, Counter())
                for label, count in of_directions[direction].items():
                    row[_column(label, details)] += count
    if not counts:
        return None
    asked = tuple(dict.fromkeys(str(Direction.parse(direction).target) for direction in directions))
    came = _columns(asked, [row for rows in counts.values() for row in rows.values()])
    percent = {
        system: [_shares(counts[system].get(language, Counter()), came) for language in asked]
        for system in in_table_order(counts)
    }
    return Confusion(kind, asked, came, percent)


def heat_map(matrices: Confusion, system: str, name_of: Callable[[str], str] = display_name) -> Drawing:
    """The matrix of one system."""
    return Drawing(
        f"confusion-{system}",
        f"Languages requested, and produced by {name_of(system)}, {matrices.kind} directions, in percent",
        (_width(matrices), 0.75 + 0.3 * len(matrices.asked)),
        lambda figure: _paint(figure.subplots(), matrices, system),
    )


def heat_maps(matrices: Confusion, name_of: Callable[[str], str] = display_name) -> Drawing:
    """The matrices of all systems in one figure."""
    systems = list(matrices.percent)
    across = min(len(systems), 3)
    down = -(-len(systems) // across)
    width, height = _width(matrices), 0.75 + 0.3 * len(matrices.asked)

    def paint(figure: Any) -> None:
        places = figure.subplots(down, across, squeeze=False).ravel()
        for axes in places[len(systems) :]:
            axes.set_axis_off()
        for axes, system in zip(places, systems, strict=False):
            _paint(axes, matrices, system)
            axes.set_title(name_of(system), loc="left", fontsize=10, fontweight="bold")

    label = f"Requested languages (rows) and produced ones (columns), {matrices.kind} directions, in percent"
    return Drawing("confusion", label, (across * width, down * (height + 0.25)), paint)


def _width(matrices: Confusion) -> float:
    """The width in inches; each column has room for the longest label."""
    longest = max(map(len, matrices.came))
    return 0.55 + max(0.42, 0.07 * longest) * len(matrices.came)


def _paint(axes: Any, matrices: Confusion, system: str) -> None:
    for y, (language, shares) in enumerate(zip(matrices.asked, matrices.percent[system], strict=True)):
        for x, share in enumerate(shares):
            if share <= 0:
                continue
            came = matrices.came[x]
            colour = BLUE if came == language else GREY if came in _UNDECIDED else ORANGE
            # Never the full colour: the figure in the cell must be readable on it, also in dark mode.
            axes.fill(
                [x, x + 1, x + 1, x],
                [y, y, y + 1, y + 1],
                color=colour,
                alpha=0.08 + 0.62 * share / 100,
                linewidth=0,
            )
            if share >= 0.5:
                axes.text(x + 0.5, y + 0.5, f"{share:.0f}", ha="center", va="center_baseline", fontsize=9)
    axes.set_xlim(0, len(matrices.came))
    axes.set_ylim(len(matrices.asked), 0)
    axes.set_xticks([x + 0.5 for x in range(len(matrices.came))], matrices.came)
    axes.set_yticks([y + 0.5 for y in range(len(matrices.asked))], matrices.asked)
    axes.tick_params(length=0, labelsize=9, top=True, labeltop=True, bottom=False, labelbottom=False)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    for edge in range(len(matrices.asked) + 1):
        axes.axhline(edge, color="#7a8089", alpha=0.35, linewidth=0.5)


def _column(label: str, details: Details) -> str:
    """The requested language that a label stands for, otherwise the label."""
    name = _NAMES.get(label, label)
    return next((code for code, labels in details.labels.items() if label in labels), name)


def _columns(asked: Sequence[str], rows: Sequence[Counter[str]]) -> tuple[str, ...]:
    often: Counter[str] = Counter()
    for row in rows:
        for label, count in row.items():
            if label not in (*asked, *_LAST):
                often[label] = max(often[label], round(1e6 * count / row.total()))
    shown = [label for label, share in often.most_common(_MOST) if share >= 1e6 * _COUNTS]
    rest = [OTHER] if len(shown) < len(often) else []
    last = [name for name in _LAST if any(row[name] for row in rows)]
    return (*asked, *shown, *rest, *last)


def _shares(row: Counter[str], came: Sequence[str]) -> list[float]:
    total = row.total() or 1
    named = [100 * row[label] / total for label in came]
    if OTHER in came:
        named[came.index(OTHER)] = 100 * (row.total() - sum(row[label] for label in came)) / total
    return named
