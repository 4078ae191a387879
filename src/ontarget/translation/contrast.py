"""Contrastive decoding, C_src+lang (after Sennrich et al. 2309.07098), for many sentences at once.

The next token y is scored by

    s(y) = log p(y | prompt) - sum over i of w_i * log p(y | contrast prompt i)

where the contrast prompts have another source sentence with the same instruction (C_src), or the same
sentence with an instruction to translate it into a wrong language (C_lang): into English and into the
language of the source, or into other languages that the system names. The published code of Zan et al. 2025
counts English twice if it is the language of the source, so that the weights sum to -1. Then s = 0 for every
token that all prompts agree on, and neither such tokens nor the end of the sentence can win. Here:

- The contrasts share one budget, sum w_i < 1: `source_weight` for C_src, `language_weight` for all of
  C_lang, divided among the *distinct* wrong languages. Tokens that all prompts agree on keep the model's
  order.
- The end token is exempt: it is scored as if every contrast agreed on it, s = (1 - sum w_i) * log p.
- A token is left out (s = -inf) if p(y) < plausibility * max p (Li et al. 2210.15097): a token that is
  unlikely after the prompt must not win only because it is even less likely after the contrast prompts.
  Tokens that would repeat an n-gram (`no_repeat_ngram_size`) do not count for max p.

The first token of an output decides its language, so it may be enough to contrast that one. Then the contrast
prompts are dropped after the first token, and the other tokens are generated at the usual speed.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

import torch
from torch import Tensor

from ontarget.settings.decoding import Contrast

ContrastPrompt = tuple[list[int], float]
"""Token ids, and the weight w above."""


class Contrasted:
    """The contrast prompts of all sentences, for an engine.

    Args:
        contrasts: the contrast prompts of each sentence, possibly none.
        contrast: the plausibility threshold and the number of tokens to contrast.
    """

    def __init__(self, contrasts: Sequence[Sequence[ContrastPrompt]], contrast: Contrast) -> None:
        self.prompts = [[ids for ids, _ in of_one] for of_one in contrasts]
        self._weights = [[weight for _, weight in of_one] for of_one in contrasts]
        self._contrast = contrast

    def of(self, sentences: Sequence[int], ends: Tensor) -> "ContrastedBatch":
        """See `Adjuster`."""
        padded = zip(*zip_longest(*(self._weights[i] for i in sentences), fillvalue=0.0), strict=True)
        weights = torch.tensor([*padded] or [()] * len(sentences), device=ends.device)
        return ContrastedBatch(weights, self._contrast.plausibility, ends, self._contrast.first_tokens)


@dataclass
class ContrastedBatch:
    """Scores s of the sentences of a batch.

    Attributes:
        weights: w, [sentences, contrasts]; 0 where a sentence has fewer contrasts.
        plausibility: see above.
        ends: the end tokens, [ends].
        tokens: number of tokens of an output to contrast; None: all.
    """

    weights: Tensor
    plausibility: float
    ends: Tensor
    tokens: int | None = None

    def __post_init__(self) -> None:
        self.beside = self.weights.shape[1]
        if not self.beside:
            self.tokens = 0
        self.read = self.tokens

    def __call__(self, position: int, scores: Tensor, own: Tensor, beside: Tensor) -> Tensor:
        """See `Adjustment`."""
        return contrastive_scores(scores, own, beside, self.weights, self.plausibility, self.ends)

    def keep(self, sentences: Tensor) -> None:
        """See `Adjustment`."""
        self.weights = self.weights[sentences]


def contrastive_scores(
    scores: Tensor, own: Tensor, contrasts: Tensor, weights: Tensor, plausibility: float, ends: Tensor
) -> Tensor:
    """The formula above.

    Args:
        scores: the scores to subtract from, [sentences, branches, vocabulary]; `own`, unless an adjustment
            came before.
        own: log p(y | prompt), of the same shape.
        contrasts: log p(y | contrast prompt), [sentences, contrasts, branches, vocabulary].
        weights: w, [sentences, contrasts]. A sentence without any keeps its scores.
        plausibility: tokens with less than this share of the greatest probability are left out.
        ends: [ends].
    Returns:
        s, [sentences, branches, vocabulary].
    """
    subtracted = torch.einsum("sc,scbv->sbv", weights, contrasts)
    subtracted[..., ends] = weights.sum(1)[:, None, None] * own[..., ends]
    least = own.amax(-1, keepdim=True) + (math.log(plausibility) if plausibility else -math.inf)
    contrasted = (scores - subtracted).masked_fill(own < least, -math.inf)
    return torch.where(weights.any(1)[:, None, None], contrasted, scores)
