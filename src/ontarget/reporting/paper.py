"""What the paper printed (Zan et al. 2025, Tables 1, 2 and 4), to stand beside what a run measured.

A recipe that repeats one of its tables says so: `paper: {table: table2-iwslt-zero-shot, base_model: LLaMA 2}`.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from ontarget.errors import UserError, nearest
from ontarget.reporting.systems import display_name

_FOLDER = Path(__file__).parent / "paper_tables"
_OURS = {"lat": "Ours"}  # their name of what here is called after its stage


@dataclass(frozen=True, slots=True)
class Paper:
    """One of its tables, with the supervised averages of Table 4.

    Attributes:
        title: such as `Table 2, LLaMA 2`.
        figures: (system as printed, kind, direction, metric) -> BLEU points, or OTR in percent.
    """

    title: str
    figures: Mapping[tuple[str, str, str, str], float]

    @classmethod
    def of(cls, recipe: Mapping[str, Any]) -> Self | None:
        """The table that a run's recipe names, or None where it names none.

        Raises:
            UserError: there is no such table or base model.
        """
        named = recipe.get("paper")
        if not isinstance(named, Mapping):
            return None
        table, model = str(named.get("table", "")), str(named.get("base_model", ""))
        rows = _rows("zero_shot.csv")
        _known("paper.table", table, {row["table"] for row in rows})
        _known("paper.base_model", model, {row["base_model"] for row in rows})
        figures = {
            (row["system"], "zero-shot", row["direction"], row["metric"].lower()): float(row["value"])
            for row in rows
            if (row["table"], row["base_model"]) == (table, model)
        }
        benchmark = "WMT" if "wmt" in table else "IWSLT"
        figures |= {
            (row["system"], "supervised", row["direction"], row["metric"].lower()): float(row["value"])
            for row in _rows("other_tables.csv")
            if (row["table"], row["base_model"], row["benchmark"]) == ("table4-supervised", model, benchmark)
        }
        return cls(f"Table {table.removeprefix('table')[0]}, {model}", figures)

    def value(self, system: str, metric: str, kind: str, direction: str) -> float | None:
        """What the paper printed for a system's id, or None."""
        return self.figures.get((_OURS.get(system, display_name(system)), kind, direction, metric))


def _rows(file: str) -> list[dict[str, str]]:
    with (_FOLDER / file).open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


def _known(key: str, word: str, known: set[str]) -> None:
    if word not in known:
        hint = nearest(word, known) or f"; it has {', '.join(sorted(known))}"
        raise UserError(f"{key} is '{word}', which the paper does not have{hint}")
