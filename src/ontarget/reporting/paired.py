"""`significance.json` of a sweep: its points against a variant, as the pipeline tested them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from ontarget.errors import UserError
from ontarget.reporting.seeds import Seeds, Value, as_value
from ontarget.reporting.table import LEVEL, Column
from ontarget.system_ids import current_id

FILE = "significance.json"

SCOPE = (
    "Tests pair answers to the same sentences under the same seeds. They speak of sentences, for these "
    "seeds; not of the spread between seeds, which is the standard deviation."
)
"""Stands under each table that shows them."""

_Place = tuple[frozenset[tuple[str, Value]], str, str, str]


@dataclass(frozen=True, slots=True)
class Difference:
    """A system of some points against that of their reference, in one metric, over all seeds of both.

    Attributes:
        reference: the variant.
        seeds: how many; 0 where no line could be paired.
        difference: of the means over directions and seeds; None: not tested.
        p_holm: two-sided, adjusted for all tests of the metric.
    """

    reference: str
    seeds: int
    difference: float | None
    p_holm: float | None

    @property
    def significant(self) -> bool:
        """Whether it is marked."""
        return self.p_holm is not None and self.p_holm < LEVEL


@dataclass(frozen=True, slots=True)
class Tests:
    """All of them; none where the sweep names no reference.

    Attributes:
        signature: how they were made.
    """

    found: Mapping[_Place, Difference]
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

    def of(self, point: Seeds, system: str, column: Column) -> Difference | None:
        """What stands against a score in a table; None where it has no reference, or is it."""
        return self.found.get((frozenset(point.values.items()), system, column.kind, column.metric))

    @property
    def references(self) -> tuple[str, ...]:
        """The variants that something was tested against, in the order of the points."""
        tested = (one.reference for one in self.found.values() if one.difference is not None)
        return tuple(dict.fromkeys(tested))

    @property
    def baseline(self) -> str:
        """What marked figures differ from."""
        return self.references[0] if len(self.references) == 1 else "the variant it was tested against"


def _place(row: Mapping[str, Any]) -> _Place:
    values = frozenset((key, as_value(value)) for key, value in row["values"].items())
    return values, current_id(row["system"]), row["kind"], row["metric"]


def _difference(row: Mapping[str, Any]) -> Difference:
    return Difference(**{name: row[name] for name in Difference.__dataclass_fields__})
