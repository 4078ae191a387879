"""Contrastive decoding, C_src+lang (after Sennrich et al. 2309.07098), for many sentences at once.

The next token y is scored by

    s(y) = log p(y | prompt) - sum over i of w_i * log p(y | contrast prompt i)

where the contrast prompts ask the same of another source sentence (C_src), or ask to translate the same
sentence into a wrong language (C_lang): into English and into the language it is in, or into others that the
system names. The published code of Zan et al. 2025 counts English twice where it is the language of the
source as well, so that the weights sum to -1: then s = 0 for every token that all prompts agree on, and
neither such tokens nor the end of the sentence can win. Here:

- The contrasts share one budget, sum w_i < 1: `source_weight` for C_src, `language_weight` for all of
  C_lang, divided among the *distinct* wrong languages. Tokens that all prompts agree on keep the order that
  the model gives them.
- The end token is exempt: it is scored as though every contrast agreed on it, s = (1 - sum w_i) * log p.
- A token is left out (s = -inf) where p(y) < plausibility * max p (Li et al. 2210.15097): what no prompt
  would answer must not win because the contrasts find it even less likely.

The language of an answer is decided by its first token, so it may be enough to contrast that one: then the
contrast prompts are read and forgotten, and the rest of an answer costs what it always does.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ontarget.settings.decoding import Contrast

ContrastPrompt = tuple[list[int], float]
"""Token ids, and the weight w above."""


class Contrasted:
    """What sentences are contrasted with, for an engine.

    Args:
        contrasts: of each sentence; it may have none.
        contrast: what a token must have to be plausible, and how many tokens are contrasted.
    """

    def __init__(self, contrasts: Sequence[Sequence[ContrastPrompt]], contrast: Contrast) -> None:
        self.prompts = [[ids for ids, _ in of_one] for of_one in contrasts]
        self._weights = [[weight for _, weight in of_one] for of_one in contrasts]
        self._contrast = contrast

    def of(self, sentences: Sequence[int], ends: Tensor) -> "ContrastedBatch":
        """See `Adjuster`."""
        weights = torch.tensor([self._weights[i] for i in sentences], device=ends.device)
        return ContrastedBatch(weights, self._contrast.plausibility, ends, self._contrast.first_tokens)


@dataclass
class ContrastedBatch:
    """Scores s of the sentences of a batch.

    Attributes:
        weights: w, [sentences, contrasts].
        plausibility: see above.
        ends: the end tokens, [ends].
        tokens: so many tokens of an answer are contrasted; None: all.
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
        scores: from which is subtracted, [sentences, branches, vocabulary]; `own`, where nothing came before.
        own: log p(y | prompt), of the same shape.
        contrasts: log p(y | contrast prompt), [sentences, contrasts, branches, vocabulary].
        weights: w, [sentences, contrasts].
        plausibility: share of the greatest probability under which a token is left out.
        ends: [ends].
    Returns:
        s, [sentences, branches, vocabulary].
    """
    subtracted = torch.einsum("sc,scbv->sbv", weights, contrasts)
    subtracted[..., ends] = weights.sum(1)[:, None, None] * own[..., ends]
    least = own.amax(-1, keepdim=True) + (math.log(plausibility) if plausibility else -math.inf)
    return (scores - subtracted).masked_fill(own < least, -math.inf)
