"""`details.json` of a run: what stands behind its scores, line by line, as the scoring wrote it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from ontarget.errors import UserError
from ontarget.system_ids import current_id

FILE = "details.json"
UNSURE, NEUTRAL = "und", "zxx"
"""Labels (BCP 47) of what counts for no language: it may be the one asked for, or has no word of any."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A system against the one that it is compared with, in one metric.

    Attributes:
        p_value: two-sided; adjusted where several systems are compared.
    """

    system: str
    direction: str
    kind: str
    metric: str
    difference: float
    p_value: float


@dataclass(frozen=True, slots=True)
class Lines:
    """What is remarkable about the lines of one system in one direction, by their number from 0.

    Attributes:
        outcomes: line -> what became of it, where it is not on target: `source`, `copy`, `run-on` ...
        words: line -> start and end, in characters, of the first word that is not in the language asked for:
            where the line leaves it, else a single word left over.
        states: line -> `off`, `unsure` or `neutral`, where it does not count as on target; None where the
            run was scored by a version that did not know them.
        read: line -> label and probability, where the rules of OTR find another language than the
            identifier does in the line as it is written.
    """

    outcomes: Mapping[int, str]
    words: Mapping[int, tuple[int, int]]
    states: Mapping[int, str] | None = None
    read: Mapping[int, tuple[str, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Details:
    """All of it; empty where a run has none (it was scored by an older version).

    Attributes:
        produced: system -> direction -> the identifier's label -> hypotheses (label `` where they are empty,
            `UNSURE` or `NEUTRAL` where none counts).
        lines: system -> direction -> which lines are remarkable.
        labels: language that was asked for -> the identifier's labels that mean it.
        baseline: the system that the others are compared with, or none.
        test: how they are compared, as a signature.
        note: what a reader must know of the scores, in sentences.
    """

    produced: Mapping[str, Mapping[str, Mapping[str, int]]] = field(default_factory=dict)
    lines: Mapping[str, Mapping[str, Lines]] = field(default_factory=dict)
    differences: tuple[Difference, ...] = ()
    labels: Mapping[str, Sequence[str]] = field(default_factory=dict)
    baseline: str = ""
    test: str = ""
    note: str = ""

    def p_value(self, system: str, metric: str, kind: str, direction: str) -> float | None:
        """How probable a difference from the baseline as large is by chance; None: not tested."""
        return next(
            (
                d.p_value
                for d in self.differences
                if (d.system, d.metric, d.kind, d.direction) == (system, metric, kind, direction)
            ),
            None,
        )

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
            raise UserError(
                f"{path} is damaged ({what}); delete it, and 'ontarget run {run.resolve().name}' makes it"
            ) from None

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
