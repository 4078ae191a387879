"""A step of a run, which makes one artifact."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ontarget.pipeline.planning.artifacts import Kind, Made


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a run. Translations have a part for each direction, other artifacts one part with their name.

    Attributes:
        kind: synthetic (translations that a stage learns from), model, outputs, scores or report.
        name: the stage, the system, or the file.
        fingerprints: part -> its fingerprint by the recipe.
        todo: parts that are missing or have another fingerprint.
        made: part -> the record of the artifact on disk, whatever its fingerprint.
        needs: ids of the steps before it, such as `model/mt`.
        taken: part -> the other run that has it, for missing parts that need not be made.
        test: the second test that the step translates or scores; empty for the recipe's own test set.
    """

    kind: Kind
    name: str
    fingerprints: Mapping[str, str]
    todo: tuple[str, ...]
    made: Mapping[str, Made]
    needs: tuple[str, ...] = ()
    taken: Mapping[str, Path] = field(default_factory=dict)
    test: str = ""

    @property
    def id(self) -> str:
        """`model/mt`, `outputs/1-shot`, `outputs/everyday/1-shot`, `scores/scores.json`."""
        return "/".join(filter(None, (self.kind, self.test, self.name)))
