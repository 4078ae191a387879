"""A share of a sweep: the points that one of several machines runs."""

import re
from dataclasses import dataclass
from typing import Self

from ontarget.errors import UserError


@dataclass(frozen=True, slots=True)
class PointShare:
    """Share `number` (from 1) of `count` shares.

    A share is a run of successive points, because neighbours have the most work in common.
    """

    number: int
    count: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads `2/8`, the second of eight shares.

        Raises:
            UserError: the text is something else.
        """
        found = re.fullmatch(r"(\d{1,9})/(\d{1,9})", text.strip(), re.ASCII)
        if found is None or not 1 <= int(found[1]) <= int(found[2]):
            raise UserError(
                f"--points '{text}' is not valid; write I/N, such as 1/8 to 8/8 for eight machines"
            )
        return cls(int(found[1]), int(found[2]))

    def of(self, points: int) -> range:
        """The indices of its points, from 0. The shares of all numbers have each point once."""
        return range(points * (self.number - 1) // self.count, points * self.number // self.count)
