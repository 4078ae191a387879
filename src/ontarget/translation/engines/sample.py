"""Sampling over any scores, for many sentences at once."""

import math
import random
from collections.abc import Sequence

import torch
from torch import Tensor

from ontarget.settings.decoding import Decoding, Sampling
from ontarget.translation.engines.beam import Continuations, Ends, Found, ending_tokens, repeating_tokens
from ontarget.translation.engines.steps import Steps

WIDTH = 50
"""Only as many tokens, the most probable ones, are drawn from."""


@torch.inference_mode()
def sample(
    continuations: Continuations,
    rooms: Sequence[int],
    decoding: Decoding,
    ends: Ends,
    *,
    count: int,
    width: int,
    seeds: Sequence[str],
) -> Steps[list[list[Found]]]:
    """At most `count` different hypotheses of each sentence, the most probable first, as a search ranks them.

    Each sentence has random numbers of its own, so its samples do not depend on the other sentences. The
    scores of hypotheses are not divided by the temperature.

    Args:
        continuations: scores of next tokens.
        rooms: maximum number of tokens of each sentence's hypotheses, at least 1. They replace
            `decoding.max_new_tokens`.
        ends: end tokens and stop sequences.
        decoding: its `sampling` decides, with length penalty and n-gram size.
        count: number of draws for each sentence.
        width: number of tokens to draw from, at most as many as are scored.
        seeds: a seed for each sentence.
    """
    if decoding.sampling is None:
        raise ValueError("the decoding has no sampling")
    sources = [random.Random(seed) for seed in seeds]
    scores, ids = (part.expand(-1, count, -1) for part in continuations.first(width))
    sums = scores.new_zeros(len(rooms), count)
    history = ids.new_zeros(len(rooms), count, 0)  # [rows, draws, tokens so far]
    branches = torch.arange(count, device=ids.device)
    found: list[dict[tuple[int, ...], Found]] = [{} for _ in rooms]
    rows = list(range(len(rooms)))  # the sentence of each row
    running = [set(range(count)) for _ in rooms]  # the unfinished draws of each sentence
    for length in range(1, max(rooms) + 1):
        numbers = torch.tensor([[sources[row].random() for _ in branches] for row in rows])
        drawn = _draw(scores, numbers.to(scores), decoding.sampling)[:, :, None]
        tokens, of_drawn = ids.gather(2, drawn)[:, :, 0], scores.gather(2, drawn)[:, :, 0]
        sums = sums + of_drawn
        # All draws begin behind the prompt, which is one branch; then each continues itself.
        parents = branches.expand_as(tokens) if length > 1 else torch.zeros_like(tokens)
        ended = ending_tokens(tokens, parents, history, ends)
        history = torch.cat([history, tokens[:, :, None]], dim=2)
        for place, row in enumerate(rows):
            last = rooms[row] == length
            for branch in [b for b in running[row] if last or ended[place, b]]:
                running[row].remove(branch)
                one = history[place, branch].tolist()
                score = float(sums[place, branch])
                if math.isfinite(score):
                    found[row].setdefault(tuple(one), Found(one, score, bool(ended[place, branch])))
        going = [place for place, row in enumerate(rows) if running[row]]
        if not going:
            break
        if len(going) <= 0.75 * len(rows) or any(rooms[row] == length for row in rows):  # as in beam.py
            kept = torch.tensor(going, device=ids.device)
            continuations.keep(kept)
            sums, history, tokens, parents = (part[kept] for part in (sums, history, tokens, parents))
            rows = [rows[place] for place in going]
        repeating = repeating_tokens(history, decoding.no_repeat_ngram_size)
        yield
        scores, ids = continuations.then(tokens, parents, width, repeating)
    penalty = decoding.length_penalty
    return [
        sorted(of_one.values(), key=lambda one: one.score / len(one.tokens) ** penalty, reverse=True)
        for of_one in found
    ]


def _draw(scores: Tensor, numbers: Tensor, sampling: Sampling) -> Tensor:
    """The place of the drawn token among the best ones, [rows, draws].

    Args:
        scores: log-probabilities, falling or -inf, [rows, draws, width].
        numbers: evenly distributed between 0 and 1, [rows, draws].
    """
    shares = (scores / sampling.temperature).softmax(-1)
    before = shares.cumsum(-1) - shares
    shares = shares.masked_fill(before >= sampling.top_p, 0)  # the first one always stays
    up_to = shares.cumsum(-1)
    place = (up_to <= numbers[:, :, None] * up_to[:, :, -1:]).sum(-1)
    return place.clamp(max=scores.shape[2] - 1)
