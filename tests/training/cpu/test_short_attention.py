"""Whole products: gradients by finite differences, masks of each row, and any division into parts."""

import pytest

torch = pytest.importorskip("torch")

from torch.nn.functional import scaled_dot_product_attention  # noqa: E402

from ontarget.training.cpu import short_attention  # noqa: E402
from ontarget.training.cpu.short_attention import attend_short, causal_bias  # noqa: E402


def inputs(rows=3, heads=4, shared=2, queries=5, keys=7, kind=torch.float64):
    torch.manual_seed(1)
    shapes = (heads, queries), (heads // shared, keys), (heads // shared, keys)
    return [torch.randn(rows, *shape, 6, dtype=kind, requires_grad=True) for shape in shapes]


@pytest.mark.parametrize("shared", [1, 2, 4])
@pytest.mark.parametrize("size", [1, 1 << 20])
def test_gradients_by_finite_differences(shared, size, monkeypatch):
    """Scores are fp32, so the steps are large."""
    monkeypatch.setattr(short_attention, "_SCORES", size)
    bias = causal_bias(7)[:, :, 2:]
    torch.autograd.gradcheck(
        lambda *given: attend_short(*given, bias, 0.4),
        inputs(shared=shared),
        eps=1e-2,
        atol=1e-3,
        rtol=1e-3,
    )


@pytest.mark.parametrize("heads", [1, 4])
@pytest.mark.parametrize("size", [1, 150, 1 << 20])
def test_each_row_has_its_own_mask(size, heads, monkeypatch):
    """Also where rows do not divide into equal parts."""
    monkeypatch.setattr(short_attention, "_SCORES", size)
    query, key, value = inputs()
    visible = torch.rand(3, heads, 5, 7) < 0.6
    visible[..., 0] = True
    bias = torch.zeros(visible.shape).masked_fill(~visible, -torch.inf)
    found = attend_short(query, key, value, bias, 0.4)
    expected = scaled_dot_product_attention(query, key, value, attn_mask=visible, scale=0.4, enable_gqa=True)
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-5)


def test_the_result_is_in_the_layout_of_linear_layers():
    found = attend_short(*inputs(kind=torch.bfloat16), None, 1.0)
    assert found.transpose(1, 2).is_contiguous()


def test_masked_keys_get_no_gradient():
    query, key, value = inputs()
    bias = torch.zeros(1, 1, 5, 7)
    bias[..., 5:] = -torch.inf
    gradients = torch.autograd.grad(attend_short(query, key, value, bias, 1.0).square().sum(), (key, value))
    assert all(gradient[:, :, 5:].eq(0).all() and gradient[:, :, :5].ne(0).all() for gradient in gradients)
