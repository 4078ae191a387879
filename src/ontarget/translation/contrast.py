"""Contrastive decoding, C_src+lang (after Sennrich et al. 2309.07098), for many sentences at once.

The next token y is scored by

    s(y) = log p(y | prompt) - sum over i of w_i * log p(y | contrast prompt i)

where the contrast prompts ask the same of another source sentence (C_src), or ask to translate the same
sentence into a wrong language (C_lang): into English, and into the language it is in. The published code of
Zan et al. 2025 counts English twice where it is the language of the source as well, so that the weights sum
to -1: then s = 0 for every token that all prompts agree on, and neither such tokens nor the
end of the sentence can win. Here:

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

import torch
from torch import Tensor

from ontarget.translation.tree import TokenTree


class ContrastiveContinuations:
    """Scores s of a tree that holds, for each sentence, its prompt and then its contrast prompts.

    Args:
        tree: rows in the order prompt, contrasts, prompt, contrasts, ...; as many contrasts for each
            sentence.
        weights: w, [sentences, contrasts].
        plausibility: see above.
        end_ids: the end tokens, [ends].
        first_tokens: so many tokens of an answer are contrasted, at least 1; None: all.
    """

    def __init__(
        self,
        tree: TokenTree,
        weights: Tensor,
        plausibility: float,
        end_ids: Tensor,
        first_tokens: int | None = None,
    ) -> None:
        self._tree, self._weights, self._plausibility, self._end_ids = tree, weights, plausibility, end_ids
        self._left = first_tokens

    def first(self, width: int) -> tuple[Tensor, Tensor]:
        """See `Continuations`."""
        return self._best(self._tree.logits[:, None], width)

    def then(self, tokens: Tensor, parents: Tensor, width: int) -> tuple[Tensor, Tensor]:
        """See `Continuations`."""
        if self._left is not None:
            self._left -= 1
            if self._left == 0:
                self._forget_contrasts()
        asked = 1 + self._weights.shape[1]
        logits = self._tree.grow(tokens.repeat_interleave(asked, 0), parents.repeat_interleave(asked, 0))
        return self._best(logits, width)

    def keep(self, sentences: Tensor) -> None:
        """See `Continuations`."""
        asked = 1 + self._weights.shape[1]
        offsets = torch.arange(asked, device=sentences.device)
        self._tree.keep((sentences[:, None] * asked + offsets).flatten())
        self._weights = self._weights[sentences]

    def _forget_contrasts(self) -> None:
        """From here on the model's own scores count."""
        asked = 1 + self._weights.shape[1]
        self._tree.keep(torch.arange(len(self._weights), device=self._weights.device) * asked)
        self._weights, self._plausibility = self._weights[:, :0], 0.0

    def _best(self, logits: Tensor, width: int) -> tuple[Tensor, Tensor]:
        log_probs = logits.float().log_softmax(-1)
        log_probs = log_probs.view(len(self._weights), -1, *log_probs.shape[1:])
        scores = contrastive_scores(log_probs, self._weights, self._plausibility, self._end_ids)
        best = scores.topk(width)
        return best.values, best.indices


def contrastive_scores(log_probs: Tensor, weights: Tensor, plausibility: float, end_ids: Tensor) -> Tensor:
    """The formula above.

    Args:
        log_probs: [sentences, 1 + contrasts, branches, vocabulary]; of the prompt, then of its contrasts.
        weights: w, [sentences, contrasts].
        plausibility: share of the greatest probability under which a token is left out.
        end_ids: [ends].
    Returns:
        s, [sentences, branches, vocabulary].
    """
    asked, contrasts = log_probs[:, 0], log_probs[:, 1:]
    scores = asked - torch.einsum("sc,scbv->sbv", weights, contrasts)
    scores[..., end_ids] = (1 - weights.sum(1))[:, None, None] * asked[..., end_ids]
    least = asked.amax(-1, keepdim=True) + (math.log(plausibility) if plausibility else -math.inf)
    return scores.masked_fill(asked < least, -math.inf)
