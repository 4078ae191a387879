"""What a system answers."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One output of a model.

    Attributes:
        text: the translation, one line, without surrounding white space.
        finish_reason: `stop` when the model ended it (end token or stop sequence); `length` when it was cut,
            at `max_new_tokens` or where the model's context ends; `too-long` when the prompt leaves no room
            in the context, so that nothing was generated and the text is empty.
        log_probability: nats, summed over the output tokens, the end token included. Where a
            system adjusts scores: the sum of what it makes of them, which are no logarithms of probabilities.
        tokens: how many tokens were generated, the end token included.
        prompt_tokens: how many tokens the prompt has; the longest, where a system reads several.
    """

    text: str
    finish_reason: Literal["stop", "length", "too-long"]
    log_probability: float
    tokens: int
    prompt_tokens: int = 0

    @property
    def too_long(self) -> bool:
        """Whether the prompt did not fit into the model's context."""
        return self.finish_reason == "too-long"
