"""A language prior on tokens, learnt from text: in which languages does a line begin so, or have such words?

The language of an answer is decided by its first token. By Bayes' rule, with every language as likely as any
other, an answer that begins with the token y is in the language L with

    P(L | y) = b(y, L) / sum over M of b(y, M)        b(y, L) = share of the lines of L that begin with y, + e

and the first token of an answer that is wanted in L is scored by

    s(y) = log p(y | prompt) + w * log P(L | y)

So a token that begins lines of other languages alone is held back, one that all languages share costs all of
them the same, and of one that begins no line nothing is known: P is 1 / languages. With w = 1 that is the
model's own distribution once the language is known, of a model that believed in all of them alike.

A model that is not sure may still fall back into another language later. There the end, punctuation and what
languages share must not be held back against words, so later tokens are compared with the language that has
them most often:

    s(y) = log p(y | ...) + w * log (a(y, L) / max over M of a(y, M))    a(y, L) = share of tokens of L, + e

Nothing is added to the end tokens. No prompt is read beside the sentence's own. e is half a line, or half a
token, of the language with the fewest: what its text does not have is improbable, not impossible.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ontarget.settings.decoding import Prior
from ontarget.translation.language_tokens import TokenCounts


class LanguagePrior:
    """The prior on answers in some languages, for an engine.

    Args:
        counts: of the text that it is learnt from.
        rows: the row in them of the language that each sentence is to be answered in.
        prior: its weight, and how many tokens it is on.
    """

    def __init__(self, counts: TokenCounts, rows: Sequence[int], prior: Prior) -> None:
        self.prompts: Sequence[Sequence[list[int]]] = [()] * len(rows)
        self._first = (prior.weight * log_language(counts)).float()
        self._later = (prior.weight * log_share_of_most(counts)).float()
        self._rows, self._tokens = rows, prior.first_tokens

    def of(self, sentences: Sequence[int], ends: Tensor) -> "LanguagePriorBatch":
        """See `Adjuster`."""
        rows = [self._rows[i] for i in sentences]
        first, later = (table[rows].to(ends.device) for table in (self._first, self._later))
        first[:, ends] = later[:, ends] = 0
        return LanguagePriorBatch(first, later, self._tokens)


@dataclass
class LanguagePriorBatch:
    """The prior on answers to the sentences of a batch.

    Attributes:
        first: what is added to scores of a first token, [sentences, vocabulary].
        later: what is added to those of later ones, of the same shape.
        tokens: it is on so many tokens of an answer; None: all.
    """

    first: Tensor
    later: Tensor
    tokens: int | None
    beside: int = 0
    read: int | None = 0

    def __call__(self, position: int, scores: Tensor, own: Tensor, beside: Tensor) -> Tensor:
        """See `Adjustment`."""
        return scores + (self.later if position else self.first)[:, None]

    def keep(self, sentences: Tensor) -> None:
        """See `Adjustment`."""
        self.first, self.later = self.first[sentences], self.later[sentences]


def log_language(counts: TokenCounts) -> Tensor:
    """log P(L | y) as above, [languages, vocabulary]."""
    shares = _shares(counts.first, counts.lines)
    return torch.log(shares / shares.sum(0))


def log_share_of_most(counts: TokenCounts) -> Tensor:
    """log (a(y, L) / max a(y, M)) as above, [languages, vocabulary]; 0 where no language has y oftener."""
    shares = _shares(counts.all, counts.all.sum(1))
    return torch.log(shares / shares.amax(0))


def _shares(counts: Tensor, of: Tensor) -> Tensor:
    of = of.clamp(min=1)
    return counts / of[:, None] + 0.5 / of.min()
