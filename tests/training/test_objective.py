import math

import pytest

torch = pytest.importorskip("torch")

from ontarget.training.log_odds import log_odds  # noqa: E402
from ontarget.training.objective import signed_loss  # noqa: E402


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
