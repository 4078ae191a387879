"""Which tokens of a response are unlearnt, and how much each of them."""

from dataclasses import dataclass
from typing import Literal

Tokens = Literal["all", "first", "first-k", "decay"]
TokenWeighting = Literal["text", "model"]

_LEAST = 0.01  # a share of `decay` below it is none: it would cost a token and move nothing


@dataclass(frozen=True, slots=True)
class Weighting:
    """How a response's tokens share its weight, in [0, 1] each; data/weights.py normalises the shares.

    Attributes:
        tokens: `all` counts every token as 1. The others number tokens that carry a letter, from the first
            that tells the language on: `first` takes number 0, `first-k` the numbers below k, and `decay`
            gives gamma ** number.
        k: of `first-k`.
        gamma: of `decay`.
        token_weighting: multiplies a share by how much the token tells the language of the response from the
            one asked for, as the training text knows (data/token_weighting.py) or the model that a stage starts
            from (training/loss/reference.py). None: all tell alike.
    """

    tokens: Tokens = "all"
    k: int = 1
    gamma: float = 0.5
    token_weighting: TokenWeighting | None = None

    def share(self, number: int) -> float:
        """Of the token with this number; not for `all`, which numbers none."""
        if self.tokens == "decay":
            share = self.gamma**number
            return share if share >= _LEAST else 0.0
        return float(number < (self.k if self.tokens == "first-k" else 1))


ALL = Weighting()
