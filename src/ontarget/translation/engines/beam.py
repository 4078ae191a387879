"""Beam search over any scores, for many sentences at once."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from ontarget.settings.decoding import Decoding


class Continuations(Protocol):
    """The best next tokens, with their scores, for every branch of every sentence."""

    def first(self, width: int) -> tuple[Tensor, Tensor]:
        """Scores and ids of the `width` best first tokens, both [sentences, 1, width]."""
        ...

    def then(self, tokens: Tensor, parents: Tensor, width: int) -> tuple[Tensor, Tensor]:
        """Continues the branches `parents` with `tokens`, both [sentences, branches].

        Returns:
            Scores and ids of the best next tokens, both [sentences, branches, width].
        """
        ...

    def keep(self, sentences: Tensor) -> None:
        """Drops all sentences except these."""
        ...


@dataclass(frozen=True, slots=True)
class Ends:
    """The end tokens and stop sequences that end a hypothesis.

    Attributes:
        ids: end tokens.
        last_of_stop: [vocabulary], whether a token may complete a stop sequence; None without stop sequences.
        stopped: whether the tokens contain a stop sequence; called only after a token in `last_of_stop`.
    """

    ids: Tensor
    last_of_stop: Tensor | None = None
    stopped: Callable[[Sequence[int]], bool] = lambda tokens: False

    @property
    def per_branch(self) -> int:
        """The greatest number of next tokens of one branch that are likely to end it."""
        return max(1, len(self.ids) + (self.last_of_stop is not None))


@dataclass(frozen=True, slots=True)
class Found:
    """A hypothesis: its tokens, an end token included, the sum of their scores, and whether it ended."""

    tokens: list[int]
    score: float
    ended: bool


@torch.inference_mode()
def beam_search(
    continuations: Continuations, rooms: Sequence[int], decoding: Decoding, ends: Ends
) -> list[list[Found]]:
    """The `beam` best hypotheses of each sentence, best first; fewer where the search found no more.

    The best hypothesis is the same as that of Transformers' `generate` with its default settings.

    At each step, the `beam` best continuations of a sentence are candidates. Those that end the sentence are
    put aside, and the best `beam` others continue. Hypotheses are ranked by score / tokens ** length_penalty.
    A sentence is finished when no running branch is better than the worst of the `beam` best hypotheses put
    aside, or when its room ends. (To stop at `beam` hypotheses would not suffice: a model that is sure may
    find as many poor short ones first.) Finished sentences leave the batch. A token that would repeat an
    n-gram of `no_repeat_ngram_size` is impossible.

    Args:
        continuations: scores of next tokens.
        rooms: maximum number of tokens of each sentence's hypotheses, at least 1. They replace
            `decoding.max_new_tokens`.
        decoding: width of the beam, length penalty and n-gram size.
        ends: end tokens and stop sequences.
    """

    def value(found: Found) -> float:
        return found.score / math.pow(len(found.tokens), decoding.length_penalty)

    def may_improve(best_running: float, found: list[Found], length: int) -> bool:
        worst = sorted(map(value, found), reverse=True)[beam - 1] if len(found) >= beam else -math.inf
        return best_running / math.pow(length, decoding.length_penalty) > worst

    beam, sentences = decoding.num_beams, len(rooms)
    width = beam * (1 + ends.per_branch)  # so that `beam` branches continue, however many end
    scores, ids = continuations.first(width)
    running = scores.new_zeros(sentences, 1)
    history = ids.new_zeros(sentences, 1, 0)  # [sentences, branches, tokens so far]
    aside: list[list[Found]] = [[] for _ in range(sentences)]
    rows = list(range(sentences))  # the sentence of each row of the batch
    going = set(rows)  # the unfinished rows
    for length in range(1, max(rooms) + 1):
        candidates, index = (running[:, :, None] + scores).flatten(1).topk(width)
        parents, tokens = index // scores.shape[2], ids.flatten(1).gather(1, index)
        ending = ending_tokens(tokens, parents, history, ends)
        last = {row for row in going if rooms[rows[row]] == length}
        for row, rank in _at_end(ending, candidates, beam, sorted(last)):
            if row in going:
                found = [*history[row, parents[row, rank]].tolist(), int(tokens[row, rank])]
                aside[rows[row]].append(Found(found, float(candidates[row, rank]), bool(ending[row, rank])))
        running, chosen = candidates.masked_fill(ending, -torch.inf).topk(beam)
        parents, tokens = parents.gather(1, chosen), tokens.gather(1, chosen)
        best = running[:, 0].tolist()
        going = {row for row in going - last if may_improve(best[row], aside[rows[row]], length)}
        if not going:
            break
        history = history.gather(1, parents[:, :, None].expand(-1, -1, length - 1))
        history = torch.cat([history, tokens[:, :, None]], dim=2)
        # A finished row costs less than moving the others every time, but has no position after its room.
        if len(going) <= 0.75 * len(rows) or any(rooms[row] == length for row in rows):
            order = sorted(going)
            kept = torch.tensor(order, device=tokens.device)
            continuations.keep(kept)
            running, parents, tokens, history = (part[kept] for part in (running, parents, tokens, history))
            rows, going = [rows[row] for row in order], set(range(len(order)))
        repeating = repeating_tokens(history, decoding.no_repeat_ngram_size)
        scores, ids = continuations.then(tokens, parents, width + repeating.shape[2])  # `width` are left
        if repeating.numel():
            repeats = (ids[..., None] == repeating[:, :, None]).any(-1)
            scores = scores.masked_fill(repeats, -torch.inf)
    return [sorted(found, key=value, reverse=True)[:beam] for found in aside]


def _at_end(ending: Tensor, candidates: Tensor, beam: int, last: list[int]) -> list[list[int]]:
    """[row, rank] of the candidates that are hypotheses: among the `beam` best, possible, and ended.

    In the rows `last`, whose room ends, all possible candidates are.
    """
    finished = ending[:, :beam]
    if last:
        finished = finished.clone()
        finished[last] = True
    return (finished & candidates[:, :beam].isfinite()).nonzero().tolist()


def ending_tokens(tokens: Tensor, parents: Tensor, history: Tensor, ends: Ends) -> Tensor:
    """Whether a candidate ends its hypothesis, [rows, candidates]."""
    ending = torch.isin(tokens, ends.ids)
    if ends.last_of_stop is not None:
        for row, rank in (ends.last_of_stop[tokens] & ~ending).nonzero().tolist():
            prefix = history[row, parents[row, rank]].tolist()
            ending[row, rank] = ends.stopped([*prefix, int(tokens[row, rank])])
    return ending


def repeating_tokens(history: Tensor, size: int | None) -> Tensor:
    """The tokens that would repeat an n-gram of this size, [rows, branches, most], padded with -1."""
    if size is None or history.shape[2] < size:
        return history[:, :, :0]
    ngrams = history.unfold(2, size, 1)  # [rows, branches, places, size]
    last = history[:, :, None, history.shape[2] - size + 1 :]
    again = (ngrams[..., :-1] == last).all(-1)
    repeating = ngrams[..., -1].masked_fill(~again, -1)
    return repeating.sort(dim=2, descending=True).values[:, :, : int(again.sum(-1).max())]
