import pytest

torch = pytest.importorskip("torch")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from tests.training.loss.test_log_odds import exact, inputs  # noqa: E402
from torch.nn.functional import logsigmoid  # noqa: E402
from torch.utils._python_dispatch import TorchDispatchMode  # noqa: E402

from ontarget.training.loss import linear_loss as module  # noqa: E402
from ontarget.training.loss import products  # noqa: E402
from ontarget.training.loss.linear_loss import linear_signed_loss  # noqa: E402
from ontarget.training.loss.log_odds import linear_log_odds  # noqa: E402
from ontarget.training.loss.objective import signed_loss  # noqa: E402


@pytest.fixture(params=[1, 20, 10**6], ids=["a token at once", "a few", "all"])
def parts(request, monkeypatch):
    """Small vocabularies in tiles of a few columns, and this number of logits at once."""
    monkeypatch.setattr(products, "_TILE_BYTES", 1)
    monkeypatch.setattr(products, "_LEAST_COLUMNS", 3)
    monkeypatch.setattr(module, "KEPT_LOGITS", request.param)
    monkeypatch.setattr(module, "_LEAST_TOKENS", 1)


def weights_of(tokens, dtype=torch.float32):
    """Of both signs, and a zero."""
    weights = torch.randn(tokens, generator=torch.Generator().manual_seed(5)).to(dtype)
    weights[1::5] = 0
    return weights


def by_definition(hidden, weight, labels, weights, q=0.0, *logits):
    """-log p, or the bounded -log(1 - p), in fp64."""
    d = exact(hidden, weight, labels, *logits)
    unlikelihood = -logsigmoid(-d)
    if q:
        unlikelihood = (1 - torch.exp(-q * unlikelihood)) / q
    weights = weights.double()
    return (weights.clamp(min=0) * -logsigmoid(d) - weights.clamp(max=0) * unlikelihood).sum()


@pytest.mark.parametrize(
    ("q", "softcap", "biased"), [(0.0, None, False), (0.5, 4.0, True), (1.0, None, True)]
)
@pytest.mark.usefixtures("parts")
def test_gradcheck(q, softcap, biased):
    hidden, weight, labels, bias = inputs(4, 8, 2, torch.float64)
    of, weights = (hidden, weight, bias)[: 2 + biased], weights_of(4, torch.float64)

    def loss(hidden, weight, bias=None):
        return linear_signed_loss(hidden, weight, labels, weights, q, bias, softcap, 0.5)[0]

    torch.testing.assert_close(
        loss(*of), by_definition(hidden, weight, labels, weights, q, of[2] if biased else None, softcap, 0.5)
    )
    assert torch.autograd.gradcheck(loss, of)


@given(st.integers(0, 12), st.integers(2, 40), st.integers(1, 5), st.integers(1, 500), st.integers(0, 2**31))
@settings(max_examples=40, deadline=None)
def test_loss_log_odds_and_gradients_however_it_is_divided(tokens, vocabulary, features, logits, seed):
    hidden, weight, labels, bias = inputs(tokens, vocabulary, features, torch.float64, seed)
    weights, of = weights_of(tokens, torch.float64), (hidden, weight, bias)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(products, "_TILE_BYTES", 1)
        patch.setattr(products, "_LEAST_COLUMNS", 7)
        patch.setattr(module, "KEPT_LOGITS", logits)
        patch.setattr(module, "_LEAST_TOKENS", 1)
        loss, d = linear_signed_loss(hidden, weight, labels, weights, 0.3, bias)
        gradients = torch.autograd.grad(3 * loss, of)
    expected = by_definition(hidden, weight, labels, weights, 0.3, bias)
    assert not d.requires_grad
    torch.testing.assert_close(d, exact(hidden, weight, labels, bias))
    torch.testing.assert_close(loss, expected)
    torch.testing.assert_close(gradients, torch.autograd.grad(3 * expected, of))


@pytest.mark.parametrize("wanted", ["hidden", "weight", "bias"])
@pytest.mark.usefixtures("parts")
def test_only_the_gradients_that_are_wanted(wanted):
    of = dict(zip(("hidden", "weight", "labels", "bias"), inputs(7, 13, 3, torch.float64), strict=True))
    labels, weights = of.pop("labels"), weights_of(7, torch.float64)
    given = {name: values.detach().requires_grad_(name == wanted) for name, values in of.items()}
    linear_signed_loss(labels=labels, weights=weights, **given)[0].backward()
    expected = by_definition(of["hidden"], of["weight"], labels, weights, 0.0, of["bias"])
    torch.testing.assert_close(given[wanted].grad, torch.autograd.grad(expected, of[wanted])[0])
    assert [name for name, values in given.items() if values.grad is not None] == [wanted]


class Products(TorchDispatchMode):
    """Counts matrix products."""

    number = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        self.number += function.overloadpacket.__name__ in ("mm", "addmm", "addmm_")
        return function(*args, **(kwargs or {}))


def products_of(loss_of, *, frozen=False, learns=True):
    hidden, weight, labels, _ = inputs(24, 10, 3)
    with Products() as made, torch.set_grad_enabled(learns):
        loss = loss_of(hidden, weight.requires_grad_(not frozen), labels, torch.ones(24))
        if learns:
            loss.backward()
    return made.number


def test_three_products_in_place_of_four_and_fewer_if_less_is_learnt(monkeypatch):
    monkeypatch.setattr(module, "KEPT_LOGITS", 80)  # three times eight tokens
    monkeypatch.setattr(module, "_LEAST_TOKENS", 8)
    monkeypatch.setattr("ontarget.training.loss.log_odds.KEPT_LOGITS", 80)

    def ours(*given):
        return linear_signed_loss(*given)[0]

    def in_two_passes(hidden, weight, labels, weights):
        return signed_loss(linear_log_odds(hidden, weight, labels), weights)

    assert products_of(in_two_passes) == 4
    assert products_of(ours) == 3 * 3
    assert products_of(ours, frozen=True) == 3 * 2
    assert products_of(ours, learns=False) == 3 * 1
    monkeypatch.setattr(module, "_LEAST_TOKENS", 9)  # parts too small: all tokens at once, in two passes
    assert products_of(ours) == 4
    assert products_of(ours, frozen=True) == 3 * 2


def test_a_large_vocabulary_takes_two_passes_with_the_same_result(monkeypatch):
    hidden, weight, labels, bias = inputs(30, 11, 4, torch.float64)
    weights, found = weights_of(30, torch.float64), []
    for least in (1, 100):
        monkeypatch.setattr(module, "KEPT_LOGITS", 80)
        monkeypatch.setattr(module, "_LEAST_TOKENS", least)
        loss, d = linear_signed_loss(hidden, weight, labels, weights, 0.5, bias)
        assert not d.requires_grad
        found.append((loss, d, torch.autograd.grad(2 * loss, (hidden, weight, bias))))
    torch.testing.assert_close(*found)


@pytest.mark.parametrize("held", [torch.float32, torch.bfloat16])
def test_under_autocast_results_are_within_bf16_rounding_of_fp64(held, monkeypatch):
    """Five parts: a bf16 weight gets the sum of five rounded gradients, an fp32 one unrounded sums."""
    hidden, weight, labels, _ = inputs(50, 3000, 64, held)
    monkeypatch.setattr(module, "KEPT_LOGITS", 30_000)
    monkeypatch.setattr(module, "_LEAST_TOKENS", 1)
    weights = weights_of(50)
    with torch.autocast("cpu", torch.bfloat16):
        loss, d = linear_signed_loss(hidden, weight, labels, weights)
    assert loss.dtype == d.dtype == torch.float32
    expected = by_definition(hidden, weight, labels, weights)
    assert loss.item() == pytest.approx(expected.item(), rel=2e-3)
    gradients = torch.autograd.grad(loss, (hidden, weight))
    for gradient, precise in zip(gradients, torch.autograd.grad(expected, (hidden, weight)), strict=True):
        assert gradient.dtype == held
        assert (gradient - precise).norm() < 0.02 * precise.norm()


@pytest.mark.usefixtures("parts")
def test_the_gradient_of_the_weight_is_added_to_what_is_there():
    hidden, weight, labels, _ = inputs(6, 12, 4, torch.float64)
    weights = weights_of(6, torch.float64)
    into = torch.ones_like(weight)
    linear_signed_loss(hidden, weight, labels, weights, into=into)[0].backward()
    assert weight.grad is None
    of_hidden, of_weight = torch.autograd.grad(
        by_definition(hidden, weight, labels, weights), (hidden, weight)
    )
    torch.testing.assert_close(into, 1 + of_weight)
    torch.testing.assert_close(hidden.grad, of_hidden)
    untouched = into.clone()
    with torch.no_grad():
        linear_signed_loss(hidden, weight, labels, weights, into=into)
    linear_signed_loss(hidden, weight.detach(), labels, weights, into=into)[0].backward()
    assert into.equal(untouched)


def test_what_was_added_cannot_be_multiplied_later():
    hidden, weight, labels, _ = inputs(6, 12, 4)
    loss, _ = linear_signed_loss(hidden, weight, labels, torch.ones(6), into=torch.zeros_like(weight))
    with pytest.raises(RuntimeError, match="must be 1"):
        (loss / 2).backward()


def test_a_second_backward_pass_is_refused_rather_than_wrong():
    hidden, weight, labels, _ = inputs(6, 12, 4)
    loss, _ = linear_signed_loss(hidden, weight, labels, torch.ones(6))
    (2 * loss).backward(retain_graph=True)
    with pytest.raises(RuntimeError, match="inplace"):
        (2 * loss).backward()


def test_under_gradient_checkpointing():
    hidden, weight, labels, bias = inputs(6, 12, 4, torch.float64)

    def loss(hidden):
        return linear_signed_loss(hidden.tanh(), weight, labels, torch.ones(6), 0.0, bias)[0]

    again = torch.utils.checkpoint.checkpoint(loss, hidden, use_reentrant=False)
    of = (hidden, weight, bias)
    torch.testing.assert_close(torch.autograd.grad(again, of), torch.autograd.grad(loss(hidden), of))


def test_without_a_token_gradients_are_zero():
    hidden, weight, labels, bias = inputs(0, 12, 4)
    loss, d = linear_signed_loss(hidden, weight, labels, torch.ones(0), 0.0, bias)
    assert loss == 0
    assert d.shape == (0,)
    loss.backward()
    assert hidden.grad.shape == (0, 4)
    assert not weight.grad.any()
    assert not bias.grad.any()


def test_shapes_that_do_not_belong_together_are_printed():
    hidden, weight, labels, _ = inputs(6, 12, 4)
    with pytest.raises(ValueError, match=r"\[6, 4\], \[12, 3\], \[6\]"):
        linear_signed_loss(hidden, weight[:, :3], labels, torch.ones(6))
    with pytest.raises(ValueError, match=r"\[6\], \[5\]"):
        linear_signed_loss(hidden, weight, labels, torch.ones(5))
