"""What a system answers."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One output of a model.

    Attributes:
        text: the translation, one line, without surrounding white space.
        finish_reason: `stop` when the model ended it (end token or stop sequence), `length` when it was cut.
        log_probability: nats, summed over the output tokens, the end token included. Where a
            system adjusts scores: the sum of what it makes of them, which are no logarithms of probabilities.
        tokens: how many tokens were generated, the end token included.
    """

    text: str
    finish_reason: Literal["stop", "length"]
    log_probability: float
    tokens: int
