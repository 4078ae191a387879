import math

import pytest

pytest.importorskip("torch", reason="needs the extra `train`")

import torch
from torch import Tensor

from ontarget.translation.beam import Ends, Found, beam_search
from ontarget.translation.contrast import ContrastiveContinuations, contrastive_scores
from ontarget.translation.system import Decoding
from ontarget.translation.tree import PlainContinuations, TokenTree

END, SHARED, WRONG, RIGHT = range(4)
END_IDS = torch.tensor([END])


def scores_of(
    asked: list[float], *contrasts: list[float], weights: list[float], plausibility: float = 0
) -> Tensor:
    log_probs = torch.tensor([asked, *contrasts]).log()[None, :, None, :]
    return contrastive_scores(log_probs, torch.tensor([weights]), plausibility, END_IDS)[0, 0]


def test_the_formula() -> None:
    scores = scores_of([0.1, 0.2, 0.4, 0.3], [0.1, 0.2, 0.6, 0.1], [0.3, 0.2, 0.4, 0.1], weights=[0.7, 0.1])
    assert scores[RIGHT] == pytest.approx(math.log(0.3) - 0.7 * math.log(0.1) - 0.1 * math.log(0.1))
    assert scores[WRONG] == pytest.approx(math.log(0.4) - 0.7 * math.log(0.6) - 0.1 * math.log(0.4))
    assert scores[END] == pytest.approx(0.2 * math.log(0.1))
    assert scores.argmax() == RIGHT  # though the model itself prefers WRONG


def test_where_all_prompts_agree_the_models_order_stays_and_the_end_can_be_reached() -> None:
    sure = [0.9, 0.06, 0.03, 0.01]  # the sentence is over, and every prompt says so
    fair = scores_of(sure, sure, sure, weights=[0.5, 0.3])
    assert fair.argsort(descending=True).tolist() == [END, SHARED, WRONG, RIGHT]
    # The published code: English counted twice, weights that sum to -1. Every token scores 0.
    log_probs = torch.tensor(sure).log()
    faulty = log_probs - 0.5 * log_probs - 0.5 * log_probs
    assert faulty.abs().max() < 1e-6


def test_the_end_is_exempt() -> None:
    # The contrasts are even surer that this is the end, which would talk the system out of it.
    scores = scores_of([0.6, 0.4, 0, 0], [0.999, 0.001, 0, 0], weights=[0.8], plausibility=0.9)
    assert scores.argmax() == END


def test_what_is_not_plausible_is_left_out() -> None:
    asked, contrast = [0.2, 0.7, 0.099, 0.001], [0.2, 0.5, 0.299999, 1e-6]
    assert scores_of(asked, contrast, weights=[0.8]).argmax() == RIGHT
    masked = scores_of(asked, contrast, weights=[0.8], plausibility=0.1)
    assert masked.isfinite().tolist() == [True, True, True, False]
    assert masked.argmax() == SHARED


@pytest.fixture
def asked(prompts) -> list[list[list[int]]]:
    """For each of four sentences its prompt and two contrasts, of other lengths."""
    return [[prompts[i], prompts[i + 4], prompts[-1 - i]] for i in range(4)]


def contrastive(
    model,
    asked,
    weights: list[list[float]],
    decoding: Decoding,
    plausibility: float,
    first_tokens: int | None = None,
) -> list[Found]:
    tree = TokenTree(model, [prompt for prompts in asked for prompt in prompts], decoding.max_new_tokens)
    scores = ContrastiveContinuations(
        tree, torch.tensor(weights), plausibility, torch.tensor([1]), first_tokens
    )
    return beam_search(scores, len(asked), decoding, Ends(torch.tensor([1])))


def naive(
    model, prompts, weights: list[float], decoding: Decoding, plausibility: float, first_tokens: int | None
) -> tuple[list[int], float]:
    """One sentence, no cache, no batch, the textbook's beam search over lists."""
    open_, closed = [([], 0.0)], []
    for length in range(1, decoding.max_new_tokens + 1):
        candidates = []
        for tokens, total in open_:
            logits = [model(torch.tensor([prompt + tokens])).logits[0, -1] for prompt in prompts]
            asked, *others = [values.log_softmax(-1) for values in logits]
            scores = asked.clone()
            if first_tokens is None or length <= first_tokens:
                scores -= sum(w * other for w, other in zip(weights, others, strict=True))
                scores[1] = asked[1] * (1 - sum(weights))
                scores[asked.exp() < plausibility * asked.exp().max()] = -math.inf
            candidates += [([*tokens, i], total + s) for i, s in enumerate(scores.tolist()) if s > -math.inf]
        candidates.sort(key=lambda candidate: -candidate[1])
        last = length == decoding.max_new_tokens
        closed += [c for c in candidates[: decoding.beam] if c[0][-1] == 1 or last]
        open_ = [c for c in candidates if c[0][-1] != 1][: decoding.beam]
        closed = sorted(closed, key=lambda c: -c[1] / len(c[0]))[: decoding.beam]
        enough = len(closed) == decoding.beam
        if not open_ or (enough and open_[0][1] / length <= closed[-1][1] / len(closed[-1][0])):
            break
    return closed[0]


@pytest.mark.parametrize("beam", [1, 4])
@pytest.mark.parametrize(("plausibility", "first_tokens"), [(0.0, None), (0.1, None), (0.1, 1), (0.0, 3)])
@torch.inference_mode()
def test_the_same_as_the_textbook(
    model, asked, beam: int, plausibility: float, first_tokens: int | None
) -> None:
    decoding = Decoding(beam, 7)
    weights = [[0.5, 0.2], [0.6, 0.1], [0.3, 0.3], [0.0, 0.1]]
    found = contrastive(model, asked, weights, decoding, plausibility, first_tokens)
    for prompts, own_weights, ours in zip(asked, weights, found, strict=True):
        tokens, score = naive(model, prompts, own_weights, decoding, plausibility, first_tokens)
        assert ours.tokens == tokens
        assert ours.score == pytest.approx(score, abs=1e-3)


@pytest.mark.parametrize("beam", [1, 4])
def test_without_weight_it_is_the_model_itself(model, asked, beam: int) -> None:
    decoding = Decoding(beam, 16)
    plain = beam_search(
        PlainContinuations(TokenTree(model, [prompts[0] for prompts in asked], 16)),
        len(asked),
        decoding,
        Ends(torch.tensor([1])),
    )
    without = contrastive(model, asked, [[0.0, 0.0]] * len(asked), decoding, plausibility=0.0)
    assert [found.tokens for found in without] == [found.tokens for found in plain]
