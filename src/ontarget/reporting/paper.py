"""The paper's figures (Zan et al. 2025, Tables 1 to 4, Figure 5a), shown beside the scores of a run."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from ontarget.reporting.systems import display_name
from ontarget.system_ids import BASE

_FOLDER = Path(__file__).parent / "paper_tables"
_OURS = {BASE: "LLaMA", "lat": "Ours"}  # what the paper calls them
_WITH_ALPACA = {"mt": "Alpaca-MT", **_OURS}  # in Figure 5a, whose "MT" is the one without
# The beginnings of names of recipes, and of points of sweeps, that repeat a table or a part of one.
_OF_IWSLT, _OF_WMT = ("IWSLT", "table2-iwslt-zero-shot"), ("WMT", "table1-wmt-zero-shot")
_TABLES = {
    "paper-iwslt17": _OF_IWSLT,
    "paper-table3": _OF_IWSLT,
    "paper-wmt": _OF_WMT,
    # The values of the figures are not printed, but these points have the settings of Table 2.
    "paper-figure3-alpha-alpha-0.05": _OF_IWSLT,
    "paper-figure3-steps-step-100": _OF_IWSLT,
    "paper-figure4-samples-12000": _OF_IWSLT,
    "paper-figure5": ("IWSLT", "fig5a-with-alpaca"),
}
# The models that the paper tuned, with their sizes.
_MODELS = {
    "Llama-2-7b-hf": ("LLaMA 2", "7B"),
    "Llama-2-13b-hf": ("LLaMA 2", "13B"),
    "Meta-Llama-3-8B": ("LLaMA 3", "8B"),
}
_LARGER = "13B"  # only in Table 3, on one benchmark


@dataclass(frozen=True, slots=True)
class Paper:
    """The figures of one model on one benchmark.

    Attributes:
        title: their place in the paper: `Table 2 and 4, LLaMA 2 7B`.
        figures: (system as printed, kind, direction, metric) -> BLEU points, or OTR in percent.
        names: system id -> name in the paper, if it differs from ours.
    """

    title: str
    figures: Mapping[tuple[str, str, str, str], float]
    names: Mapping[str, str] = field(default_factory=_OURS.copy)

    @classmethod
    def of(cls, recipe: Mapping[str, Any]) -> Self | None:
        """The figures that a run repeats; None if it is another experiment or has another model.

        Args:
            recipe: the resolved recipe; the stage `mt` starts from the model.
        """
        start = ((recipe.get("stages") or {}).get("mt") or {}).get("from")
        name, model = str(recipe.get("name")), str(start).rstrip("/").rpartition("/")[2]
        repeated = [found for start, found in _TABLES.items() if name.startswith(start)]
        if not repeated or model not in _MODELS:
            return None
        (benchmark, table), (base_model, size) = repeated[0], _MODELS[model]
        of_model = [
            row
            for row in _rows("other_tables.csv")
            if (row["base_model"], row["size"], row["benchmark"]) == (base_model, size, benchmark)
        ]
        if table.startswith("fig"):
            figures = _figures([row for row in of_model if row["table"] == table], "zero-shot")
            return cls(f"Figure 5a, {base_model} {size}", figures, _WITH_ALPACA) if figures else None
        zero_shot = [
            row for row in _rows("zero_shot.csv") if (row["table"], row["base_model"]) == (table, base_model)
        ]
        if size == _LARGER:
            zero_shot, table = [row for row in of_model if row["table"].startswith("table3")], "table3"
        supervised = [row for row in of_model if row["table"].startswith("table4")]
        figures = _figures(zero_shot, "zero-shot") | _figures(supervised, "supervised")
        numbers = f"Table {table.removeprefix('table')[0]}{' and 4' if supervised else ''}"
        return cls(f"{numbers}, {base_model} {size}", figures) if figures else None

    def value(self, system: str, metric: str, kind: str, direction: str) -> float | None:
        """The paper's figure for the id of a system, or None."""
        return self.figures.get((self.names.get(system, display_name(system)), kind, direction, metric))

    @property
    def beside(self) -> str:
        """The names in the paper that differ from ours, for a note."""
        return ", ".join(
            f"“{theirs}” beside {display_name(ours)}" for ours, theirs in self.names.items() if ours != BASE
        )


def _figures(rows: list[dict[str, str]], kind: str) -> dict[tuple[str, str, str, str], float]:
    return {
        (row["system"], kind, row["direction"], row["metric"].lower()): float(row["value"]) for row in rows
    }


def _rows(file: str) -> list[dict[str, str]]:
    with (_FOLDER / file).open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))
