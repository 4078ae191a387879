"""Scores of next tokens from a tree, after all adjustments, in the form that beam search takes."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ontarget.translation.adjustment import Adjustment
from ontarget.translation.engines.best_tokens import largest, most_likely
from ontarget.translation.engines.tree import TokenTree


class AdjustedContinuations:
    """Adjusted scores of a tree that holds the prompts of all sentences, and then the prompts beside them.

    Args:
        tree: rows of all sentences, then as many rows of the first prompt beside each of them, and so on. The
            prompts beside are in the order of the adjustments.
        adjustments: in the order in which they change scores. Without any, scores are the log-probabilities
            of the model.
    """

    def __init__(self, tree: TokenTree, adjustments: Sequence[Adjustment] = ()) -> None:
        self._tree, self._adjustments, self._position = tree, adjustments, 0
        self._beside = [adjustment.beside for adjustment in adjustments]
        self._sentences = len(tree.logits) // (1 + sum(self._beside))

    def first(self, width: int) -> tuple[Tensor, Tensor]:
        """See `Continuations`."""
        return self._best(self._tree.logits[:, None], width)

    def then(self, tokens: Tensor, parents: Tensor, width: int) -> tuple[Tensor, Tensor]:
        """See `Continuations`."""
        self._position += 1
        self._drop_rows_no_longer_read()
        rows = 1 + sum(self._beside)
        return self._best(self._tree.grow(tokens.repeat(rows, 1), parents.repeat(rows, 1)), width)

    def keep(self, sentences: Tensor) -> None:
        """See `Continuations`."""
        self._tree.keep(self._rows(sentences, range(1 + sum(self._beside))))
        self._sentences = len(sentences)
        for adjustment in self._adjustments:
            adjustment.keep(sentences)

    def join(self, other: "AdjustedContinuations") -> None:
        """See `Continuations`. There must be no adjustments, which have one position for all sentences."""
        if self._adjustments or other._adjustments:
            raise ValueError("sentences with adjusted scores cannot be joined")
        self._tree.join(other._tree)
        self._sentences += other._sentences

    def _drop_rows_no_longer_read(self) -> None:
        left = [
            0 if adjustment.read is not None and adjustment.read <= self._position else count
            for adjustment, count in zip(self._adjustments, self._beside, strict=True)
        ]
        if left != self._beside:
            kept, place = [0], 1
            for before, after in zip(self._beside, left, strict=True):
                kept += range(place, place + after)
                place += before
            sentences = torch.arange(self._sentences, device=self._tree.logits.device)
            self._tree.keep(self._rows(sentences, kept))
            self._beside = left

    def _rows(self, sentences: Tensor, places: Sequence[int]) -> Tensor:
        """Rows of the tree: those of some sentences, at some places among the rows of each sentence."""
        of_places = torch.tensor(places, device=sentences.device) * self._sentences
        return (of_places[:, None] + sentences).flatten()

    def _best(self, logits: Tensor, width: int) -> tuple[Tensor, Tensor]:
        if all(a.tokens is not None and a.tokens <= self._position for a in self._adjustments):
            return most_likely(logits, width)
        log_probs = logits.float().log_softmax(-1)
        log_probs = log_probs.view(1 + sum(self._beside), -1, *log_probs.shape[1:]).transpose(0, 1)
        own, *beside = torch.split(log_probs, [1, *self._beside], dim=1)
        own = own[:, 0]
        scores = own
        for adjustment, of_others in zip(self._adjustments, beside, strict=True):
            if adjustment.tokens is None or self._position < adjustment.tokens:
                scores = adjustment(self._position, scores, own, of_others)
        return largest(scores, width)
