"""A language prior on the first token, learnt from text: in which languages does a line begin so?

The language of an answer is decided by its first token. By Bayes' rule, with every language as likely as any
other, an answer that begins with the token y is in the language L with

    P(L | y) = f(y, L) / sum over M of f(y, M)        f(y, L) = share of the lines of L that begin with y, + e

and the first token of an answer that is wanted in L is scored by

    s(y) = log p(y | prompt) + w * log P(L | y)

So a token that begins lines of other languages alone is held back, one that all languages share costs all of
them the same, and of one that begins no line nothing is known: P is 1 / languages. With w = 1 that is the
model's own distribution once the language is known, of a model that believed in all of them alike. Nothing
more is read, and the rest of an answer is the model's own.

e is half a line of the language with the fewest: a beginning that its text does not have is improbable, not
impossible.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ontarget.translation.language_tokens import TokenCounts
from ontarget.translation.system import Prior


class FirstTokenPrior:
    """The prior on answers in some languages, for an engine.

    Args:
        table: log P(L | y), [languages, vocabulary].
        rows: the row of the language that each sentence is to be answered in.
        prior: its weight.
    """

    def __init__(self, table: Tensor, rows: Sequence[int], prior: Prior) -> None:
        self.prompts: Sequence[Sequence[list[int]]] = [()] * len(rows)
        self._added, self._rows = (prior.weight * table).float(), rows

    def of(self, sentences: Sequence[int], ends: Tensor) -> "FirstTokenPriorBatch":
        """See `Adjuster`."""
        return FirstTokenPriorBatch(self._added[[self._rows[i] for i in sentences]].to(ends.device))


@dataclass
class FirstTokenPriorBatch:
    """What is added to the scores of a first token, [sentences, vocabulary]."""

    added: Tensor
    beside: int = 0
    read: int | None = 0
    tokens: int | None = 1

    def __call__(self, position: int, scores: Tensor, own: Tensor, beside: Tensor) -> Tensor:
        """See `Adjustment`."""
        return scores + self.added[:, None]

    def keep(self, sentences: Tensor) -> None:
        """See `Adjustment`."""
        self.added = self.added[sentences]


def log_language(counts: TokenCounts) -> Tensor:
    """log P(L | y) as above, [languages, vocabulary]."""
    lines = counts.lines.clamp(min=1)
    shares = counts.first / lines[:, None] + 0.5 / lines.min()
    return torch.log(shares / shares.sum(0))
