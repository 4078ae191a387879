"""The Triton kernels against plain operations in fp64: on the GPU where there is one, else interpreted."""

import sys
from functools import partial
from importlib.util import find_spec

import pytest

torch = pytest.importorskip("torch")
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
if not find_spec("triton"):
    pytest.skip("triton is not installed", allow_module_level=True)
if DEVICE == "cpu" and "triton" in sys.modules:  # it asks whether to interpret as it is imported
    pytest.skip("triton was imported before; run this file alone", allow_module_level=True)
with pytest.MonkeyPatch.context() as environment:
    if DEVICE == "cpu":
        environment.setenv("TRITON_INTERPRET", "1")
    from ontarget.training.loss import tiles_triton as kernels

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from tests.training.loss import test_log_odds  # noqa: E402
from tests.training.loss.test_log_odds import exact  # noqa: E402

from ontarget.training.loss import linear_loss, products  # noqa: E402
from ontarget.training.loss import log_odds as module  # noqa: E402
from ontarget.training.loss.log_odds import linear_log_odds  # noqa: E402
from ontarget.training.loss.objective import signed_loss  # noqa: E402


@pytest.fixture(autouse=True)
def triton_passes(monkeypatch):
    if DEVICE == "cpu":
        monkeypatch.setenv("TRITON_INTERPRET", "1")
    monkeypatch.setattr(products, "_passes", lambda features: kernels)


inputs = partial(test_log_odds.inputs, device=DEVICE)


def agree(of, labels, softcap=None, scale=1.0):
    """Value and gradients, for an upstream gradient of both signs."""
    hidden, weight, *bias = of
    bias = bias[0] if bias else None
    upstream = torch.linspace(-2, 3, len(labels), device=DEVICE)
    ours = linear_log_odds(hidden, weight, labels, bias, softcap, scale)
    expected = exact(hidden, weight, labels, bias, softcap, scale)
    assert ours.dtype == torch.float32
    torch.testing.assert_close(ours, expected.float(), rtol=1e-5, atol=5e-5)
    gradients = torch.autograd.grad(ours, of, upstream)
    for gradient, precise in zip(
        gradients, torch.autograd.grad(expected, of, upstream.double()), strict=True
    ):
        torch.testing.assert_close(gradient, precise, rtol=2e-4, atol=1e-4)


@given(
    st.integers(0, 7),
    st.integers(2, 1100),
    st.integers(1, 600),
    st.sampled_from([None, 4.0, 30.0]),
    st.sampled_from([1.0, 0.25]),
    st.booleans(),
    st.booleans(),
    st.integers(0, 2**31),
)
@settings(max_examples=30, deadline=None)
def test_value_and_gradients_against_fp64(tokens, vocabulary, width, softcap, scale, biased, keep, seed):
    hidden, weight, labels, bias = inputs(tokens, vocabulary, 3, seed=seed)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("_TILE_BYTES", "_GPU_TILE_BYTES"):
            patch.setattr(products, name, 1)
        patch.setattr(products, "_LEAST_COLUMNS", max(width, vocabulary // 8))
        patch.setattr(module, "KEPT_LOGITS", 1 << 24 if keep else 0)
        agree((hidden, weight, bias) if biased else (hidden, weight), labels, softcap, scale)


@pytest.mark.parametrize("gap", [-60.0, -17.0, 0.0, 17.0, 30.0, 60.0])
@pytest.mark.parametrize("vocabulary", [2, 300, 9001])
def test_sure_models_and_labels_at_the_edges_of_tiles_and_blocks(gap, vocabulary, monkeypatch):
    monkeypatch.setattr(kernels, "_BLOCK", 1024)
    monkeypatch.setattr(module, "KEPT_LOGITS", 0)
    monkeypatch.setattr(products, "_LEAST_COLUMNS", 3000)
    monkeypatch.setattr(products, "_TILE_BYTES", 1)
    monkeypatch.setattr(products, "_GPU_TILE_BYTES", 1)
    edges = [0, 1, 1023, 1024, 2999, 3000, 5999, 8999, 9000]
    labels = torch.tensor([label for label in edges if label < vocabulary] + [vocabulary - 1], device=DEVICE)
    hidden, weight, _, bias = inputs(len(labels), vocabulary, 8)
    with torch.no_grad():
        bias[labels[:1]] += gap
    agree((hidden, weight, bias), labels)


def test_the_gradient_of_a_surely_wrong_model_is_whole():
    weight = torch.eye(1000, 4, device=DEVICE)
    hidden = torch.tensor([[0.0, 0.0, 45.0, 0.0]], device=DEVICE, requires_grad=True)
    d = linear_log_odds(hidden, weight, torch.tensor([2], device=DEVICE))  # p of label 2 is 1 in fp32
    d.sum().backward()
    torch.testing.assert_close(hidden.grad.cpu(), torch.tensor([[-1 / 999, -1 / 999, 1.0, -1 / 999]]))


@pytest.mark.parametrize("softcap", [None, 4.0])
def test_the_signed_loss_in_parts_against_fp64(softcap, monkeypatch):
    monkeypatch.setattr(linear_loss, "KEPT_LOGITS", 3 * 700)
    monkeypatch.setattr(linear_loss, "_LEAST_TOKENS", 1)
    hidden, weight, labels, bias = inputs(8, 700, 3)
    weights = torch.linspace(-2, 3, 8, device=DEVICE)
    loss, d = linear_loss.linear_signed_loss(hidden, weight, labels, weights, 0.5, bias, softcap)
    precise = exact(hidden, weight, labels, bias, softcap)
    expected = signed_loss(precise, weights.double(), 0.5)
    torch.testing.assert_close(d, precise.float(), rtol=1e-5, atol=5e-5)
    for gradient, exactly in zip(
        torch.autograd.grad(2 * loss, (hidden, weight, bias)),
        torch.autograd.grad(2 * expected, (hidden, weight, bias)),
        strict=True,
    ):
        torch.testing.assert_close(gradient, exactly, rtol=2e-4, atol=1e-4)


@pytest.mark.parametrize("softcap", [None, 20.0])
def test_halves_are_within_their_rounding(softcap):
    hidden, weight, labels, bias = inputs(20, 700, 64, torch.bfloat16)
    for of in ((hidden, weight, bias), (hidden, weight)):
        ours = linear_log_odds(hidden, weight, labels, *of[2:], softcap=softcap)
        expected = exact(hidden, weight, labels, *of[2:], softcap=softcap)
        largest = (hidden.double() @ weight.double().T).abs().max().item()
        torch.testing.assert_close(ours.double(), expected, rtol=0, atol=2**-8 * largest)
        gradients = torch.autograd.grad(ours.sum(), of)
        for gradient, precise in zip(gradients, torch.autograd.grad(expected.sum(), of), strict=True):
            assert gradient.dtype == torch.bfloat16
            assert (gradient - precise).norm() < 0.02 * precise.norm()


@pytest.mark.skipif(DEVICE == "cuda", reason="what a GPU asserts ends its process")
@pytest.mark.parametrize("label", [-100, 7])
def test_a_label_outside_of_the_vocabulary_is_found(label):
    with pytest.raises(RuntimeError, match=r"\[0, 7\)"):
        linear_log_odds(torch.zeros(2, 5), torch.zeros(7, 5), torch.tensor([0, label]))
