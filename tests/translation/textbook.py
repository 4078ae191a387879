"""Searches as a textbook has them: one sentence, no cache, no batch, lists, in fp64. Slow, and plain."""

import copy
import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor
from transformers import LlamaForCausalLM

from ontarget.settings.decoding import Decoding
from ontarget.translation.engines.beam import BeamSearch, Continuations, Ends, Found

END = 1

Score = Callable[[list[int]], Tensor]
"""Scores of all tokens that may follow an answer so far, [vocabulary], fp64."""


class Textbook:
    """log p of a model, in fp64, by reading everything anew each time."""

    def __init__(self, model: LlamaForCausalLM) -> None:
        self.model = copy.deepcopy(model).double()

    @torch.inference_mode()
    def log_p(self, ids: Sequence[int]) -> Tensor:
        return self.model(torch.tensor([list(ids)])).logits[0, -1].log_softmax(-1)


def search(score: Score, decoding: Decoding) -> tuple[list[int], float]:
    """The tokens of the best hypothesis, and the sum of their scores."""
    open_: list[tuple[list[int], float]] = [([], 0.0)]
    closed: list[tuple[list[int], float]] = []
    for length in range(1, decoding.max_new_tokens + 1):
        candidates = [
            ([*tokens, i], total + s)
            for tokens, total in open_
            for i, s in enumerate(score(tokens).tolist())
            if s > -math.inf
        ]
        candidates.sort(key=lambda candidate: -candidate[1])
        last = length == decoding.max_new_tokens
        closed += [c for c in candidates[: decoding.num_beams] if c[0][-1] == END or last]
        open_ = [c for c in candidates if c[0][-1] != END][: decoding.num_beams]
        closed = sorted(closed, key=lambda c: -c[1] / len(c[0]))[: decoding.num_beams]
        enough = len(closed) == decoding.num_beams
        if not open_ or (enough and open_[0][1] / length <= closed[-1][1] / len(closed[-1][0])):
            break
    return closed[0]


def beam_search(
    continuations: Continuations, rooms: Sequence[int], decoding: Decoding, ends: Ends
) -> list[list[Found]]:
    """The hypotheses of each sentence, best first, that `BeamSearch` finds in at most `rooms` tokens."""
    search, found = BeamSearch(decoding, ends), dict[int, list[Found]]()
    search.join(continuations, dict(enumerate(rooms)))
    while search.going:
        found |= search.step()
    return [found[number] for number in range(len(rooms))]


def best_of_beam(continuations: Continuations, sentences: int, decoding: Decoding, ends: Ends) -> list[Found]:
    """The best hypothesis of each sentence, of what `beam_search` finds in `max_new_tokens`."""
    found = beam_search(continuations, [decoding.max_new_tokens] * sentences, decoding, ends)
    return [of_one[0] for of_one in found]
