"""Objectives over pairs, against the papers' formulas in plain fp64 probabilities."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from ontarget.settings.objective import Objective  # noqa: E402
from ontarget.training.loss.objective import signed_loss  # noqa: E402
from ontarget.training.loss.preference import pair_losses, pairwise_loss, sequence_scores  # noqa: E402

ORPO, CPO, SIMPO = Objective("orpo"), Objective("cpo", beta=0.1), Objective("simpo", beta=2.0, margin=1.0)


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def by_the_paper(objective, chosen, rejected):
    """The loss of one pair from the probabilities of its tokens, with no shares: every token is whole."""

    def log_likelihood(ps):
        return sum(math.log(p) for p in ps)

    if objective.name == "orpo":
        means = [math.exp(log_likelihood(ps) / len(ps)) for ps in (chosen, rejected)]
        odds = [p / (1 - p) for p in means]
        return -math.log(sigmoid(math.log(odds[0] / odds[1])))
    if objective.name == "cpo":
        of_both = [objective.beta * log_likelihood(ps) for ps in (chosen, rejected)]
        return -math.log(sigmoid(of_both[0] - of_both[1]))
    rewards = [objective.beta / len(ps) * log_likelihood(ps) for ps in (chosen, rejected)]
    return -math.log(sigmoid(rewards[0] - rewards[1] - objective.margin))


def flat(pairs, alpha=1.0):
    """Arguments of `pairwise_loss` for pairs of lists of probabilities: likelihood and pairs as means."""
    d, weights, shares, sequences = [], [], [], []
    chosen_tokens = sum(len(chosen) for chosen, _ in pairs)
    for number, (chosen, rejected) in enumerate(pairs):
        for ps, sequence in ((chosen, 2 * number), (rejected, 2 * number + 1)):
            d += [math.log(p / (1 - p)) for p in ps]
            weights += [1 / chosen_tokens if ps is chosen else -alpha / len(pairs) / len(ps)] * len(ps)
            shares += [1.0] * len(ps)
            sequences += [sequence] * len(ps)
    numbers = [torch.tensor(column, dtype=torch.float64) for column in (d, weights, shares)]
    return *numbers, torch.tensor(sequences)


probabilities = st.lists(st.floats(0.001, 0.999), min_size=1, max_size=5)
pairs = st.lists(st.tuples(probabilities, probabilities), min_size=1, max_size=4)


@pytest.mark.parametrize("objective", [ORPO, CPO, SIMPO], ids=lambda o: o.name)
@given(pairs=pairs, alpha=st.floats(0.01, 2))
def test_the_loss_is_the_papers(objective, pairs, alpha):
    likelihood, preference = pairwise_loss(objective, *flat(pairs, alpha))
    expected = sum(by_the_paper(objective, *pair) for pair in pairs) / len(pairs)
    assert preference.item() == pytest.approx(alpha * expected, rel=1e-9)
    tokens = [p for chosen, _ in pairs for p in chosen]
    assert likelihood.item() == pytest.approx(-sum(map(math.log, tokens)) / len(tokens), rel=1e-9, abs=1e-12)


def test_golden_values():
    """p = 1/2 and 1/4 under the right instruction, 1/2 under the wrong one."""
    d, weights, shares, sequences = flat([([0.5, 0.25], [0.5])])
    mean = math.sqrt(1 / 8)
    losses = {
        ORPO: math.log(1 + (1 - mean) / mean),  # the rejected one's odds are 1
        CPO: math.log(1 + 4**0.1),
        SIMPO: math.log(1 + math.e * 0.5**2 / mean**2),
    }
    for objective, expected in losses.items():
        _, preference = pairwise_loss(objective, d, weights, shares, sequences)
        assert preference.item() == pytest.approx(expected)


def test_of_one_token_orpo_compares_the_log_odds_themselves():
    d = torch.tensor([-3.0, 5.0, 40.0, 30.0])
    sequences = torch.tensor([0, 1, 2, 3])
    _, loss = pairwise_loss(ORPO, d, torch.tensor([0.0, -0.5, 0.0, -0.5]), torch.ones(4), sequences)
    expected = [math.log(1 + math.exp(8)), math.log(1 + math.exp(-10))]
    assert loss.item() == pytest.approx(sum(expected) / 2, rel=1e-6)


@pytest.mark.parametrize("objective", [ORPO, CPO, SIMPO], ids=lambda o: o.name)
@given(
    d=st.lists(st.floats(-30, 30), min_size=6, max_size=6),
    shares=st.lists(st.floats(0.01, 1), min_size=6, max_size=6),
)
def test_shares_weigh_the_tokens_of_a_score(objective, d, shares):
    numbers = [torch.tensor(column, dtype=torch.float64) for column in (d, shares)]
    sequences = torch.tensor([0, 0, 0, 1, 1, 1])
    weights = -numbers[1] * (sequences == 1)
    *scores, strength = sequence_scores(objective, numbers[0], weights, numbers[1], sequences)
    for score, part in zip(scores, (slice(0, 3), slice(3, 6)), strict=True):
        log_p = [-math.log1p(math.exp(-x)) for x in d[part]]
        total = sum(s * lp for s, lp in zip(shares[part], log_p, strict=True))
        expected = total if objective.name == "cpo" else total / sum(shares[part])
        assert score.item() == pytest.approx(expected, rel=1e-9)
    assert strength.item() == pytest.approx(sum(shares[3:]))


@pytest.mark.parametrize("objective", [ORPO, CPO, SIMPO], ids=lambda o: o.name)
def test_gradients_are_those_of_finite_differences(objective):
    d = torch.tensor([0.3, -2.0, 4.0, -0.5, 1.5], dtype=torch.float64, requires_grad=True)
    weights = torch.tensor([0.2, 0.3, -0.4, -0.2, -0.1], dtype=torch.float64)
    shares = torch.tensor([1.0, 0.5, 1.0, 0.5, 0.25], dtype=torch.float64)
    sequences = torch.tensor([0, 0, 1, 1, 1])
    assert torch.autograd.gradcheck(
        lambda x: sum(pairwise_loss(objective, x, weights, shares, sequences)), (d,)
    )


@pytest.mark.parametrize("objective", [ORPO, CPO, SIMPO], ids=lambda o: o.name)
@pytest.mark.parametrize("sure", [-300.0, -60.0, 60.0, 300.0])
def test_finite_however_sure_the_model_is(objective, sure):
    """And where the wrong instruction makes it sure, it is pushed away from it."""
    d = torch.tensor([sure, sure], requires_grad=True)
    _, loss = pairwise_loss(objective, d, torch.tensor([0.0, -1.0]), torch.ones(2), torch.tensor([0, 1]))
    loss.backward()
    assert loss.isfinite()
    assert d.grad.isfinite().all()
    assert d.grad[1] == -d.grad[0]  # the same token, alike under both
    assert objective != ORPO or d.grad[1].item() == pytest.approx(0.5)


def test_what_is_in_no_pair_is_likelihood_alone():
    d, weights = torch.tensor([0.5, -0.5]), torch.tensor([0.4, 0.6])
    nothing = torch.zeros(2), torch.full((2,), -1)
    likelihood, preference = pairwise_loss(ORPO, d, weights, *nothing)
    assert (likelihood, preference) == (signed_loss(d, weights), 0)
    empty = [torch.zeros(0, requires_grad=True), torch.zeros(0), torch.zeros(0), torch.zeros(0).long()]
    sum(pairwise_loss(SIMPO, *empty)).backward()  # as a process without a sample does


def test_a_margin_asks_for_more():
    scores = torch.tensor([-1.0]), torch.tensor([-2.0])
    tight, wide = (pair_losses(Objective("simpo", 2.0, margin), *scores) for margin in (0.0, 1.0))
    assert tight < wide
    assert tight == pair_losses(Objective("cpo", 2.0), *scores)
