"""The interface of everything that changes the scores of next tokens during a search.

A model gives each next token y its log-probability. Contrastive decoding, a language prior, boosting and
Anti-LM decoding change this score, by the log-probabilities of y after other prompts or by the languages in
which y is used. An `Adjuster` holds the data of all sentences of a call, and makes an `Adjustment` for those
that begin together. Both declare which prompts are read beside a sentence's own, and for how many tokens of
an output: after these the output has the speed of plain decoding.
"""

from collections.abc import Sequence
from typing import Protocol

from torch import Tensor


class Adjustment(Protocol):
    """One way to change scores, for sentences that begin together.

    Attributes:
        beside: the greatest number of prompts that are read beside a sentence's own.
        read: the number of tokens of an output for which these prompts are read; None: all.
        tokens: the number of tokens of an output whose scores change, at least `read`; None: all.
    """

    beside: int
    read: int | None
    tokens: int | None

    def __call__(self, position: int, scores: Tensor, own: Tensor, beside: Tensor) -> Tensor:
        """Changed scores of the token at `position` of an output, counted from 0.

        Args:
            position: the same for all sentences.
            scores: the result of the adjustments before this one, or else `own`;
                [sentences, branches, vocabulary].
            own: log-probabilities of the model, of the same shape.
            beside: log-probabilities after the prompts beside, [sentences, beside, branches, vocabulary];
                `own` where a sentence has fewer of them, and empty once they are no longer read.
        """
        ...

    def keep(self, sentences: Tensor) -> None:
        """Drops all sentences except these."""
        ...


class Adjuster(Protocol):
    """One way to change scores, for all sentences that are given to an engine."""

    @property
    def prompts(self) -> Sequence[Sequence[list[int]]]:
        """For each sentence the token ids of the prompts beside its own; their number may differ."""
        ...

    def of(self, sentences: Sequence[int], ends: Tensor) -> Adjustment:
        """The adjustment for sentences that begin together.

        Args:
            sentences: their indices.
            ends: ids of the end tokens, [ends].
        """
        ...
