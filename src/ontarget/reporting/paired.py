"""`significance.json` of a sweep: paired tests of its points against a reference variant."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from ontarget.errors import UserError
from ontarget.former_names import current
from ontarget.reporting.seeds import Seeds, Value, as_value
from ontarget.reporting.table import LEVEL, Column
from ontarget.system_ids import current_id

FILE = "significance.json"

SCOPE = (
    "Tests pair translations of the same sentences under the same seeds. They account for the choice of "
    "sentences, but not for variance across seeds; the standard deviation shows that."
)
"""A note below each table that shows such tests."""

_Place = tuple[frozenset[tuple[str, Value]], str, str, str]


@dataclass(frozen=True, slots=True)
class PointDifference:
    """The difference of a point's system from the reference variant, in one metric, over all seeds of both.

    Attributes:
        reference: the variant.
        seeds: number of seeds; 0 if no line could be paired.
        difference: between the means over directions and seeds; None if not tested.
        p_holm: two-sided, adjusted for all tests of the metric.
    """

    reference: str
    seeds: int
    difference: float | None
    p_holm: float | None

    @property
    def significant(self) -> bool:
        """Whether tables mark the difference."""
        return self.p_holm is not None and self.p_holm < LEVEL


@dataclass(frozen=True, slots=True)
class Tests:
    """All tests of a sweep; empty if the sweep names no reference.

    Attributes:
        signature: of the tests.
    """

    found: Mapping[_Place, PointDifference]
    signature: str = ""

    @classmethod
    def read(cls, directory: Path) -> Self:
        """Reads `significance.json` of a sweep's directory.

        Raises:
            UserError: the file is not what `ontarget run` writes.
        """
        path = directory / FILE
        if not path.exists():
            return cls({})
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            return cls({_place(row): _difference(row) for row in data["differences"]}, data["signature"])
        except (ValueError, KeyError, TypeError, AttributeError):
            raise UserError(f"{path} is damaged; delete it, and 'ontarget run' makes it again") from None

    def of(self, point: Seeds, system: str, column: Column) -> PointDifference | None:
        """The test of a score in a table; None for the reference itself, and for points without one."""
        return self.found.get((frozenset(point.values.items()), system, column.kind, column.metric))

    @property
    def references(self) -> tuple[str, ...]:
        """The variants that points were tested against, in the order of the points."""
        tested = (one.reference for one in self.found.values() if one.difference is not None)
        return tuple(dict.fromkeys(tested))

    @property
    def baseline(self) -> str:
        """The name of the variant that marked scores differ from."""
        return self.references[0] if len(self.references) == 1 else "the variant it was tested against"


def _place(row: Mapping[str, Any]) -> _Place:
    values = frozenset((key, as_value(value)) for key, value in current(row["values"]).items())
    return values, current_id(row["system"]), row["kind"], row["metric"]


def _difference(row: Mapping[str, Any]) -> PointDifference:
    return PointDifference(**{name: row[name] for name in PointDifference.__dataclass_fields__})
