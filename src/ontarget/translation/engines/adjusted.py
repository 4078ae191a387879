"""Scores of next tokens from a tree, after all adjustments, in the form that beam search takes.

Sentences that begin together and whose scores are adjusted alike are a group, with a position of its own. All
groups share the tree, so a step reads the model's weights once, whatever the age of its sentences.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, count, zip_longest
from typing import Self

import torch
from torch import Tensor
from transformers import PreTrainedModel

from ontarget.translation.adjustment import Adjustment
from ontarget.translation.engines.beam import closed_up
from ontarget.translation.engines.best_tokens import largest, most_likely
from ontarget.translation.engines.tree import TokenTree


@dataclass(frozen=True, slots=True)
class AdjustedAlike:
    """Sentences that begin together with the same adjustments.

    Attributes:
        prompts: token ids of each sentence.
        beside: the prompts beside each sentence, for each adjustment.
        adjustments: in the order in which they change scores. Without any, scores are the log-probabilities
            of the model.
    """

    prompts: Sequence[list[int]]
    beside: Sequence[Sequence[Sequence[list[int]]]] = ()
    adjustments: Sequence[Adjustment] = ()


class AdjustedContinuations:
    """Adjusted scores of a tree that holds the prompts of all sentences, and those beside them.

    Args:
        tree: a row for each prompt.
        groups: the sentences of each group; by default, each row is a sentence without adjustments.
    """

    def __init__(self, tree: TokenTree, groups: "Sequence[_Group] | None" = None) -> None:
        self._tree, self._size = tree, len(tree.logits)
        rows = torch.arange(self._size)
        self._groups = [_Group(rows, rows[:, None])] if groups is None else list(groups)
        self._arrange()

    @classmethod
    def of(cls, model: PreTrainedModel, parts: Sequence[AdjustedAlike]) -> Self:
        """Reads the prompts of sentences, and those beside them.

        Args:
            model: a causal LM.
            parts: all sentences, in this order.
        """
        read = [[ids for part in parts for ids in part.prompts]]
        places, rows, groups = count(), count(len(read[0])), list[_Group]()
        for part in parts:
            own = [next(places) for _ in part.prompts]
            columns = [own]
            for column in chain(*(zip_longest(*of_one) for of_one in zip(*part.beside, strict=True))):
                read.append([ids for ids in column if ids is not None])
                # A sentence with fewer prompts beside it has its own in place of the others.
                columns.append(
                    [row if ids is None else next(rows) for row, ids in zip(own, column, strict=True)]
                )
            groups.append(_Group(torch.tensor(own), torch.tensor(columns).T, part.adjustments))
        return cls(TokenTree.of(model, read), groups)

    def first(self, width: int) -> tuple[Tensor, Tensor]:
        """See `Continuations`."""
        logits = self._tree.logits[:, None]
        sentences = sum(len(group.places) for group in self._groups)
        return self._best(logits, width, self._sentences.new_empty(sentences, 1, 0))

    def then(self, tokens: Tensor, parents: Tensor, width: int, forbidden: Tensor) -> tuple[Tensor, Tensor]:
        """See `Continuations`."""
        if any([group.advance() for group in self._groups]):
            self._arrange()
        logits = self._tree.grow(tokens[self._sentences], parents[self._sentences])
        return self._best(logits, width, forbidden)

    def keep(self, sentences: Tensor) -> None:
        """See `Continuations`."""
        places = torch.full((sum(len(group.places) for group in self._groups),), -1)
        places[sentences.cpu()] = torch.arange(len(sentences))
        for group in self._groups:
            group.keep(places)
        self._arrange()

    def join(self, other: Self) -> None:
        """See `Continuations`."""
        before = sum(len(group.places) for group in self._groups)
        for group in other._groups:
            group.places, group.rows = group.places + before, group.rows + self._size
        self._groups += other._groups
        self._tree.join(other._tree)
        self._size += other._size
        self._arrange()

    def _arrange(self) -> None:
        """Drops the rows of the tree that nobody reads, and notes the sentence of each of the others."""
        self._groups = _merged(self._groups)
        read = {row for group in self._groups for row in group.rows.flatten().tolist()}
        if len(read) < self._size:
            order = torch.tensor(closed_up(sorted(read)))
            self._tree.keep(order.to(self._tree.logits.device))
            numbers = torch.empty(self._size, dtype=torch.long)
            numbers[order] = torch.arange(len(order))
            for group in self._groups:
                group.rows = numbers[group.rows]
            self._size = len(order)
        sentences = torch.empty(self._size, dtype=torch.long)
        for group in self._groups:
            sentences[group.rows] = group.places[:, None]
        self._sentences = sentences.to(self._tree.logits.device)

    def _best(self, logits: Tensor, width: int, forbidden: Tensor) -> tuple[Tensor, Tensor]:
        best = [group.best(logits, width, forbidden[group.places]) for group in self._groups]
        if len(best) == 1:
            return best[0]
        order = torch.cat([group.places for group in self._groups]).argsort()
        scores, ids = (torch.cat(of_groups)[order] for of_groups in zip(*best, strict=True))
        return scores, ids


class _Group:
    """The sentences of `AdjustedAlike` in a tree.

    Args:
        places: their places among all sentences, rising, [sentences].
        rows: rows of the tree, [sentences, 1 + prompts beside]: of the sentence's own prompt, and of those
            beside it in the order of the adjustments.
        adjustments: see above.
    """

    def __init__(self, places: Tensor, rows: Tensor, adjustments: Sequence[Adjustment] = ()) -> None:
        self.places, self.rows, self.adjustments = places, rows, list(adjustments)
        self._beside = [adjustment.beside for adjustment in adjustments]
        self._position = 0  # the number of tokens of all outputs
        self._leave_ended_out()

    def advance(self) -> bool:
        """Goes on to the next token; returns whether prompts or adjustments have ended."""
        self._position += 1
        return self._leave_ended_out()

    def _leave_ended_out(self) -> bool:
        going = [one.tokens is None or self._position < one.tokens for one in self.adjustments]
        left = [
            number if one.read is None or self._position < one.read else 0
            for one, number in zip(self.adjustments, self._beside, strict=True)
        ]
        if all(going) and left == self._beside:
            return False
        read = torch.tensor([True, *(after > 0 for after in left)])
        self.rows = self.rows[:, read.repeat_interleave(torch.tensor([1, *self._beside]))]
        self._beside = [number for number, goes in zip(left, going, strict=True) if goes]
        self.adjustments = [one for one, goes in zip(self.adjustments, going, strict=True) if goes]
        return True

    def keep(self, places: Tensor) -> None:
        """Drops sentences.

        Args:
            places: the new place of each sentence of all groups, or -1, [sentences of all groups].
        """
        new = places[self.places]
        kept = new.argsort()[int((new < 0).sum()) :]
        self.places, self.rows = new[kept], self.rows[kept]
        for adjustment in self.adjustments:
            adjustment.keep(kept)

    def best(self, logits: Tensor, width: int, forbidden: Tensor) -> tuple[Tensor, Tensor]:
        """Scores and ids of the best next tokens, [sentences, branches, width].

        Adjustments see that a token is forbidden, or the contrast could find no other one plausible.

        Args:
            logits: of all rows of the tree, [rows, branches, vocabulary].
            width: number of tokens.
            forbidden: ids that must not be next, padded with -1, [sentences, branches, most].
        """
        if self.rows.shape[1] == 1:
            whole = torch.equal(self.rows[:, 0], torch.arange(len(logits)))  # a copy would take time
            logits = (logits if whole else logits[self.rows[:, 0]])[:, None]
        else:
            logits = logits[self.rows]
        if not self.adjustments:
            scores, ids = most_likely(logits[:, 0], width)
            if forbidden.numel():
                scores = scores.masked_fill((ids[..., None] == forbidden[:, :, None]).any(-1), -torch.inf)
            return scores, ids
        log_probs = logits.float().log_softmax(-1)
        own = scores = _without(forbidden, log_probs[:, 0])
        beside = torch.split(log_probs[:, 1:], self._beside, dim=1)
        for adjustment, of_others in zip(self.adjustments, beside, strict=True):
            scores = adjustment(self._position, scores, own, of_others)
        if forbidden.numel():  # -inf - (-inf) is NaN
            scores = scores.masked_fill(own == -torch.inf, -torch.inf)
        return largest(scores, width)


def _without(forbidden: Tensor, scores: Tensor) -> Tensor:
    """Scores whose forbidden tokens are impossible, of the same shape."""
    if not forbidden.numel():
        return scores
    # Ids of -1, the padding, leave the first token as it is.
    most = torch.where(forbidden < 0, torch.inf, -torch.inf).to(scores)
    return scores.scatter_reduce(-1, forbidden.clamp(min=0), most, "amin")


def _merged(groups: Sequence[_Group]) -> list[_Group]:
    """The groups that have sentences, those without adjustments as one."""
    plain = [group for group in groups if not group.adjustments]
    together = list[_Group]()
    if plain:
        places = torch.cat([group.places for group in plain])
        order = places.argsort()
        together = [_Group(places[order], torch.cat([group.rows for group in plain])[order])]
    return [group for group in (*together, *groups) if len(group.places) and group not in plain]
