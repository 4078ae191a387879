"""RMS norms of Transformers' models on a CPU: two passes over a few rows at a time, which stay in its cache.

Models compute a norm as six operations, each of which reads and writes all tokens, and autograd keeps their
results. Here only the input and a factor for each token are kept. Values are rounded once, at the end.
"""

from types import MethodType
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from ontarget.training.cpu.parts import parts_of_rows

_NUMBERS = 1 << 17  # of the rows that are computed at once


def rms_norm(values: Tensor, weight: Tensor, epsilon: float) -> Tensor:
    """weight * x / sqrt(mean(x^2) + epsilon), in fp32 for types of fewer bits (Zhang and Sennrich 2019).

    Args:
        values: x, [..., features].
        weight: [features], of the same type.
        epsilon: added to the mean of squares.
    Returns:
        A tensor like `values`.
    """
    return _RmsNorm.apply(values, weight, epsilon)  # type: ignore[no-untyped-call, no-any-return]


def fuse_norms(model: nn.Module) -> None:
    """Makes the norms of a model that compute this function compute it by `rms_norm`."""
    for module in model.modules():
        if _is_plain(module):
            module.forward = MethodType(_forward, module)


def _forward(norm: Any, values: Tensor) -> Tensor:
    if values.dtype != norm.weight.dtype:  # the result has the wider type
        found: Tensor = type(norm).forward(norm, values)
        return found
    return rms_norm(values, norm.weight, norm.variance_epsilon)


def _is_plain(module: Any) -> bool:
    """Whether a module computes `rms_norm`: by its name, and on random numbers."""
    named = type(module).__name__.endswith("RMSNorm") and hasattr(module, "variance_epsilon")
    if not (named and [name for name, _ in module.named_parameters()] == ["weight"]):
        return False
    generator = torch.Generator().manual_seed(0)
    values, weight = torch.randn((2, 2, *module.weight.shape), generator=generator, dtype=torch.float64)
    with torch.no_grad():
        theirs = torch.func.functional_call(module, {"weight": weight[0]}, (values,))
        ours = rms_norm(values, weight[0], module.variance_epsilon)
    return theirs.shape == ours.shape and torch.allclose(theirs.double(), ours, rtol=1e-5, atol=1e-5)


class _RmsNorm(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor, weight: Tensor, epsilon: float) -> Tensor:
        rows = values.reshape(-1, values.shape[-1])
        found, wide = torch.empty_like(rows), _wide(weight)
        factors = wide.new_empty((len(rows), 1))
        for part in parts_of_rows(rows, _NUMBERS):
            x = _wide(rows[part])
            factors[part] = x.square().mean(1, keepdim=True).add_(epsilon).rsqrt_()
            found[part] = x.mul_(factors[part]).mul_(wide)
        ctx.save_for_backward(values, weight, factors)
        return found.view_as(values)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, None]:
        values, weight, factors = ctx.saved_tensors
        rows, gradients = values.reshape(-1, values.shape[-1]), gradient.reshape(-1, values.shape[-1])
        to_rows, wide = torch.empty_like(rows), _wide(weight)
        to_weight = torch.zeros_like(wide)
        for part in parts_of_rows(rows, _NUMBERS):
            normed, step = _wide(rows[part]).mul_(factors[part]), _wide(gradients[part])
            to_weight += (step * normed).sum(0)
            step *= wide
            along = (step * normed).mean(1, keepdim=True)
            to_rows[part] = step.addcmul_(normed, along, value=-1).mul_(factors[part])
        return to_rows.view_as(values), to_weight.to(weight.dtype), None


def _wide(values: Tensor) -> Tensor:
    """A copy in at least fp32."""
    return values.to(torch.promote_types(values.dtype, torch.float32), copy=True)
