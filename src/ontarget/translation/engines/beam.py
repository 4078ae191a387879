"""Beam search over any scores, for many sentences at once."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, Self

import torch
from torch import Tensor
from torch.nn.functional import pad

from ontarget.settings.decoding import Decoding


class Continuations(Protocol):
    """The best next tokens, with their scores, for every branch of every sentence."""

    def first(self, width: int) -> tuple[Tensor, Tensor]:
        """Scores and ids of the `width` best first tokens, both [sentences, 1, width]."""
        ...

    def then(self, tokens: Tensor, parents: Tensor, width: int, forbidden: Tensor) -> tuple[Tensor, Tensor]:
        """Continues the branches `parents` with `tokens`, both [sentences, branches].

        Args:
            forbidden: ids that must not be next, whose score is -inf; padded with -1, [sentences, branches,
                most].
        Returns:
            Scores and ids of the best next tokens, both [sentences, branches, width].
        """
        ...

    def keep(self, sentences: Tensor) -> None:
        """Drops all sentences except these, which get this order."""
        ...

    def join(self, other: Self) -> None:
        """Appends the sentences of others, which must not be used after that."""
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


@dataclass(eq=False, slots=True)
class _Sentence:
    """A row of a search: the numbers of tokens that it may have and has, and its hypotheses so far."""

    number: int
    room: int
    length: int = 0
    aside: list[Found] = field(default_factory=list)
    going: bool = True


class BeamSearch:
    """Beam search over sentences that may begin at different times.

    The best hypothesis is the same as that of Transformers' `generate` with its default settings.

    At each step, the `beam` best continuations of a sentence are candidates. Those that end the sentence are
    put aside, and the best `beam` others continue. Hypotheses are ranked by score / tokens ** length_penalty.
    A sentence is finished when no running branch is better than the worst of the `beam` best hypotheses put
    aside, or when its room ends. (To stop at `beam` hypotheses would not suffice: a model that is sure may
    find as many poor short ones first.) Finished sentences leave the batch. A token that would repeat an
    n-gram of `no_repeat_ngram_size` is impossible.

    Args:
        decoding: width of the beam, length penalty and n-gram size.
        ends: end tokens and stop sequences.
    """

    def __init__(self, decoding: Decoding, ends: Ends) -> None:
        self._decoding, self._ends, self._beam = decoding, ends, decoding.num_beams
        self._width = self._beam * (1 + ends.per_branch)  # so that `beam` branches continue, however many end
        self._joining: list[tuple[Continuations, list[_Sentence]]] = []
        self._rows: list[_Sentence] = []
        # Of each row: the continuations, and [rows, branches] the sums of scores, the branch that each one
        # continues, and its tokens, [rows, branches, tokens], with -1 before the first.
        self._continuations: Continuations
        self._sums: Tensor
        self._parents: Tensor
        self._history: Tensor

    @property
    def going(self) -> list[int]:
        """The numbers of the unfinished sentences."""
        joining = (row for _, rows in self._joining for row in rows)
        return [row.number for row in (*self._rows, *joining) if row.going]

    def join(self, continuations: Continuations, rooms: Mapping[int, int]) -> None:
        """Begins further sentences with the next step.

        Args:
            continuations: scores of their first tokens.
            rooms: for the number of each sentence, in the order of `continuations`, the maximum number of
                tokens of its hypotheses, at least 1. It replaces `decoding.max_new_tokens`.
        """
        self._joining.append((continuations, [_Sentence(number, room) for number, room in rooms.items()]))

    def drop(self, number: int) -> None:
        """Gives up a sentence."""
        for row in (*self._rows, *(row for _, rows in self._joining for row in rows)):
            row.going = row.going and row.number != number

    @torch.inference_mode()
    def step(self) -> dict[int, list[Found]]:
        """Adds a token to each branch of each sentence.

        Returns:
            For the number of each sentence that is finished now, its `beam` best hypotheses, best first;
            fewer if the search found no more.
        """
        self._drop_finished()
        scores, ids = self._next()
        candidates, index = (self._sums[:, :, None] + scores).flatten(1).topk(self._width)
        parents, tokens = index // scores.shape[2], ids.flatten(1).gather(1, index)
        ending = ending_tokens(tokens, parents, self._history, self._ends)
        for row in self._rows:
            row.length += 1
        last = [place for place, row in enumerate(self._rows) if row.length == row.room]
        for place, rank in _at_end(ending, candidates, self._beam, last):
            if self._rows[place].going:
                found = [*real(self._history[place, parents[place, rank]]), int(tokens[place, rank])]
                score, ended = float(candidates[place, rank]), bool(ending[place, rank])
                self._rows[place].aside.append(Found(found, score, ended))
        self._sums, chosen = candidates.masked_fill(ending, -torch.inf).topk(self._beam)
        # Impossible branches continue the first one, which exists after a prompt, too.
        self._parents = parents.gather(1, chosen).masked_fill(self._sums == -torch.inf, 0)
        tokens = tokens.gather(1, chosen)
        inherited = self._parents[:, :, None].expand(-1, -1, self._history.shape[2])
        self._history = torch.cat([self._history.gather(1, inherited), tokens[:, :, None]], dim=2)
        finished = {}
        for row, best in zip(self._rows, self._sums[:, 0].tolist(), strict=True):
            if row.going and (row.length == row.room or not self._may_improve(row, best)):
                row.going = False
                finished[row.number] = sorted(row.aside, key=self._value, reverse=True)[: self._beam]
        return finished

    def _value(self, found: Found) -> float:
        return found.score / math.pow(len(found.tokens), self._decoding.length_penalty)

    def _may_improve(self, row: _Sentence, best_running: float) -> bool:
        values = sorted(map(self._value, row.aside), reverse=True)
        worst = values[self._beam - 1] if len(values) >= self._beam else -math.inf
        return best_running / math.pow(row.length, self._decoding.length_penalty) > worst

    def _drop_finished(self) -> None:
        """Drops finished sentences if others need their places, or if it saves more than it costs."""
        going = [place for place, row in enumerate(self._rows) if row.going]
        # A finished row costs less than moving others every time, but has no position after its room.
        beyond = any(row.length == row.room for row in self._rows)
        if going and (beyond or self._joining or len(going) <= 0.75 * len(self._rows)):
            order = closed_up(going)
            kept = torch.tensor(order, device=self._sums.device)
            self._continuations.keep(kept)
            self._sums, self._parents = self._sums[kept], self._parents[kept]
            self._rows = [self._rows[place] for place in order]
            longest = max(row.length for row in self._rows)
            self._history = self._history[kept, :, self._history.shape[2] - longest :]
        elif not going:
            self._rows = []

    def _next(self) -> tuple[Tensor, Tensor]:
        """Scores and ids of the best next tokens, [rows, branches, width], of those that join, too."""
        parts = [self._continued()] if self._rows else []
        for continuations, rows in self._joining:
            scores, ids = continuations.first(self._width)
            unreal = (0, 0, 0, self._beam - 1)  # one branch is real until the first tokens are chosen
            parts.append((pad(scores, unreal, value=-torch.inf), pad(ids, unreal)))
            sums, history = scores.new_zeros(len(rows), self._beam), ids.new_zeros(len(rows), self._beam, 0)
            if self._rows:
                self._continuations.join(continuations)
                self._rows += rows
                self._sums = torch.cat([self._sums, sums])
                padded = pad(history, (self._history.shape[2], 0), value=-1)
                self._history = torch.cat([self._history, padded])
            else:
                self._continuations, self._rows = continuations, rows
                self._sums, self._history = sums, history
        self._joining = []
        width = max(scores.shape[2] for scores, _ in parts)
        return (
            torch.cat([pad(scores, (0, width - scores.shape[2]), value=-torch.inf) for scores, _ in parts]),
            torch.cat([pad(ids, (0, width - ids.shape[2])) for _, ids in parts]),
        )

    def _continued(self) -> tuple[Tensor, Tensor]:
        repeating = repeating_tokens(self._history, self._decoding.no_repeat_ngram_size)
        width = self._width + repeating.shape[2]  # `self._width` are left
        return self._continuations.then(self._history[:, :, -1], self._parents, width, repeating)


def real(history: Tensor) -> list[int]:
    """The tokens of a branch's history, without the padding before them."""
    return [token for token in history.tolist() if token >= 0]


def closed_up(places: list[int]) -> list[int]:
    """The same places in an order that leaves most of them where they are: the last ones fill the gaps."""
    size = len(places)
    order, gaps = list(range(size)), sorted(set(range(size)).difference(places))
    for gap, place in zip(gaps, (place for place in places if place >= size), strict=True):
        order[gap] = place
    return order


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
            ending[row, rank] = ends.stopped(
                [*real(history[row, parents[row, rank]]), int(tokens[row, rank])]
            )
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
