"""One thing that a run makes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ontarget.pipeline.planning.artifacts import Kind, Made


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to make. What is translated has a part for each direction, the others one of their own name.

    Attributes:
        kind: synthetic (text that a stage learns from), model, outputs, scores or report.
        name: the stage, the system, or the file.
        fingerprints: part -> what it should have been made from.
        todo: the parts that are missing or were made from something else.
        made: part -> what is on disk, whatever made it.
        needs: names of the steps before it, as `kind/name`.
        taken: part -> the other run that has it, for missing parts that need not be made.
    """

    kind: Kind
    name: str
    fingerprints: Mapping[str, str]
    todo: tuple[str, ...]
    made: Mapping[str, Made]
    needs: tuple[str, ...] = ()
    taken: Mapping[str, Path] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """`model/mt`, `outputs/1-shot`, `scores/scores.json`."""
        return f"{self.kind}/{self.name}"
