"""The one seam: what is read beside a sentence, for how long, and in which order scores change."""

from dataclasses import dataclass, field

import pytest

pytest.importorskip("torch", reason="needs the extra `train`")

import torch
from tests.translation.textbook import Textbook, best_of_beam, search
from torch import Tensor

from ontarget.settings.decoding import Decoding
from ontarget.translation.engines.adjusted import AdjustedAlike, AdjustedContinuations
from ontarget.translation.engines.beam import Ends
from ontarget.translation.engines.tree import TokenTree

ENDS = torch.tensor([1])


@dataclass
class Subtracted:
    """Subtracts a share of what prompts beside get, while they are read and no longer."""

    weight: float
    beside: int
    read: int | None
    tokens: int | None
    shapes: list[tuple[int, ...]] = field(default_factory=list)

    def __call__(self, position: int, scores: Tensor, own: Tensor, beside: Tensor) -> Tensor:
        self.shapes.append(tuple(beside.shape[:3]))
        return scores - self.weight * beside.sum(1)

    def keep(self, sentences: Tensor) -> None:
        pass


def test_without_adjustments_scores_are_the_log_probabilities_of_the_best_tokens(model, prompts) -> None:
    book = Textbook(model)
    scores, ids = AdjustedContinuations(TokenTree(model, prompts)).first(5)
    expected = torch.stack([book.log_p(prompt) for prompt in prompts]).topk(5)
    torch.testing.assert_close(scores[:, 0].double(), expected.values, rtol=1e-4, atol=1e-4)
    assert ids[:, 0].tolist() == expected.indices.tolist()


@pytest.mark.parametrize("beam", [1, 3])
def test_each_has_its_own_prompts_beside_and_is_done_at_its_own_time(model, prompts, beam: int) -> None:
    """Two prompts for two tokens, one for one, one for all: each sees its own, though others are gone."""
    book, decoding = Textbook(model), Decoding(beam, 6)
    sentences = [[prompts[i], *(prompts[(i + j) % 12] for j in (3, 5, 7, 8))] for i in (0, 1, 4, 8, 9)]
    adjustments = [Subtracted(0.2, 2, 2, 2), Subtracted(0.3, 1, 1, 1), Subtracted(0.4, 1, None, None)]
    beside = [[others[:2], others[2:3], others[3:]] for _, *others in sentences]
    part = AdjustedAlike([own for own, *_ in sentences], beside, adjustments)
    continuations = AdjustedContinuations.of(model, [part])
    found = best_of_beam(continuations, len(sentences), decoding, Ends(ENDS))
    for (own, *beside), ours in zip(sentences, found, strict=True):

        def score(answer: list[int], own=own, beside=beside) -> Tensor:
            others = [book.log_p([*ids, *answer]) for ids in beside]
            scores = book.log_p([*own, *answer]) - 0.4 * others[3]
            if len(answer) < 2:
                scores = scores - 0.2 * (others[0] + others[1])
            return scores - 0.3 * others[2] * (len(answer) < 1)

        tokens, total = search(score, decoding)
        assert ours.tokens == tokens
        assert ours.score == pytest.approx(total, abs=1e-3)
    assert [shape[:2] for shape in adjustments[0].shapes] == [(5, 2), (5, 2)]
    assert [shape[:2] for shape in adjustments[1].shapes] == [(5, 1)]


def test_one_that_outlives_its_prompts_is_still_asked(model, prompts) -> None:
    adjustment = Subtracted(0.5, 1, 1, 3)
    part = AdjustedAlike(prompts[:2], [[prompts[2:3]], [prompts[3:4]]], [adjustment])
    scores = AdjustedContinuations.of(model, [part])
    best_of_beam(scores, 2, Decoding(1, 6), Ends(torch.tensor([-1])))
    assert adjustment.shapes == [(2, 1, 1), (2, 0, 1), (2, 0, 1)]
