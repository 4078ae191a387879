import math

import pytest

pytest.importorskip("torch", reason="needs the extra `train`")

import torch
from tests.translation.textbook import Textbook, best_of_beam, search
from torch import Tensor

from ontarget.settings.decoding import Contrast, Decoding
from ontarget.translation.contrast import Contrasted, contrastive_scores
from ontarget.translation.engines.adjusted import AdjustedAlike, AdjustedContinuations
from ontarget.translation.engines.beam import Ends, Found
from ontarget.translation.engines.tree import TokenTree

END, SHARED, WRONG, RIGHT = range(4)
ENDS = torch.tensor([1])


def scores_of(
    asked: list[float], *contrasts: list[float], weights: list[float], plausibility: float = 0
) -> Tensor:
    own, others = torch.tensor([[asked]]).log(), torch.tensor([contrasts])[:, :, None].log()
    return contrastive_scores(own, own, others, torch.tensor([weights]), plausibility, torch.tensor([END]))[
        0, 0
    ]


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
    model, asked, weights: list[list[float]], contrast: Contrast, decoding: Decoding
) -> list[Found]:
    pairs = [list(zip(own[1:], w, strict=True)) for own, w in zip(asked, weights, strict=True)]
    adjustment = Contrasted(pairs, contrast).of(range(len(asked)), ENDS)
    part = AdjustedAlike([own for own, *_ in asked], [[others] for _, *others in asked], [adjustment])
    return best_of_beam(AdjustedContinuations.of(model, [part]), len(asked), decoding, Ends(ENDS))


@pytest.mark.parametrize("beam", [1, 4])
@pytest.mark.parametrize(("plausibility", "first_tokens"), [(0.0, None), (0.1, None), (0.1, 1), (0.0, 3)])
def test_the_same_as_the_textbook(
    model, asked, beam: int, plausibility: float, first_tokens: int | None
) -> None:
    decoding, book = Decoding(beam, 7), Textbook(model)
    weights = [[0.5, 0.2], [0.6, 0.1], [0.3, 0.3], [0.0, 0.1]]
    found = contrastive(
        model, asked, weights, Contrast(plausibility=plausibility, first_tokens=first_tokens), decoding
    )
    for prompts, own_weights, ours in zip(asked, weights, found, strict=True):

        def score(answer: list[int], prompts=prompts, own_weights=own_weights) -> Tensor:
            own, *others = [book.log_p([*prompt, *answer]) for prompt in prompts]
            if first_tokens is not None and len(answer) >= first_tokens:
                return own
            scores = own - sum(w * other for w, other in zip(own_weights, others, strict=True))
            scores[1] = own[1] * (1 - sum(own_weights))
            scores[own.exp() < plausibility * own.exp().max()] = -math.inf
            return scores

        tokens, total = search(score, decoding)
        assert ours.tokens == tokens
        assert ours.score == pytest.approx(total, abs=1e-3)


@pytest.mark.parametrize("plausibility", [0.0, 0.5, 1.0])
@pytest.mark.parametrize(("beam", "size"), [(1, 1), (1, 2), (3, 1)])
def test_what_would_repeat_something_makes_no_other_token_implausible(
    model, asked, beam: int, size: int, plausibility: float
) -> None:
    """Otherwise, nothing could follow where the model is sure of a token that is forbidden."""
    decoding, book = Decoding(beam, 9, no_repeat_ngram_size=size), Textbook(model)
    weights = [[0.5, 0.2], [0.6, 0.1], [0.3, 0.3], [0.0, 0.1]]
    found = contrastive(model, asked, weights, Contrast(plausibility=plausibility), decoding)
    mattered = 0
    for prompts, own_weights, ours in zip(asked, weights, found, strict=True):

        def score(answer: list[int], prompts=prompts, own_weights=own_weights) -> Tensor:
            nonlocal mattered
            own, *others = [book.log_p([*prompt, *answer]).clone() for prompt in prompts]
            ngrams = [answer[i : i + size] for i in range(len(answer) - size + 1)]
            last = answer[len(answer) - size + 1 :]
            forbidden = [ngram[-1] for ngram in ngrams if ngram[:-1] == last]
            scores = own - sum(w * other for w, other in zip(own_weights, others, strict=True))
            scores[1] = own[1] * (1 - sum(own_weights))
            mattered += int(own.argmax()) in forbidden
            own[forbidden] = scores[forbidden] = -math.inf
            scores[own.exp() < plausibility * own.exp().max()] = -math.inf
            return scores

        tokens, total = search(score, decoding)
        assert ours.tokens == tokens
        assert ours.score == pytest.approx(total, abs=1e-3)
    assert mattered


@pytest.mark.parametrize("beam", [1, 4])
def test_without_weight_it_is_the_model_itself(model, asked, beam: int) -> None:
    decoding = Decoding(beam, 16)
    plain = best_of_beam(
        AdjustedContinuations(TokenTree(model, [prompts[0] for prompts in asked])),
        len(asked),
        decoding,
        Ends(ENDS),
    )
    without = contrastive(model, asked, [[0.0, 0.0]] * len(asked), Contrast(plausibility=0.0), decoding)
    assert [found.tokens for found in without] == [found.tokens for found in plain]


def test_a_sentence_without_contrasts_is_the_models_own(model, prompts) -> None:
    adjustment = Contrasted([[]] * 2, Contrast(plausibility=0.9)).of([0, 1], ENDS)
    part, decoding = AdjustedAlike(prompts[:2], [[[]], [[]]], [adjustment]), Decoding(4, 9)
    found = best_of_beam(AdjustedContinuations.of(model, [part]), 2, decoding, Ends(ENDS))
    plain = best_of_beam(AdjustedContinuations(TokenTree(model, prompts[:2])), 2, decoding, Ends(ENDS))
    assert found == plain


@pytest.mark.parametrize("first_tokens", [1, None])
def test_sentences_with_fewer_contrasts_score_as_alone(model, asked, first_tokens: int | None) -> None:
    """Two, one and no contrasts. What is not plausible is left out only where there is a contrast."""
    decoding, contrast = Decoding(4, 9), Contrast(plausibility=0.1, first_tokens=first_tokens)
    weights = [[0.5, 0.2], [0.6], [], [0.3, 0.1]]

    def search_of(chosen: list[int]) -> list[Found]:
        beside = [[asked[i][1 : 1 + len(weights[i])]] for i in chosen]
        pairs = [list(zip(*own, weights[i], strict=True)) for own, i in zip(beside, chosen, strict=True)]
        adjustment = Contrasted(pairs, contrast).of(range(len(chosen)), ENDS)
        part = AdjustedAlike([asked[i][0] for i in chosen], beside, [adjustment])
        scores = AdjustedContinuations.of(model, [part])
        return best_of_beam(scores, len(chosen), decoding, Ends(ENDS))

    together = search_of([0, 1, 2, 3])
    for i, found in enumerate(together):
        (alone,) = search_of([i])
        assert found.tokens == alone.tokens
        assert found.score == pytest.approx(alone.score, abs=1e-4)
