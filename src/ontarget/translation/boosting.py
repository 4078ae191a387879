"""Boosting of tokens of the wanted language (LATB and Adaptive-LATB, Ukarapol et al. 2606.08994).

With S, the tokens of the wanted language, the next token y is scored by

    s(y) = log p(y | prompt) + boost * [y in S]

at every token of an answer; in the adaptive form only where the model is not sure of the language, that is
where the best token in S and the best one outside have probabilities that differ by at most `unsure_below`.
As they publish it, the boost is 5, in the adaptive form 1000 with a difference of 0.8.

They tell tokens of a language by their script, so that French is not told from German. Here S is learnt from
text: a token is of a language if it stands there at least a quarter as often as in any other language, each
time as a share of all tokens. Digits, punctuation and whatever else has no letter are always in S, and so are
the end tokens.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerFast

from ontarget.settings.decoding import Boosting
from ontarget.translation.language_tokens import TokenCounts

_SHARED = 0.25  # as a share of how often another language has the token


class Boosted:
    """Boosted tokens of answers in some languages, for an engine.

    Args:
        tokens: which tokens are of which language, bool, [languages, vocabulary].
        rows: the row of the language that each sentence is to be answered in.
        boosting: how much, when, and for how long.
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
        tokens: so many tokens of an answer are boosted; None: all.
    """

    chosen: Tensor
    boost: float
    unsure_below: float | None = None
    tokens: int | None = None
    beside: int = 0
    read: int | None = 0

    def __call__(self, position: int, scores: Tensor, own: Tensor, beside: Tensor) -> Tensor:
        """See `Adjustment`."""
        chosen = self.chosen[:, None]
        boosted = self.boost * chosen
        if self.unsure_below is not None:
            inside = own.masked_fill(~chosen, -torch.inf).amax(-1, keepdim=True).exp()
            outside = own.masked_fill(chosen, -torch.inf).amax(-1, keepdim=True).exp()
            boosted = boosted * ((inside - outside).abs() <= self.unsure_below)
        return scores + boosted

    def keep(self, sentences: Tensor) -> None:
        """See `Adjustment`."""
        self.chosen = self.chosen[sentences]


def tokens_of_languages(tokenizer: PreTrainedTokenizerFast, counts: TokenCounts) -> Tensor:
    """S of each language, bool, [languages, vocabulary]."""
    shares = counts.all / counts.all.sum(1, keepdim=True).clamp(min=1)
    there = (counts.all > 0) & (shares >= _SHARED * shares.amax(0))
    return there | _without_letters(tokenizer, counts.all.shape[1])


def _without_letters(tokenizer: PreTrainedTokenizerFast, vocabulary: int) -> Tensor:
    """Tokens that are ordinary text, but have no letter, nor a part of one."""
    known = min(vocabulary, len(tokenizer))
    texts = tokenizer.batch_decode([[id] for id in range(known)], clean_up_tokenization_spaces=False)
    plain = [not any(sign.isalpha() or sign == "\ufffd" for sign in text) for text in texts]
    found = torch.tensor(plain + [False] * (vocabulary - known))
    found[[id for id in tokenizer.all_special_ids if id < vocabulary]] = False
    return found
