"""The objective of a language-aware stage: what it does with conflicting samples."""

from dataclasses import dataclass
from typing import Literal

ObjectiveName = Literal["unlikelihood", "bounded", "orpo", "cpo", "simpo"]


@dataclass(frozen=True, slots=True)
class Objective:
    """A loss on conflicting samples: `training/loss/objective.py`, and `preference.py` for those over pairs.

    Attributes:
        name: which loss.
        beta: for `cpo` and `simpo`, the sharpness of the comparison: factor of a difference in nats.
        margin: for `simpo`, nats by which the right instruction should be better, times beta.
        q: for `bounded`, the loss of a token is at most 1/q. 0 is unlikelihood, which is not bounded.
    """

    name: ObjectiveName = "unlikelihood"
    beta: float = 1.0
    margin: float = 0.0
    q: float = 0.0

    @property
    def pairwise(self) -> bool:
        """Whether the loss compares a conflicting sample with its original, instead of using it alone."""
        return self.name in ("orpo", "cpo", "simpo")


UNLIKELIHOOD = Objective()
