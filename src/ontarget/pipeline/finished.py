"""The result of `ontarget.run`: a run directory, its scores, and the table of averages."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table

from ontarget.errors import UserError, counted
from ontarget.reporting import table_formats as forms
from ontarget.reporting.run_files import KINDS, Scores, read_scores, read_second_scores
from ontarget.reporting.table import Table as Layout
from ontarget.reporting.table import layout
from ontarget.system_ids import current_id

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True)
class Run:
    """A complete run directory.

    `print(run)` shows its contents. The outputs are in `outputs/<system>/<direction>.jsonl` of `directory`.
    """

    directory: Path

    @cached_property
    def scores(self) -> list[dict[str, Any]]:
        """The rows of `scores.json`: one for each system, direction and metric.

        Each has `system`, `direction` (`avg` for the mean over a kind), `kind` (zero-shot or supervised),
        `metric`, `value` (percent, or BLEU points), `n` (segments) and `signature`. `low` and `high` are the
        ends of the 95 % interval, where there is one.
        """
        path = self.directory / "scores.json"
        Scores.read(path)  # raises UserError if the file is damaged
        rows: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
        return [row | {"system": current_id(row["system"])} for row in rows]

    def to_pandas(self) -> "pandas.DataFrame":
        """`scores` as a data frame.

        Raises:
            UserError: pandas is not installed.
        """
        try:
            import pandas
        except ModuleNotFoundError:
            raise UserError("a data frame needs pandas: pip install pandas") from None
        return pandas.DataFrame(self.scores)

    def table(self) -> Table:
        """The table of averages, for notebooks and `rich.print`."""
        return forms.terminal(layout(read_scores(self.directory)))

    def tables(self, width: int) -> list[Table]:
        """The same for a terminal of `width` characters, and the table of the second test if there is one.

        A table that would be wider becomes several tables.
        """
        return [part for table in self._layouts() for part in forms.terminals(table, width)]

    @cached_property
    def second_scores(self) -> list[dict[str, Any]]:
        """The rows of the second test, as `scores`; empty if the recipe has none."""
        second = read_second_scores(self.directory)
        return Run(self.directory / second[0]).scores if second else []

    def _layouts(self) -> list[Layout]:
        second = read_second_scores(self.directory)
        more = [layout(second[1], test=second[0])] if second else []
        return [layout(read_scores(self.directory)), *more]

    def __str__(self) -> str:
        scores = read_scores(self.directory)
        directions = sum(len(scores.directions(kind)) for kind in KINDS)
        held = f"{counted(len(scores.systems), 'system')}, {counted(directions, 'direction')}"
        report = self.directory / "report.html"
        first, *second = self._layouts()
        tables = [forms.markdown(first), *(f"{one.caption}\n\n{forms.markdown(one)}" for one in second)]
        return "\n".join([f"{self.directory}: {held}\n", *tables, f"Report: {report}"])
