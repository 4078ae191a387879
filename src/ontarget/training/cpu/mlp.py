"""SwiGLU layers on a CPU as one function, which keeps two activations in place of four.

The product of gate and up projection is computed again in the backward pass, a few rows at a time, which stay
in the processor's cache. (SwiGLU: Shazeer 2020.)
"""

from types import MethodType
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn.functional import silu

from ontarget.training.cpu.parts import parts_of_rows

_NUMBERS = 1 << 19  # of the rows that are computed at once
_PARTS = ("gate_proj", "up_proj", "down_proj")


def swiglu_mlp(values: Tensor, gate: Tensor, up: Tensor, down: Tensor) -> Tensor:
    """(silu(x gate') * (x up')) down', where ' transposes.

    Args:
        values: x, [..., features].
        gate: [inner features, features], of the same type.
        up: like `gate`.
        down: [features, inner features].
    Returns:
        A tensor like `values`.
    """
    return _SwigluMlp.apply(values, gate, up, down)  # type: ignore[no-untyped-call, no-any-return]


def fuse_mlps(model: nn.Module) -> None:
    """Makes the layers of a model that compute this function compute it by `swiglu_mlp`."""
    alike: dict[type, bool] = {}
    for module in model.modules():
        if all(hasattr(module, part) for part in _PARTS) and hasattr(module, "act_fn"):
            kind = type(module)
            alike[kind] = alike[kind] if kind in alike else _is_plain(module)
            if alike[kind]:
                module.forward = MethodType(_forward, module)


def _forward(mlp: Any, values: Tensor) -> Tensor:
    layers = [getattr(mlp, part) for part in _PARTS]
    kind = torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else values.dtype
    if all(_is_linear(layer, kind) for layer in layers) and values.dtype == kind:
        return swiglu_mlp(values, *(layer.weight for layer in layers))
    found: Tensor = type(mlp).forward(mlp, values)  # LoRA, biases, other types
    return found


def _is_linear(layer: nn.Module, kind: torch.dtype) -> bool:
    return type(layer) is nn.Linear and layer.bias is None and layer.weight.dtype == kind


def _is_plain(mlp: Any) -> bool:
    """Whether a layer computes `swiglu_mlp`, on random numbers."""
    layers = [getattr(mlp, part) for part in _PARTS]
    weight = getattr(layers[0], "weight", None)
    if weight is None or weight.is_meta or not all(_is_linear(layer, weight.dtype) for layer in layers):
        return False
    generator = torch.Generator().manual_seed(0)
    values = torch.randn((2, 2, weight.shape[1]), generator=generator).to(weight.dtype)
    with torch.no_grad():
        theirs = mlp(values)
        ours = swiglu_mlp(values, *(layer.weight for layer in layers))
    return torch.equal(theirs, ours) or torch.allclose(theirs.float(), ours.float(), rtol=2**-6, atol=1e-6)


class _SwigluMlp(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor, gate: Tensor, up: Tensor, down: Tensor) -> Tensor:
        rows = values.reshape(-1, values.shape[-1])
        gates, ups = rows @ gate.T, rows @ up.T
        inner = torch.empty_like(gates)
        for part in parts_of_rows(gates, _NUMBERS):
            torch.mul(silu(gates[part]), ups[part], out=inner[part])
        ctx.save_for_backward(values, gate, up, down, gates, ups)
        return (inner @ down.T).view_as(values)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        values, gate, up, down, gates, ups = ctx.saved_tensors
        rows, gradients = values.reshape(-1, values.shape[-1]), gradient.reshape(-1, values.shape[-1])
        inner, to_gates, to_ups = torch.empty_like(gates), torch.empty_like(gates), gradients @ down
        for part in parts_of_rows(gates, _NUMBERS):
            activated = silu(gates[part])
            torch.mul(activated, ups[part], out=inner[part])
            torch.ops.aten.silu_backward.grad_input(
                to_ups[part] * ups[part], gates[part], grad_input=to_gates[part]
            )
            to_ups[part] *= activated
        of_values, of_gate, of_up, of_down = ctx.needs_input_grad
        return (
            (to_gates @ gate).addmm_(to_ups, up).view_as(values) if of_values else None,
            to_gates.T @ rows if of_gate else None,
            to_ups.T @ rows if of_up else None,
            gradients.T @ inner if of_down else None,
        )
