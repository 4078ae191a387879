"""`details.json` of a run: the results of scoring line by line, and significance tests."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from ontarget.errors import UserError
from ontarget.reporting.text_files import remedy
from ontarget.system_ids import current_id

FILE = "details.json"
UNSURE, NEUTRAL = "und", "zxx"
"""Labels (BCP 47) of outputs that count for no language: unsure ones, and those without a word."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The difference of a system from the baseline, in one metric.

    Attributes:
        p_value: two-sided; adjusted if several systems are compared.
    """

    system: str
    direction: str
    kind: str
    metric: str
    difference: float
    p_value: float


@dataclass(frozen=True, slots=True)
class Lines:
    """Notable lines of one system in one direction, by line number from 0.

    Attributes:
        outcomes: line -> outcome, for lines that are not on target: `source`, `copy`, `run-on` ...
        words: line -> start and end, in characters, of the first word that is not in the requested language:
            where the line switches to another one, otherwise a single leftover word.
        states: line -> `off`, `unsure` or `neutral`, for lines that do not count as on target; None if the
            run was scored by a version without these states.
        read: line -> label and probability, if they differ after the text was prepared by the rules of OTR.
    """

    outcomes: Mapping[int, str]
    words: Mapping[int, tuple[int, int]]
    states: Mapping[int, str] | None = None
    read: Mapping[int, tuple[str, float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Details:
    """The contents of `details.json`; empty for a run that an older version scored.

    Attributes:
        produced: system -> direction -> the identifier's label -> number of hypotheses (label `` if they are
            empty, `UNSURE` or `NEUTRAL` if they count for no language).
        lines: system -> direction -> notable lines.
        labels: requested language -> the identifier's labels for it.
        baseline: the system that the others are compared with, or "".
        test: the signature of the significance tests.
        note: a note on the scores for readers, in sentences.
    """

    produced: Mapping[str, Mapping[str, Mapping[str, int]]] = field(default_factory=dict)
    lines: Mapping[str, Mapping[str, Lines]] = field(default_factory=dict)
    differences: tuple[Difference, ...] = ()
    labels: Mapping[str, Sequence[str]] = field(default_factory=dict)
    baseline: str = ""
    test: str = ""
    note: str = ""

    def p_value(self, system: str, metric: str, kind: str, direction: str) -> float | None:
        """The p-value of the difference from the baseline; None if it was not tested."""
        return self._p_values.get((system, metric, kind, direction))

    @cached_property  # since each cell of a table asks for one
    def _p_values(self) -> dict[tuple[str, str, str, str], float]:
        return {(d.system, d.metric, d.kind, d.direction): d.p_value for d in self.differences}

    @classmethod
    def read(cls, run: Path) -> Self:
        """Reads `details.json` of a run directory; a run without it has empty details.

        Raises:
            UserError: the file is not what `ontarget run` writes.
        """
        path = run / FILE
        if not path.exists():
            return cls()
        try:
            return cls._of(json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            what = f"the key {error} is missing" if isinstance(error, KeyError) else str(error)
            raise UserError(f"{path} is damaged ({what}); delete it, and {remedy(run)}") from None

    @classmethod
    def _of(cls, data: Mapping[str, Any]) -> Self:
        tests = data.get("significance") or {"differences": [], "baseline": "", "signature": ""}
        lines = {
            current_id(system): {
                direction: Lines(
                    _by_line(found["outcomes"]),
                    {int(line): (start, end) for line, (start, end) in found["words"].items()},
                    _by_line(found["states"]) if "states" in found else None,
                    {int(line): (label, p) for line, (label, p) in found.get("read", {}).items()},
                )
                for direction, found in directions.items()
            }
            for system, directions in data["lines"].items()
        }
        names = Difference.__dataclass_fields__
        rows = [row | {"system": current_id(row["system"])} for row in tests["differences"]]
        differences = tuple(Difference(**{name: row[name] for name in names}) for row in rows)
        return cls(
            {current_id(system): counts for system, counts in data["produced"].items()},
            lines,
            differences,
            data["labels"],
            tests["baseline"],
            tests["signature"],
            data.get("note", ""),
        )


def _by_line(numbers_of: Mapping[str, Sequence[int]]) -> dict[int, str]:
    return {line: name for name, numbers in numbers_of.items() for line in numbers}
