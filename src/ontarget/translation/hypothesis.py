"""A hypothesis: one output of a system."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """One output of a model.

    Attributes:
        text: the translation, one line, without surrounding white space.
        finish_reason: `stop` if the model ended it (end token or stop sequence); `length` if it was cut at
            `max_new_tokens`, at the end of the model's context, or by the filter of a server; `too-long` if
            the prompt leaves no room in the context, so that nothing was generated and the text is empty.
        log_probability: nats, summed over the output tokens, the end token included. If the system adjusts
            scores, the sum of the adjusted scores, which are not log-probabilities. NaN if a server does not
            give them.
        tokens: number of generated tokens, the end token included.
        prompt_tokens: number of tokens of the prompt; of the longest one, if the system reads several. 0 if a
            server does not count them.
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
