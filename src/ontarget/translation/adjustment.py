"""The one place where scores of next tokens are changed before a search sees them.

A model gives the next token y its log-probability. Contrast, a prior, boosting and Anti-LM each make another
score of it, by what other prompts get or by what is known of languages. Here is what they share: which
prompts are read beside a sentence's own one, for how many tokens of an answer, and when the rest of an answer
is the model's own again and costs what it always does.
"""

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor

from ontarget.translation.tree import TokenTree


class Adjustment(Protocol):
    """One way to change scores, for the sentences of a batch.

    Attributes:
        beside: so many prompts are read beside each sentence's own one.
        read: they are for so many tokens of an answer; None: for all.
        tokens: so many tokens of an answer are scored otherwise, no fewer than `read`; None: all.
    """

    beside: int
    read: int | None
    tokens: int | None

    def __call__(self, position: int, scores: Tensor, own: Tensor, beside: Tensor) -> Tensor:
        """Other scores of the token at `position` of an answer, which counts from 0.

        Args:
            position: the same for all sentences.
            scores: what those that came before made of `own`, [sentences, branches, vocabulary].
            own: log-probabilities of the model, of the same shape.
            beside: of the prompts beside, [sentences, beside, branches, vocabulary]; none when they are read
                no more.
        """
        ...

    def keep(self, sentences: Tensor) -> None:
        """Forgets all sentences but these."""
        ...


class Adjuster(Protocol):
    """One way to change scores, for all sentences that an engine is asked."""

    @property
    def prompts(self) -> Sequence[Sequence[list[int]]]:
        """For each sentence the prompts that are read beside its own, as token ids; some may have fewer."""
        ...

    def of(self, sentences: Sequence[int], ends: Tensor) -> Adjustment:
        """The same for the sentences of a batch, which have as many prompts each; `ends` are end tokens."""
        ...


class AdjustedContinuations:
    """Adjusted scores of a tree that holds, for each sentence, its prompt and then those beside it.

    Args:
        tree: rows in the order prompt, beside, beside, prompt, ...; those beside in the order of the
            adjustments.
        adjustments: in the order in which they change scores; none: the model's own log-probabilities.
    """

    def __init__(self, tree: TokenTree, adjustments: Sequence[Adjustment] = ()) -> None:
        self._tree, self._adjustments, self._position = tree, adjustments, 0
        self._beside = [adjustment.beside for adjustment in adjustments]

    def first(self, width: int) -> tuple[Tensor, Tensor]:
        """See `Continuations`."""
        return self._best(self._tree.logits[:, None], width)

    def then(self, tokens: Tensor, parents: Tensor, width: int) -> tuple[Tensor, Tensor]:
        """See `Continuations`."""
        self._position += 1
        self._forget_what_is_read(len(tokens))
        rows = 1 + sum(self._beside)
        return self._best(
            self._tree.grow(tokens.repeat_interleave(rows, 0), parents.repeat_interleave(rows, 0)), width
        )

    def keep(self, sentences: Tensor) -> None:
        """See `Continuations`."""
        self._tree.keep(self._rows(sentences, list(range(1 + sum(self._beside)))))
        for adjustment in self._adjustments:
            adjustment.keep(sentences)

    def _forget_what_is_read(self, sentences: int) -> None:
        left = [
            0 if adjustment.read is not None and adjustment.read <= self._position else count
            for adjustment, count in zip(self._adjustments, self._beside, strict=True)
        ]
        if left != self._beside:
            kept, place = [0], 1
            for before, after in zip(self._beside, left, strict=True):
                kept += range(place, place + after)
                place += before
            self._tree.keep(self._rows(torch.arange(sentences, device=self._tree.logits.device), kept))
            self._beside = left

    def _rows(self, sentences: Tensor, of_each: list[int]) -> Tensor:
        """Rows of the tree: those of each sentence, by their place among its own."""
        places = torch.tensor(of_each, device=sentences.device)
        return (sentences[:, None] * (1 + sum(self._beside)) + places).flatten()

    def _best(self, logits: Tensor, width: int) -> tuple[Tensor, Tensor]:
        logits = logits.float()
        if all(a.tokens is not None and a.tokens <= self._position for a in self._adjustments):
            best = logits.topk(width)
            return best.values - logits.logsumexp(-1, keepdim=True), best.indices
        log_probs = logits.log_softmax(-1)
        log_probs = log_probs.view(-1, 1 + sum(self._beside), *log_probs.shape[1:])
        own, *beside = torch.split(log_probs, [1, *self._beside], dim=1)
        own = own[:, 0]
        scores = own
        for adjustment, of_others in zip(self._adjustments, beside, strict=True):
            if adjustment.tokens is None or self._position < adjustment.tokens:
                scores = adjustment(self._position, scores, own, of_others)
        best = scores.topk(width)
        return best.values, best.indices
