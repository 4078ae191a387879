"""The share of each outcome of outputs, by the strict definition of off-target."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ontarget.reporting.details import Details
from ontarget.reporting.systems import in_table_order

ON = "on target"
# In the order of docs/explanation/metrics.md, as they are printed.
_NAMES = {
    "neutral": "neutral",
    "unsure": "unsure",
    "source": "source language",
    "english": "English",
    "other": "other language",
    "unknown": "no clear language",
    "empty": "empty",
    "copy": "copy of the source",
    "run-on": "run-on",
    "script": "other script",
}


@dataclass(frozen=True, slots=True)
class Outcomes:
    """The shares of outcomes for each system.

    Attributes:
        names: the outcomes that occur, `on target` first.
        percent: system -> the share of each of `names`, in percent.
    """

    names: tuple[str, ...]
    percent: Mapping[str, Sequence[float]]


def outcomes(details: Details, directions: Sequence[str]) -> Outcomes | None:
    """The shares over several directions together; None if the run has no outcomes of them."""
    counts: dict[str, Counter[str]] = {}
    for system, of_directions in details.lines.items():
        for direction in directions:
            if direction in of_directions:
                off = Counter(of_directions[direction].outcomes.values())
                total = sum(details.produced[system][direction].values())
                counts.setdefault(system, Counter()).update({**off, ON: total - off.total()})
    if not counts:
        return None
    seen = [name for name in (ON, *_NAMES) if any(count[name] for count in counts.values())]
    percent = {
        system: [100 * counts[system][name] / (counts[system].total() or 1) for name in seen]
        for system in in_table_order(counts)
    }
    return Outcomes(tuple(_NAMES.get(name, name) for name in seen), percent)
