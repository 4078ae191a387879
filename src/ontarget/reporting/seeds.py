"""Combines points that differ only in their seed: the mean of each score and its standard deviation."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import mean, stdev

from ontarget.reporting.run_files import KINDS, Kind, ScoreRow, Scores

SEED = "seed"

Value = float | str


def as_value(value: object) -> Value:
    """A value as tables show it: a number or a word; a list is joined as in the name of a point."""
    if isinstance(value, list):
        return "-".join(map(str, value))
    return value if isinstance(value, int | float) and not isinstance(value, bool) else str(value)


@dataclass(frozen=True, slots=True)
class Spread:
    """One score over seeds.

    Attributes:
        mean: percent, or BLEU points.
        deviation: sample standard deviation; None for a single seed.
        n: number of seeds.
        low, high: for a single seed, the ends of its 95 % interval over segments.
    """

    mean: float
    deviation: float | None
    n: int
    low: float | None = None
    high: float | None = None

    @classmethod
    def of(cls, rows: Sequence[ScoreRow]) -> "Spread":
        """Combines one score of several seeds."""
        values = [row.value for row in rows]
        if len(values) == 1:
            return cls(values[0], None, 1, rows[0].low, rows[0].high)
        return cls(mean(values), stdev(values), len(values))

    @property
    def ends(self) -> tuple[float, float] | None:
        """The ends of an error bar: the mean minus and plus a deviation, or the interval of a single seed."""
        if self.deviation is not None:
            return self.mean - self.deviation, self.mean + self.deviation
        return None if self.low is None or self.high is None else (self.low, self.high)


@dataclass(frozen=True)
class Seeds:
    """The points of a sweep that differ only in their seed.

    Attributes:
        values: key -> value, without the seed.
        scores: the scores of each seed.
    """

    values: Mapping[str, Value]
    scores: tuple[Scores, ...]

    @cached_property
    def systems(self) -> tuple[str, ...]:
        """The systems in table order."""
        return self.scores[0].systems

    @cached_property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of directions that have an average."""
        return tuple(k for k in KINDS if any(row.kind == k for scores in self.scores for row in scores.rows))

    def spread(self, system: str, metric: str, kind: Kind) -> Spread | None:
        """An average over directions and seeds; None if no seed has the score."""
        rows = [row for scores in self.scores if (row := scores.row(system, metric, kind))]
        return Spread.of(rows) if rows else None


def over_seeds(points: Iterable[tuple[Mapping[str, Value], Scores]]) -> list[Seeds]:
    """Groups points by their values without the seed, in the order of their first point."""
    together: dict[tuple[tuple[str, Value], ...], list[Scores]] = {}
    for values, scores in points:
        key = tuple((name, value) for name, value in values.items() if name != SEED)
        together.setdefault(key, []).append(scores)
    return [Seeds(dict(key), tuple(scores)) for key, scores in together.items()]
