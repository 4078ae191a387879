import math
from decimal import Decimal, getcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from ontarget.training.loss.log_odds import log_odds  # noqa: E402
from ontarget.training.loss.objective import signed_loss  # noqa: E402


def test_positive_weights_are_cross_entropy():
    logits = torch.randn(6, 9, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(6)
    loss = signed_loss(log_odds(logits, labels), torch.full((6,), 1 / 6))
    torch.testing.assert_close(loss, torch.nn.functional.cross_entropy(logits, labels))


def test_negative_weights_are_unlikelihood():
    logits = torch.randn(6, 9, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(6)
    probability = logits.softmax(1).gather(1, labels[:, None]).squeeze(1)
    loss = signed_loss(log_odds(logits, labels), torch.full((6,), -0.05 / 6))
    torch.testing.assert_close(loss, -0.05 * torch.log(1 - probability).mean())


def test_golden_values():
    d = torch.tensor([0.0, math.log(3)])  # p = 1/2 and 3/4
    assert signed_loss(d, torch.tensor([1.0, 0.0])).item() == pytest.approx(math.log(2))
    assert signed_loss(d, torch.tensor([0.0, -1.0])).item() == pytest.approx(math.log(4))
    assert signed_loss(d, torch.tensor([0.0, 0.0])).item() == 0.0


@pytest.mark.parametrize("q", [1e-3, 0.3, 0.5, 1.0])
@pytest.mark.parametrize("d", [-60.0, -20.0, -2.0, 0.0, 0.5, 3.0, 20.0, 60.0])
def test_bounded_unlikelihood_by_its_formula(q, d):
    """Value and gradient in fp32 against 50 digits."""
    getcontext().prec = 50
    rest = 1 / (1 + Decimal(d).exp())  # 1 - p
    value, slope = (1 - rest ** Decimal(q)) / Decimal(q), (1 - rest) * rest ** Decimal(q)
    of_one = torch.tensor([d], requires_grad=True)
    loss = signed_loss(of_one, torch.tensor([-0.7]), q)
    loss.backward()
    assert loss.item() == pytest.approx(0.7 * float(value), rel=2e-6, abs=0)
    assert of_one.grad.item() == pytest.approx(0.7 * float(slope), rel=1e-5, abs=1e-7)
    assert value <= 1 / Decimal(q)


def test_bounded_unlikelihood_lies_between_p_and_unlikelihood():
    d, negative = torch.tensor([0.0, math.log(3), 1e4]), torch.full((3,), -1.0)
    assert signed_loss(d, negative, 1.0).item() == pytest.approx(0.5 + 0.75 + 1)
    small = signed_loss(d[:2], negative[:2], 1e-4).item()
    assert small == pytest.approx(signed_loss(d[:2], negative[:2]).item(), rel=1e-3)
    assert small < signed_loss(d[:2], negative[:2]).item()


def test_a_bound_leaves_likelihood_alone():
    d, positive = torch.tensor([-60.0, 0.0, 2.0]), torch.tensor([0.2, 0.3, 0.5])
    assert signed_loss(d, positive, 1.0) == signed_loss(d, positive)


@given(d=st.floats(-30, 30), q=st.floats(0.01, 1))
def test_gradients_of_a_bound_are_those_of_finite_differences(d, q):
    both = torch.tensor([d, -d], dtype=torch.float64, requires_grad=True)
    weights = torch.tensor([-0.6, 0.4], dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda x: signed_loss(x, weights, q), (both,))


def test_losses_of_parts_add_up():
    d, w = torch.randn(10), torch.randn(10)
    torch.testing.assert_close(signed_loss(d, w), signed_loss(d[:3], w[:3]) + signed_loss(d[3:], w[3:]))


@pytest.mark.parametrize("d", [-1e4, -60.0, 0.0, 60.0, 1e4])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_finite_with_the_gradient_of_the_method(d, sign):
    d = torch.tensor([d], requires_grad=True)
    loss = signed_loss(d, torch.tensor([sign]))
    loss.backward()
    p = torch.sigmoid(d.detach())
    expected = p if sign < 0 else -torch.sigmoid(-d.detach())
    assert loss.isfinite()
    torch.testing.assert_close(d.grad, expected)


def test_shapes_are_printed():
    with pytest.raises(ValueError, match=r"\[2\], \[3\]"):
        signed_loss(torch.zeros(2), torch.zeros(3))
