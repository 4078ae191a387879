"""SwiGLU layers as one function: finite differences, the models' own layers, and what is left to them."""

import pytest

torch = pytest.importorskip("torch")

from tests.training.data.test_packing import small  # noqa: E402

from ontarget.settings.tuning import Lora, Tuning  # noqa: E402
from ontarget.training.adapters import prepared  # noqa: E402
from ontarget.training.cpu import mlp as module  # noqa: E402
from ontarget.training.cpu.layers import speed_up  # noqa: E402
from ontarget.training.cpu.mlp import fuse_mlps, swiglu_mlp  # noqa: E402


def inputs(kind=torch.float64):
    torch.manual_seed(1)
    shapes = (3, 5, 4), (6, 4), (6, 4), (4, 6)
    return [torch.randn(*shape, dtype=kind, requires_grad=True) for shape in shapes]


def plain(values, gate, up, down):
    return (torch.nn.functional.silu(values @ gate.T) * (values @ up.T)) @ down.T


@pytest.mark.parametrize("numbers", [1, 25, 1 << 19])
def test_gradients_by_finite_differences(numbers, monkeypatch):
    """Also where the rows do not divide into equal parts."""
    monkeypatch.setattr(module, "_NUMBERS", numbers)
    assert torch.autograd.gradcheck(swiglu_mlp, inputs())


@pytest.mark.parametrize("frozen", [[0], [1], [2], [3], [0, 1, 2], [1, 2, 3]])
def test_only_what_learns_gets_a_gradient(frozen):
    ours, theirs = inputs(), inputs()
    for values, function in ((ours, swiglu_mlp), (theirs, plain)):
        for number in frozen:
            values[number].requires_grad_(False)
        function(*values).square().sum().backward()
    for number, (near, exact) in enumerate(zip(ours, theirs, strict=True)):
        assert (near.grad is None) == (number in frozen)
        if near.grad is not None:
            torch.testing.assert_close(near.grad, exact.grad)


def test_gradients_in_bf16_are_those_of_fp64_but_for_roundings():
    ours = inputs(torch.bfloat16)
    exact = [values.detach().double().requires_grad_() for values in ours]
    direction = torch.randn(3, 5, 4).bfloat16()
    found = torch.autograd.grad(swiglu_mlp(*ours), ours, direction)
    expected = torch.autograd.grad(plain(*exact), exact, direction.double())
    for near, far in zip(found, expected, strict=True):
        assert near.dtype == torch.bfloat16
        assert (near.double() - far).norm() < 2**-6 * far.norm()


@pytest.mark.parametrize(("family", "fused"), [("Llama", True), ("Qwen3", True), ("Gemma3", False)])
def test_only_layers_that_compute_this_function_are_replaced(family, fused):
    """Gemma has another activation."""
    model = small(family, "sdpa").float()
    ids = torch.randint(3, 50, (2, 12))
    expected = model(input_ids=ids).logits
    fuse_mlps(model)
    assert all(("forward" in vars(layer.mlp)) == fused for layer in model.model.layers)
    torch.testing.assert_close(model(input_ids=ids).logits, expected)


def test_another_order_of_the_projections_is_noticed():
    model = small("Llama", "sdpa").float()

    class Swapped(type(model.model.layers[0].mlp)):
        def forward(self, values):
            return self.down_proj(self.act_fn(self.up_proj(values)) * self.gate_proj(values))

    for layer in model.model.layers:
        layer.mlp.__class__ = Swapped
    fuse_mlps(model)
    assert not any("forward" in vars(layer.mlp) for layer in model.model.layers)


def test_layers_with_adapters_are_left_to_the_model():
    torch.manual_seed(1)
    model = small("Llama", "sdpa").float()
    speed_up(model)
    names = ("gate_proj", "down_proj")
    model = prepared(model, Tuning(max_steps=1, lora=Lora(rank=2, target_modules=names)))
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "lora_B" in name:
                weight.normal_()
    ids = torch.randint(3, 50, (2, 12))
    found = model(input_ids=ids).logits
    for module_ in model.modules():
        vars(module_).pop("forward", None)
    torch.testing.assert_close(found, model(input_ids=ids).logits)
    with model.disable_adapter():
        assert not torch.allclose(found, model(input_ids=ids).logits)


def test_under_autocast_weights_in_fp32_are_left_to_the_model():
    model = small("Llama", "sdpa").float()
    ids = torch.randint(3, 50, (2, 12))
    with torch.autocast("cpu", torch.bfloat16):
        expected = model(input_ids=ids).logits
        fuse_mlps(model)
        assert model(input_ids=ids).logits.equal(expected)
