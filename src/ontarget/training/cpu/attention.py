"""Attention in bf16 on a CPU, with the matrix products of the backward pass in fp32.

PyTorch's flash kernel for CPUs is fast in bf16 in the forward pass. In the backward pass it does not use the
bf16 instructions, and takes twice as long as in fp32. So queries, keys and values are stored in bf16, and
converted to fp32 while a layer's backward pass runs. This also makes the gradients more exact. Short rows are
attended to by `short_attention.py`.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from transformers.integrations.sdpa_attention import repeat_kv, sdpa_attention_forward

from ontarget.checkpoints.attention import attend_by
from ontarget.training.cpu.short_attention import LONGEST, attend_short, causal_bias

_NAME = "sdpa_widened"
_ELSEWHERE = ("softcap", "position_bias", "cache")  # cases for Transformers' own function


def widen_backward(model: Any) -> None:
    """Makes a model on a CPU use this attention, if it uses PyTorch's own."""
    if model.config._attn_implementation == "sdpa":
        attend_by(model, _NAME, _attend)


def _attend(
    module: Any,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    is_causal: bool | None = None,
    **others: Any,
) -> tuple[Tensor, None]:
    """As Transformers' function for `sdpa`, which handles other types than bf16 and all special cases."""
    kind = torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else query.dtype
    masked = attention_mask is not None and attention_mask.dtype == torch.bool
    whole = attention_mask is None and query.shape[2] == key.shape[2]
    apart = any(others.get(name) is not None for name in _ELSEWHERE)
    if (
        kind != torch.bfloat16
        or dropout
        or apart
        or not (masked or whole)
        or query.shape[3] != value.shape[3]
    ):
        return sdpa_attention_forward(  # type: ignore[no-any-return, no-untyped-call, unused-ignore]
            module, query, key, value, attention_mask, dropout, scaling, is_causal, **others
        )
    causal = whole and (getattr(module, "is_causal", True) if is_causal is None else is_causal)
    bias = None
    if attention_mask is not None:
        bias = torch.zeros_like(attention_mask, dtype=torch.float32).masked_fill_(~attention_mask, -torch.inf)
    query, key, value = (values.to(kind) for values in (query, key, value))
    if key.shape[2] <= LONGEST:
        bias = causal_bias(key.shape[2]) if causal else bias
        scale = query.shape[3] ** -0.5 if scaling is None else scaling
        found = attend_short(query, key, value, bias, scale)
    else:
        groups = query.shape[1] // key.shape[1]
        key, value = repeat_kv(key, groups), repeat_kv(value, groups)
        bias = bias if bias is None else bias.to(kind)
        found = _Attention.apply(query, key, value, bias, causal, scaling)  # type: ignore[no-untyped-call]
    return found.transpose(1, 2).contiguous(), None


class _Attention(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        bias: Tensor | None,
        causal: bool,
        scale: float | None,
    ) -> Tensor:
        found: Tensor
        found, log_sum = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(
            query, key, value, 0.0, causal, attn_mask=bias, scale=scale
        )
        ctx.save_for_backward(query, key, value, found, log_sum, bias)
        ctx.causal, ctx.scale = causal, scale
        return found

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        *kept, log_sum, bias = ctx.saved_tensors
        wide = (values.float() for values in (gradient, *kept))
        gradients = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward(
            *wide, log_sum, 0.0, ctx.causal, attn_mask=None if bias is None else bias.float(), scale=ctx.scale
        )
        return *(values.to(gradient.dtype) for values in gradients), None, None, None
