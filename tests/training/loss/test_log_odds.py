import mpmath
import pytest

torch = pytest.importorskip("torch")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from torch.utils._python_dispatch import TorchDispatchMode  # noqa: E402
from torch.utils._pytree import tree_leaves  # noqa: E402

from ontarget.training.loss import log_odds as module  # noqa: E402
from ontarget.training.loss import products  # noqa: E402
from ontarget.training.loss.log_odds import linear_log_odds, log_odds  # noqa: E402
from ontarget.training.loss.objective import signed_loss  # noqa: E402


def reference(logits, label):
    """d in 60 digits."""
    with mpmath.workdps(60):
        rest = mpmath.fsum(mpmath.exp(mpmath.mpf(z)) for v, z in enumerate(logits) if v != label)
        return float(mpmath.mpf(logits[label]) - mpmath.log(rest))


@given(
    st.lists(st.floats(-60, 60, width=32), min_size=2, max_size=40),
    st.integers(0, 10**6),
)
@settings(max_examples=200, deadline=None)
def test_equals_arbitrary_precision(logits, choice):
    label = choice % len(logits)
    d = log_odds(torch.tensor([logits]), torch.tensor([label]))
    assert d.item() == pytest.approx(reference(logits, label), rel=2e-6, abs=2e-5)


@pytest.mark.parametrize("gap", [-60.0, -17.0, 0.0, 17.0, 30.0, 60.0])
@pytest.mark.parametrize("vocabulary", [2, 300, 130_000])
def test_value_and_gradient_against_fp64(gap, vocabulary):
    logits = torch.randn(3, vocabulary, generator=torch.Generator().manual_seed(1))
    labels = torch.tensor([0, vocabulary // 2, vocabulary - 1])
    logits[range(3), labels] += gap
    ours = logits.clone().requires_grad_()
    d = log_odds(ours, labels)
    d.sum().backward()

    exact = logits.double().requires_grad_()
    keep = torch.ones_like(exact, dtype=torch.bool).scatter_(1, labels[:, None], False)
    of_label = exact.gather(1, labels[:, None]).squeeze(1)
    expected = of_label - exact.masked_fill(~keep, -torch.inf).logsumexp(1)
    expected.sum().backward()
    torch.testing.assert_close(d, expected.float(), rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(ours.grad, exact.grad.float(), rtol=1e-4, atol=1e-7)


def test_fault_1_unlikelihood_keeps_its_gradient_where_the_model_is_surely_wrong():
    logits = torch.zeros(1, 1000)
    logits[0, 7] = 40.0  # p of label 7 is 1 in fp32
    ours, published = logits.clone().requires_grad_(), logits.clone().requires_grad_()
    signed_loss(log_odds(ours, torch.tensor([7])), torch.tensor([-1.0])).backward()
    assert ours.grad[0, 7].item() == pytest.approx(1.0)

    probability = published.softmax(1)[0, 7]
    (-torch.log(torch.clamp(1 - probability, 1e-9))).backward()
    assert published.grad.abs().max().item() == 0.0  # the fault: nothing is learnt


def test_more_rows_than_one_chunk():
    logits = torch.randn(1000, 11, generator=torch.Generator().manual_seed(2))
    labels = torch.arange(1000) % 11
    together = log_odds(logits, labels)
    apart = torch.cat([log_odds(logits[n : n + 1], labels[n : n + 1]) for n in range(1000)])
    torch.testing.assert_close(together, apart)


def test_bf16_logits_give_fp32_log_odds_and_a_bf16_gradient():
    logits = torch.randn(4, 50, dtype=torch.bfloat16, requires_grad=True)
    d = log_odds(logits, torch.arange(4))
    d.sum().backward()
    assert d.dtype == torch.float32
    torch.testing.assert_close(d, log_odds(logits.detach().float(), torch.arange(4)))
    assert logits.grad.dtype == torch.bfloat16


def test_shapes_that_do_not_belong_together_are_printed():
    with pytest.raises(ValueError, match=r"\[2, 5\].*\[3\]"):
        log_odds(torch.zeros(2, 5), torch.zeros(3, dtype=torch.long))


def exact(hidden, weight, labels, bias=None, softcap=None, scale=1.0):
    """The same in fp64 by plain operations; inputs as the operation takes them."""
    hidden, weight = hidden.double(), weight.double()
    logits = hidden @ weight.T if bias is None else hidden @ weight.T + bias.double()
    logits = scale * logits
    if softcap:
        logits = softcap * torch.tanh(logits / softcap)
    index = labels[:, None]
    return logits.gather(1, index).squeeze(1) - logits.scatter(1, index, -torch.inf).logsumexp(1)


def inputs(tokens, vocabulary, features, dtype=torch.float32, seed=1, device="cpu"):
    generator = torch.Generator().manual_seed(seed)
    hidden = torch.randn(tokens, features, generator=generator).to(device, dtype)
    weight = torch.randn(vocabulary, features, generator=generator).to(device, dtype)
    bias = torch.randn(vocabulary, generator=generator).to(device, dtype)
    labels = torch.randint(vocabulary, (tokens,), generator=generator).to(device)
    return hidden.requires_grad_(), weight.requires_grad_(), labels, bias.requires_grad_()


@pytest.fixture(params=["kept", "made again"])
def small_tiles(request, monkeypatch):
    """Tiles of a few columns, so that toy vocabularies have many; logits kept for the backward or not."""
    monkeypatch.setattr(products, "_TILE_BYTES", 1)
    monkeypatch.setattr(products, "_LEAST_COLUMNS", 3)
    monkeypatch.setattr(module, "KEPT_LOGITS", 1 << 24 if request.param == "kept" else 0)


@pytest.mark.parametrize("gap", [-60.0, -17.0, 0.0, 17.0, 30.0, 60.0])
@pytest.mark.parametrize("vocabulary", [2, 300, 130_000])
def test_linear_value_and_gradients_against_fp64(gap, vocabulary, monkeypatch):
    monkeypatch.setattr(products, "_TILE_BYTES", 1 << 16)
    monkeypatch.setattr(module, "KEPT_LOGITS", 0)
    hidden, weight, labels, bias = inputs(3, vocabulary, 8)
    labels = torch.tensor([0, vocabulary // 2, vocabulary - 1])
    with torch.no_grad():
        bias[labels.unique()] += gap
    ours = linear_log_odds(hidden, weight, labels, bias)
    gradients = torch.autograd.grad(ours.sum(), (hidden, weight, bias))
    expected = exact(hidden, weight, labels, bias)
    torch.testing.assert_close(ours, expected.float(), rtol=1e-5, atol=3e-5)
    for gradient, precise in zip(
        gradients, torch.autograd.grad(expected.sum(), (hidden, weight, bias)), strict=True
    ):
        torch.testing.assert_close(gradient, precise, rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("logit", [0.0, 30.0, 200.0, 400.0])
def test_a_cap_that_is_reached_leaves_the_gradient_that_fp64_has(logit):
    weight = torch.tensor([[1.0], [-1.0]])
    labels = torch.tensor([0])
    gradients = []
    for dtype, log_odds_of in ((torch.float32, linear_log_odds), (torch.float64, exact)):
        hidden = torch.tensor([[logit]], dtype=dtype, requires_grad=True)
        log_odds_of(hidden, weight.to(dtype), labels, None, 30.0).sum().backward()
        gradients.append(hidden.grad.item())
    assert gradients[1] > 0
    assert gradients[0] == pytest.approx(gradients[1], rel=1e-4)


@pytest.mark.parametrize("softcap", [None, 4.0])
@pytest.mark.parametrize("scale", [1.0, 0.25])
@pytest.mark.parametrize("biased", [True, False])
@pytest.mark.usefixtures("small_tiles")
def test_linear_gradcheck(softcap, scale, biased):
    hidden, weight, labels, bias = inputs(4, 10, 3, torch.float64)
    of = (hidden, weight, bias) if biased else (hidden, weight)
    torch.testing.assert_close(
        linear_log_odds(hidden, weight, labels, bias, softcap, scale),
        exact(hidden, weight, labels, bias, softcap, scale),
    )
    assert torch.autograd.gradcheck(
        lambda hidden, weight, bias=None: linear_log_odds(hidden, weight, labels, bias, softcap, scale), of
    )


@given(
    st.integers(0, 12),
    st.integers(2, 40),
    st.integers(1, 5),
    st.integers(1, 41),
    st.booleans(),
    st.integers(0, 2**31),
)
def test_linear_equals_log_odds_of_the_logits_however_it_is_tiled(
    tokens, vocabulary, features, width, keep, seed
):
    hidden, weight, labels, _ = inputs(tokens, vocabulary, features, torch.float64, seed)
    upstream = torch.linspace(-2, 3, tokens, dtype=torch.float64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(products, "_TILE_BYTES", 1)
        patch.setattr(products, "_LEAST_COLUMNS", width)
        patch.setattr(module, "KEPT_LOGITS", 1 << 24 if keep else 0)
        d = linear_log_odds(hidden, weight, labels)
        gradients = torch.autograd.grad(d, (hidden, weight), upstream)
    expected = exact(hidden, weight, labels)
    torch.testing.assert_close(d, expected)
    torch.testing.assert_close(gradients, torch.autograd.grad(expected, (hidden, weight), upstream))


def test_fault_1_linear_unlikelihood_keeps_its_gradient_where_the_model_is_surely_wrong():
    weight = torch.eye(1000, 4)
    hidden = torch.tensor([[0.0, 0.0, 45.0, 0.0]], requires_grad=True)  # p of label 2 is 1 in fp32
    signed_loss(linear_log_odds(hidden, weight, torch.tensor([2])), torch.tensor([-1.0])).backward()
    torch.testing.assert_close(hidden.grad, torch.tensor([[-1 / 999, -1 / 999, 1.0, -1 / 999]]))


@pytest.mark.parametrize("gap", [-20.0, 0.0, 20.0, 60.0])
def test_linear_bf16_inputs_are_within_bf16_rounding_of_fp64(gap):
    hidden, weight, labels, bias = inputs(50, 3000, 64, torch.bfloat16)
    with torch.no_grad():
        bias[labels] += gap
    d = linear_log_odds(hidden, weight, labels, bias)
    expected = exact(hidden, weight, labels, bias)
    largest = (hidden.double() @ weight.double().T).abs().max().item()
    assert d.dtype == torch.float32
    torch.testing.assert_close(d.double(), expected, rtol=0, atol=2**-8 * largest)
    assert (d - expected).mean().abs() < 2**-9 * largest / 4  # no bias in the rounding
    gradients = torch.autograd.grad(d.sum(), (hidden, weight, bias))
    for gradient, precise in zip(
        gradients, torch.autograd.grad(expected.sum(), (hidden, weight, bias)), strict=True
    ):
        assert gradient.dtype == torch.bfloat16
        assert (gradient - precise).norm() < 0.02 * precise.norm()


def test_linear_under_autocast_takes_products_in_bf16_and_gives_gradients_of_the_parameters_type():
    hidden, weight, labels, bias = inputs(20, 500, 16)
    with torch.autocast("cpu", torch.bfloat16):
        d = linear_log_odds(hidden, weight, labels, bias)
    halves = [tensor.detach().bfloat16().requires_grad_() for tensor in (hidden, weight)]
    expected = linear_log_odds(*halves, labels, bias)
    torch.testing.assert_close(d, expected)
    d.sum().backward()
    expected.sum().backward()
    for parameter, half in zip((hidden, weight), halves, strict=True):
        assert parameter.grad.dtype == torch.float32
        torch.testing.assert_close(parameter.grad, half.grad.float(), rtol=2**-7, atol=1e-2)


def test_linear_one_matrix_for_both_embeddings_gets_both_gradients():
    _, weight, labels, _ = inputs(6, 12, 4, torch.float64)
    tokens = torch.arange(6)
    gradient, expected = (
        torch.autograd.grad(operation(weight[tokens].tanh(), weight, labels).sum(), weight)
        for operation in (linear_log_odds, exact)
    )
    torch.testing.assert_close(gradient, expected)


@pytest.mark.parametrize("kind", [torch.float64, torch.bfloat16])
def test_linear_adds_the_gradient_of_the_weight_to_what_is_there(kind, small_tiles):
    hidden, weight, labels, _ = inputs(6, 12, 4, torch.float64)
    into, frozen = torch.ones_like(weight, dtype=torch.float64), weight.detach().to(kind)
    ours = hidden.detach().to(kind).requires_grad_(), frozen.clone().requires_grad_()
    linear_log_odds(*ours, labels, into=into).sum().backward()
    assert ours[1].grad is None
    linear_log_odds(hidden, weight, labels).sum().backward()
    rounding = 0 if kind == torch.float64 else 2**-5
    torch.testing.assert_close(into, 1 + weight.grad, rtol=1e-9 + rounding, atol=rounding)
    torch.testing.assert_close(ours[0].grad.double(), hidden.grad, rtol=1e-9 + rounding, atol=rounding)
    untouched = into.clone()
    linear_log_odds(hidden, frozen.to(hidden.dtype), labels, into=into).sum().backward()
    assert into.equal(untouched)


def test_linear_with_a_frozen_weight():
    hidden, weight, labels, bias = inputs(6, 12, 4, torch.float64)
    weight, bias = weight.detach(), bias.detach()
    linear_log_odds(hidden, weight, labels, bias).sum().backward()
    expected = torch.autograd.grad(exact(hidden, weight, labels, bias).sum(), hidden)[0]
    torch.testing.assert_close(hidden.grad, expected)
    assert weight.grad is None


def test_linear_under_gradient_checkpointing():
    hidden, weight, labels, bias = inputs(6, 12, 4, torch.float64)
    plain = linear_log_odds(hidden.tanh(), weight, labels, bias).sum()
    again = torch.utils.checkpoint.checkpoint(
        lambda h: linear_log_odds(h.tanh(), weight, labels, bias).sum(), hidden, use_reentrant=False
    )
    of = (hidden, weight, bias)
    torch.testing.assert_close(torch.autograd.grad(again, of), torch.autograd.grad(plain, of))


def test_linear_without_a_token_has_gradients_of_zero():
    hidden, weight, labels, bias = inputs(0, 12, 4)
    d = linear_log_odds(hidden, weight, labels, bias)
    assert d.shape == (0,)
    d.sum().backward()
    assert hidden.grad.shape == (0, 4)
    assert not weight.grad.any()
    assert not bias.grad.any()


def test_linear_never_holds_all_logits():
    """Not in one piece, as the largest tensor that comes out of any operation shows."""
    tokens, vocabulary = 600, 32_000
    hidden, weight, labels, _ = inputs(tokens, vocabulary, 8, torch.bfloat16)

    class Largest(TorchDispatchMode):
        numel = 0

        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            result = function(*args, **(kwargs or {}))
            self.numel = max([self.numel, *(t.numel() for t in tree_leaves(result) if torch.is_tensor(t))])
            return result

    with Largest() as made:
        linear_log_odds(hidden, weight, labels).sum().backward()
    tile = products._TILE_BYTES // 4
    assert weight.numel() <= made.numel <= tile < tokens * vocabulary / 15


def test_linear_waits_for_its_device_once_however_many_tiles_there_are():
    """To learn where tiles end. What else makes a GPU wait: a number read, or places whose count is open."""
    called = []

    class Called(TorchDispatchMode):
        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            called.append(function.overloadpacket.__name__)
            return function(*args, **(kwargs or {}))

    hidden, weight, labels, bias = inputs(600, 32_000, 8, torch.bfloat16)
    with Called():
        linear_log_odds(hidden, weight, labels, bias, softcap=30.0, scale=0.5).sum().backward()
    assert called.count("mm") > 2 * 15  # products of each tile
    assert called.count("searchsorted") == 1
    assert not {"_local_scalar_dense", "nonzero", "is_nonzero", "masked_select", "unique"} & set(called)


def test_linear_shapes_that_do_not_belong_together_are_printed():
    for shapes in ([2, 5], [7, 4], [2]), ([2, 5], [7, 5], [3]), ([2, 5], [7, 5], [2], [6]):
        hidden, weight, labels, *bias = (torch.zeros(shape) for shape in shapes)
        with pytest.raises(ValueError, match=", ".join(rf"\[{str(shape)[1:-1]}\]" for shape in shapes)):
            linear_log_odds(hidden, weight, labels.long(), *bias)


@pytest.mark.parametrize("label", [-100, 7])
def test_linear_a_label_outside_of_the_vocabulary_is_an_error(label):
    with pytest.raises(ValueError, match=r"\[0, 7\)"):
        linear_log_odds(torch.zeros(2, 5), torch.zeros(7, 5), torch.tensor([0, label]))
