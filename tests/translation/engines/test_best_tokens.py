"""The best tokens are those of a sort of all scores, and log-probabilities those of fp64."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from ontarget.translation.engines.best_tokens import largest, most_likely

_SHAPES = [(5, 49152), (2, 4, 32000), (3, 1, 5000), (40, 50), (1, 1), (300, 2049)]


def _scores(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("shape", _SHAPES)
def test_largest_scores_are_the_first_of_a_sort(shape: tuple[int, ...]) -> None:
    scores = _scores(*shape)
    width = min(8, shape[-1])
    found, ids = largest(scores, width)
    assert torch.equal(found, scores.sort(dim=-1, descending=True).values[..., :width])
    assert torch.equal(scores.gather(-1, ids), found)


@given(
    vocabulary=st.integers(1, 3000),
    width=st.integers(1, 12),
    values=st.integers(1, 5),
    seed=st.integers(0, 99),
)
def test_each_token_is_found_once_also_among_equal_scores(
    vocabulary: int, width: int, values: int, seed: int
) -> None:
    width = min(width, vocabulary)
    scores = torch.randint(0, values, (3, vocabulary), generator=torch.Generator().manual_seed(seed)).float()
    found, ids = largest(scores, width)
    assert torch.equal(found, scores.sort(dim=-1, descending=True).values[:, :width])
    assert torch.equal(scores.gather(-1, ids), found)
    assert all(len(set(row)) == width for row in ids.tolist())


def test_best_token_is_found_at_every_place() -> None:
    places = torch.arange(0, 2100, 7)
    scores = torch.zeros(len(places), 2100)
    scores[torch.arange(len(places)), places] = 1
    assert torch.equal(largest(scores, 1)[1][:, 0], places)


def test_impossible_and_undefined_scores_stay_so() -> None:
    scores = torch.full((2, 4000), -torch.inf)
    scores[0, 3333] = 0
    assert largest(scores, 2)[0].tolist() == [[0, -torch.inf], [-torch.inf, -torch.inf]]
    scores[1, 17] = torch.nan
    assert most_likely(scores, 2)[0].isnan()[1].all()


@pytest.mark.parametrize("shape", _SHAPES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_log_probabilities_are_those_of_fp64(shape: tuple[int, ...], dtype: torch.dtype) -> None:
    logits = (8 * _scores(*shape)).to(dtype)
    width = min(3, shape[-1])
    found, ids = most_likely(logits, width)
    exact = logits.double().log_softmax(-1).sort(dim=-1, descending=True).values[..., :width]
    assert found.dtype == torch.float32
    assert torch.allclose(found.double(), exact, atol=1e-5)
    assert torch.allclose(logits.double().log_softmax(-1).gather(-1, ids), exact)
