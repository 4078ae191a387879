"""Boosting of tokens of the target language (LATB and Adaptive-LATB, Ukarapol et al. 2606.08994).

With S, the tokens of the target language, the next token y is scored by

    s(y) = log p(y | prompt) + boost * [y in S]

at every token of an output. The adaptive form does so only where the model is not sure of the language: where
the probabilities of the best token in S and the best token outside S differ by at most `unsure_below`. The
published boost is 5, or 1000 in the adaptive form, with a difference of 0.8.

The paper assigns tokens to languages by their script, which cannot distinguish French from German. Here S is
learnt from text: a token belongs to a language if its share of the language's tokens is at least a quarter of
its share in any other language. Digits, punctuation and other tokens without a letter are always in S, and so
are the end tokens.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from ontarget.settings.decoding import Boosting
from ontarget.translation.language_tokens import TokenCounts

_SHARED = 0.25  # as a share of how often another language has the token


class Boosted:
    """Boosted tokens of outputs in some languages, for an engine.

    Args:
        tokens: whether a token belongs to a language, bool, [languages, vocabulary].
        rows: the row of each sentence's target language.
        boosting: the boost, its condition and the number of tokens that it applies to.
    """

    def __init__(self, tokens: Tensor, rows: Sequence[int], boosting: Boosting) -> None:
        self.prompts: Sequence[Sequence[list[int]]] = [()] * len(rows)
        self._tokens, self._rows, self._boosting = tokens, rows, boosting

    def of(self, sentences: Sequence[int], ends: Tensor) -> "BoostedBatch":
        """See `Adjuster`."""
        chosen = self._tokens[[self._rows[i] for i in sentences]].to(ends.device)
        chosen[:, ends] = True
        return BoostedBatch(
            chosen, self._boosting.boost, self._boosting.unsure_below, self._boosting.first_tokens
        )


@dataclass
class BoostedBatch:
    """Boosted scores of the sentences of a batch.

    Attributes:
        chosen: S, [sentences, vocabulary].
        boost: nats.
        unsure_below: see above; None: always.
        tokens: number of tokens of an output to boost; None: all.
    """

    chosen: Tensor
    boost: float
    unsure_below: float | None = None
    tokens: int | None = None
    beside: int = 0
    read: int | None = 0

    def __post_init__(self) -> None:
        # Added to scores, [sentences, 1, vocabulary]: a sum takes a quarter of the time of `masked_fill`.
        chosen, zeros = self.chosen[:, None], torch.zeros_like(self.chosen, dtype=torch.float32)[:, None]
        self._boosts = zeros.masked_fill(chosen, self.boost)
        self._inside, self._outside = (
            zeros.masked_fill(left_out, -torch.inf) for left_out in (~chosen, chosen)
        )

    def __call__(self, position: int, scores: Tensor, own: Tensor, beside: Tensor) -> Tensor:
        """See `Adjustment`."""
        if self.unsure_below is None:
            return scores + self._boosts
        inside, outside = (
            (own + part).amax(-1, keepdim=True).exp() for part in (self._inside, self._outside)
        )
        unsure = (inside - outside).abs() <= self.unsure_below
        return torch.addcmul(scores, self._boosts, unsure.to(scores.dtype))

    def keep(self, sentences: Tensor) -> None:
        """See `Adjustment`."""
        self.chosen = self.chosen[sentences]
        self.__post_init__()


def tokens_of_languages(tokenizer: PreTrainedTokenizerFast, counts: TokenCounts) -> Tensor:
    """S of each language, bool, [languages, vocabulary]."""
    shares = counts.all / counts.all.sum(1, keepdim=True).clamp(min=1)
    there = (counts.all > 0) & (shares >= _SHARED * shares.amax(0))
    return there | _without_letters(tokenizer, counts.all.shape[1])


@lru_cache(maxsize=8)  # decoding tens of thousands of tokens takes as long as a short translation
def _without_letters(tokenizer: PreTrainedTokenizerFast, vocabulary: int) -> Tensor:
    """Whether a token is ordinary text without a letter or a part of a letter, bool, [vocabulary]."""
    known = min(vocabulary, len(tokenizer))
    texts = tokenizer.batch_decode([[id] for id in range(known)], clean_up_tokenization_spaces=False)
    plain = [not any(sign.isalpha() or sign == "\ufffd" for sign in text) for text in texts]
    found = torch.tensor(plain + [False] * (vocabulary - known))
    found[[id for id in tokenizer.all_special_ids if id < vocabulary]] = False
    return found
