"""The weights of a response's tokens, which decide the tokens that are unlearnt."""

from dataclasses import dataclass
from typing import Literal

Tokens = Literal["all", "first", "first-k", "decay"]
TokenWeighting = Literal["text", "model"]

_LEAST = 0.01  # smaller shares of `decay` are 0: such a token would cost time without an effect


@dataclass(frozen=True, slots=True)
class Weighting:
    """The shares of a response's tokens in its weight, in [0, 1]; data/weights.py normalises them.

    Attributes:
        tokens: `all` gives every token the share 1. The other values number the tokens with a letter, from
            the first token that shows the language: `first` gives 1 to number 0, `first-k` gives 1 to the
            numbers below k, and `decay` gives gamma ** number.
        k: the k of `first-k`.
        gamma: the gamma of `decay`.
        token_weighting: multiplies shares by how clearly a token shows the language of the response rather
            than the requested one, estimated from the training text (data/token_weighting.py) or from the
            model that a stage starts from (training/loss/reference.py). None: no such factor.
    """

    tokens: Tokens = "all"
    k: int = 1
    gamma: float = 0.5
    token_weighting: TokenWeighting | None = None

    def share(self, number: int) -> float:
        """The share of the token with this number; not for `all`, which does not number tokens."""
        if self.tokens == "decay":
            share = self.gamma**number
            return share if share >= _LEAST else 0.0
        return float(number < (self.k if self.tokens == "first-k" else 1))


ALL = Weighting()
