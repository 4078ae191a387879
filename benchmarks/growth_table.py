"""Measures parts of a piece of work at several sizes, and prints a line for each. See growth.py."""

from collections.abc import Callable
from typing import TypeVar

from data import processor_seconds

Row = dict[str, float]
T = TypeVar("T")


class Table:
    """Lines of a Markdown table: seconds of processor time of each part, and how many times as long it takes
    for each thing as at the first size.

    Attributes:
        rows: the lines, for JSON.
    """

    def __init__(self, size: str) -> None:
        self.size, self.rows = size, list[Row]()
        self._first: dict[str, float] = {}

    def begin(self, size: int, count: int) -> None:
        """Begins the line of a size, at which each part does `count` things."""
        self._row: Row = {self.size: size}
        self._count = count

    def timed(self, name: str, work: Callable[[], T]) -> T:
        """The result of a part, whose time is noted."""
        began = processor_seconds()
        made = work()
        self.note(name, processor_seconds() - began)
        return made

    def note(self, name: str, seconds: float) -> None:
        """Notes the time of a part."""
        each = seconds / self._count
        self._row[f"{name}, s"] = float(f"{seconds:.3g}")
        self._row["x" + " " * sum(column.startswith("x") for column in self._row)] = round(
            each / self._first.setdefault(name, each), 2
        )

    def add(self, name: str, value: float) -> None:
        """Notes another figure."""
        self._row[name] = value

    def end(self) -> None:
        """Prints the line, after the names of the columns if it is the first."""
        if not self.rows:
            print("| " + " | ".join(self._row) + " |\n|" + "---:|" * len(self._row))
        print("| " + " | ".join(f"{value:,g}" for value in self._row.values()) + " |", flush=True)
        self.rows.append(self._row)
