"""PyTorch's own flash attention for packed rows, where the package flash-attn is not installed.

Registered with transformers under a name of ours. Rows that say where their samples end go through the
kernel; any other forward, such as generation, goes through `scaled_dot_product_attention`, as it ever did.
"""

import inspect
from functools import cache
from importlib.util import find_spec
from typing import Any

from torch import Tensor
from transformers.integrations.sdpa_attention import sdpa_attention_forward

from ontarget.training.cpu.attention import attend_by

NAME = "torch_varlen"  # without "flash" in it: transformers would look for a package


def works(model: Any) -> bool:
    """Whether this PyTorch has the kernel, and the model asks for nothing that the kernel has not.

    Not for soft caps of attention (Gemma 2), for dropout in it, nor for sinks (gpt-oss), which
    `_supports_sdpa` rules out.
    """
    config = model.config.get_text_config()
    more = any(getattr(config, key, None) for key in ("attn_logit_softcapping", "attention_dropout"))
    return _kernel() is not None and bool(model._supports_sdpa) and not more


def use(model: Any) -> None:
    """From here on, packed rows go through the kernel. For products in bf16 on a GPU."""
    attend_by(model, NAME, _attend)  # packed rows bring a mask of their own


def _attend(
    module: Any,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    sliding_window: int | None = None,
    cu_seq_lens_q: Tensor | None = None,
    max_length_q: int | None = None,
    **others: Any,
) -> tuple[Tensor, None]:
    """What transformers calls for each layer; query, key and value are [1, heads, tokens, features].

    Args:
        module: the layer, whose `is_causal` must hold for packed rows.
        cu_seq_lens_q: [samples + 1], int32: where the samples of a packed row begin and end.
        max_length_q: tokens of the longest of them.
    Returns:
        [1, tokens, heads, features]; no attention weights.
    """
    if cu_seq_lens_q is None:
        return sdpa_attention_forward(  # type: ignore[no-any-return]
            module,
            query,
            key,
            value,
            attention_mask,
            scaling=scaling,
            sliding_window=sliding_window,
            **others,
        )
    rows = [row[0].transpose(0, 1).to(value.dtype) for row in (query, key, value)]  # positions leave fp32
    kernel, shared_keys = _kernel() or (None, False)
    assert kernel is not None, "works() was not asked"
    if not shared_keys:
        rows[1:] = (row.repeat_interleave(rows[0].shape[1] // row.shape[1], dim=1) for row in rows[1:])
    made = kernel(
        *rows,
        cu_seq_lens_q,
        cu_seq_lens_q,
        max_length_q,
        max_length_q,
        scale=scaling,
        window_size=(sliding_window - 1 if sliding_window else -1, 0),  # itself and those before it
        **({"enable_gqa": True} if shared_keys else {}),
    )
    return made[None], None


@cache
def _kernel() -> tuple[Any, bool] | None:
    """The kernel, where PyTorch is new enough, and whether several heads may share their keys in it."""
    if find_spec("torch.nn.attention.varlen") is None:
        return None
    from torch.nn.attention.varlen import varlen_attn

    known = inspect.signature(varlen_attn).parameters
    return (varlen_attn, "enable_gqa" in known) if "window_size" in known else None
