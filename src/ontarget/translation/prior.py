"""A language prior on tokens, learnt from text in each language.

The first token of an output decides its language. By Bayes' rule, if all languages are equally likely, an
output that begins with the token y is in the language L with

    P(L | y) = b(y, L) / sum over M of b(y, M)        b(y, L) = share of the lines of L that begin with y, + e

and the first token of an output that should be in L is scored by

    s(y) = log p(y | prompt) + w * log P(L | y)

So a token that begins lines of other languages alone gets a lower score. A token that all languages share
costs all of them the same. A token that begins no line has P = 1 / languages. With w = 1 this is the model's
own distribution given the language, if the model considers all languages equally likely.

A model that is not sure may still switch to another language later. There the prior must not prefer words
over the end token, punctuation and tokens that languages share. So later tokens are compared with the
language that has them most often:

    s(y) = log p(y | ...) + w * log (a(y, L) / max over M of a(y, M))    a(y, L) = share of tokens of L, + e

Nothing is added to the scores of end tokens. No other prompt is read. e is half a line, or half a token, of
the language with the fewest, so that a token that its text lacks is improbable but not impossible.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ontarget.settings.decoding import Prior
from ontarget.translation.language_tokens import TokenCounts


class LanguagePrior:
    """The prior on outputs in some languages, for an engine.

    Args:
        counts: token counts of the text that the prior is learnt from.
        rows: the row of each sentence's target language in these counts.
        prior: the weight, and the number of tokens that it applies to.
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
    """The prior on the outputs of a batch.

    Attributes:
        first: added to the scores of the first token, [sentences, vocabulary].
        later: added to the scores of later tokens, of the same shape.
        tokens: number of tokens of an output that the prior applies to; None: all.
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
    """log (a(y, L) / max a(y, M)) as above, [languages, vocabulary]; 0 if no language has y more often."""
    shares = _shares(counts.all, counts.all.sum(1))
    return torch.log(shares / shares.amax(0))


def _shares(counts: Tensor, of: Tensor) -> Tensor:
    of = of.clamp(min=1)
    return counts / of[:, None] + 0.5 / of.min()
