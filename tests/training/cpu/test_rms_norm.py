"""Norms in one function: finite differences, and the models' own norms."""

import copy

import pytest

torch = pytest.importorskip("torch")

from tests.training.data.test_packing import small  # noqa: E402

from ontarget.training.cpu import rms_norm as module  # noqa: E402
from ontarget.training.cpu.rms_norm import fuse_norms, rms_norm  # noqa: E402


def inputs(kind, rows=(3, 5), features=8):
    torch.manual_seed(1)
    return torch.randn(*rows, features, dtype=kind), 1 + torch.rand(features, dtype=kind)


@pytest.mark.parametrize("numbers", [1, 30, 1 << 17])
def test_gradients_by_finite_differences(numbers, monkeypatch):
    """Also where the rows do not divide into equal parts."""
    monkeypatch.setattr(module, "_NUMBERS", numbers)
    given = [values.requires_grad_() for values in inputs(torch.float64)]
    assert torch.autograd.gradcheck(lambda *values: rms_norm(*values, 0.1), given)


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
def test_values_and_gradients_are_those_of_fp64_but_for_one_rounding(kind):
    given = [values.requires_grad_() for values in inputs(kind, rows=(400,), features=64)]
    exact = [values.detach().double().requires_grad_() for values in given]
    found, expected = rms_norm(*given, 1e-5), torch.nn.functional.rms_norm(exact[0], (64,), exact[1], 1e-5)
    direction = torch.randn(400, 64, dtype=kind)
    ours = torch.autograd.grad(found, given, direction)
    theirs = torch.autograd.grad(expected, exact, direction.double())
    rounding = torch.finfo(kind).eps / 2
    for near, far in ((found, expected), (ours[0], theirs[0])):
        assert near.dtype == kind
        assert ((near.double() - far).abs() <= 1.01 * rounding * far.abs() + 8e-7).all()
    assert (ours[1].double() - theirs[1]).norm() <= (rounding + 1e-6) * theirs[1].norm()
    assert ours[1].dtype == kind


@pytest.mark.parametrize("rows", [(0,), (2, 0), (1,)])
def test_no_row_and_one_row(rows):
    values, weight = inputs(torch.float32, rows=rows)
    values.requires_grad_()
    rms_norm(values, weight, 1e-5).sum().backward()
    assert values.grad.shape == values.shape


def test_transposed_input_and_gradient():
    values, weight = inputs(torch.float64)
    expected = rms_norm(values.transpose(0, 1).contiguous(), weight, 0.1)
    assert rms_norm(values.transpose(0, 1), weight, 0.1).equal(expected)


@pytest.mark.parametrize(
    ("family", "fused"), [("Llama", True), ("Qwen3", True), ("Mistral", True), ("Gemma3", False)]
)
def test_only_norms_that_compute_this_function_are_replaced(family, fused):
    """Gemma multiplies by 1 + weight."""
    model = small(family, "sdpa").float()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "norm" in name:
                weight.uniform_(0.5, 1.5)
    ids = torch.randint(3, 50, (2, 12))
    expected = model(input_ids=ids).logits
    fuse_norms(model)
    norms = [m for name, m in model.named_modules() if name.endswith("norm")]
    assert norms
    assert all(("forward" in vars(norm)) == fused for norm in norms)
    torch.testing.assert_close(model(input_ids=ids).logits, expected)


def test_a_copy_of_a_model_has_norms_of_its_own():
    model = small("Llama", "sdpa").float()
    fuse_norms(model)
    other = copy.deepcopy(model)
    with torch.no_grad():
        other.model.norm.weight.zero_()
    ids = torch.tensor([[3, 4]])
    assert other(input_ids=ids).logits.eq(0).all()
    assert model(input_ids=ids).logits.ne(0).any()


def test_input_of_another_type_is_left_to_the_model():
    """Its result has the wider type."""
    model = small("Llama", "sdpa").float()
    norm = model.model.norm
    expected = norm(torch.ones(2, norm.weight.shape[0], dtype=torch.bfloat16))
    fuse_norms(model)
    found = norm(torch.ones(2, norm.weight.shape[0], dtype=torch.bfloat16))
    assert found.dtype == expected.dtype == torch.float32
    assert found.equal(expected)
