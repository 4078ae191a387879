"""Scores of next tokens from a tree, after all adjustments, in the form that beam search takes."""

from collections.abc import Sequence
from itertools import count, zip_longest
from typing import Self

import torch
from torch import Tensor
from transformers import PreTrainedModel

from ontarget.translation.adjustment import Adjustment
from ontarget.translation.engines.best_tokens import largest, most_likely
from ontarget.translation.engines.tree import TokenTree


class AdjustedContinuations:
    """Adjusted scores of a tree that holds the prompts of all sentences, and then the prompts beside them.

    Args:
        tree: a row for each prompt, those of all sentences first.
        adjustments: in the order in which they change scores. Without any, scores are the log-probabilities
            of the model.
        rows: the row of each prompt, [sentences, 1 + prompts beside]: the sentence's own, and those beside it
            in the order of the adjustments. A sentence with fewer of them has its own in place of the others.
            By default, all have the same number: the first beside each sentence, then the second, and so on.
    """

    def __init__(
        self, tree: TokenTree, adjustments: Sequence[Adjustment] = (), rows: Tensor | None = None
    ) -> None:
        self._tree, self._adjustments, self._position = tree, adjustments, 0
        self._beside = [adjustment.beside for adjustment in adjustments]
        in_order = torch.arange(len(tree.logits)).view(1 + sum(self._beside), -1).T if rows is None else rows
        self._place(in_order)

    @classmethod
    def of(
        cls,
        model: PreTrainedModel,
        prompts: Sequence[list[int]],
        beside: Sequence[Sequence[Sequence[list[int]]]],
        adjustments: Sequence[Adjustment],
    ) -> Self:
        """Reads the prompts of sentences, and those beside them.

        Args:
            model: a causal LM.
            prompts: token ids of each sentence.
            beside: the prompts beside each sentence, for each adjustment.
            adjustments: see above.
        """
        groups, rows = [list(prompts)], [list(range(len(prompts)))]
        for of_one in zip(*beside, strict=True):  # the prompts of one adjustment
            for column in zip_longest(*of_one):
                there = [ids for ids in column if ids is not None]
                numbers = count(sum(map(len, groups)))
                rows.append([own if ids is None else next(numbers) for own, ids in enumerate(column)])
                groups.append(there)
        return cls(TokenTree.of(model, groups), adjustments, torch.tensor(rows).T)

    def first(self, width: int) -> tuple[Tensor, Tensor]:
        """See `Continuations`."""
        return self._best(self._tree.logits[:, None], width)

    def then(self, tokens: Tensor, parents: Tensor, width: int) -> tuple[Tensor, Tensor]:
        """See `Continuations`."""
        self._position += 1
        self._drop_rows_no_longer_read()
        return self._best(self._tree.grow(tokens[self._sentences], parents[self._sentences]), width)

    def keep(self, sentences: Tensor) -> None:
        """See `Continuations`."""
        self._keep(self._rows[sentences.to(self._rows.device)])
        for adjustment in self._adjustments:
            adjustment.keep(sentences)

    def join(self, other: "AdjustedContinuations") -> None:
        """See `Continuations`. There must be no adjustments, which have one position for all sentences."""
        if self._adjustments or other._adjustments:
            raise ValueError("sentences with adjusted scores cannot be joined")
        self._tree.join(other._tree)
        self._place(torch.cat([self._rows, len(self._rows) + other._rows]))

    def _drop_rows_no_longer_read(self) -> None:
        left = [
            0 if adjustment.read is not None and adjustment.read <= self._position else number
            for adjustment, number in zip(self._adjustments, self._beside, strict=True)
        ]
        if left != self._beside:
            still_read = torch.tensor([True] + [after > 0 for after in left])
            self._keep(self._rows[:, still_read.repeat_interleave(torch.tensor([1, *self._beside]))])
            self._beside = left

    def _keep(self, rows: Tensor) -> None:
        """Drops all rows of the tree except these, [sentences, 1 + prompts beside]."""
        order = list(dict.fromkeys(rows.T.flatten().tolist()))
        self._tree.keep(torch.tensor(order, device=self._tree.logits.device))
        numbers = {row: number for number, row in enumerate(order)}
        self._place(torch.tensor([[numbers[row] for row in of_one] for of_one in rows.tolist()]))

    def _place(self, rows: Tensor) -> None:
        """Notes the rows of all sentences, and the sentence of each row."""
        self._rows = rows
        sentences = torch.empty(int(rows.max()) + 1, dtype=torch.long)
        sentences[rows] = torch.arange(len(rows))[:, None]
        self._sentences = sentences.to(self._tree.logits.device)

    def _best(self, logits: Tensor, width: int) -> tuple[Tensor, Tensor]:
        if all(a.tokens is not None and a.tokens <= self._position for a in self._adjustments):
            return most_likely(logits, width)
        log_probs = logits.float().log_softmax(-1)
        own = scores = log_probs[: len(self._rows)]
        rows = torch.split(self._rows[:, 1:].to(logits.device), self._beside, dim=1)
        for adjustment, of_others in zip(self._adjustments, rows, strict=True):
            if adjustment.tokens is None or self._position < adjustment.tokens:
                scores = adjustment(self._position, scores, own, log_probs[of_others])
        return largest(scores, width)
