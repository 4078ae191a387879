"""Attention for models whose query heads share keys and values (grouped-query attention), without copies.

Transformers repeats keys and values for each query head, since PyTorch's own grouping does not support masks
on every device. In decoding, making and reading these copies takes longer than attention itself. Here the
query heads of a group are further queries of one head, and only the mask is repeated, which is small. The
result is the same. With a beam of 4, SmolLM2-135M takes 0.7 (bf16) to 0.8 (fp32) of the time on a CPU.
"""

from typing import Any

from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention
from transformers.integrations.sdpa_attention import sdpa_attention_forward

from ontarget.checkpoints.attention import attend_by

_NAME = "sdpa_grouped"
_ELSEWHERE = ("softcap", "position_bias", "s_aux", "cache")  # cases for Transformers' own function


def group_queries(model: Any) -> None:
    """Makes a model that decodes use this attention, if it uses PyTorch's own."""
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
    **others: Any,
) -> tuple[Tensor, None]:
    """As Transformers' function for `sdpa`, which handles all special cases.

    Args:
        module: the layer.
        query: [rows, heads, queries, size].
        key: [rows, groups, keys, size].
        value: [rows, groups, keys, size].
        attention_mask: [rows, 1, queries, keys].
        dropout: for training only.
        scaling: of the scores; default: 1 / sqrt(size).
        others: further arguments of Transformers.
    Returns:
        [rows, queries, heads, size], and no attention weights.
    """
    apart = any(others.get(name) is not None for name in _ELSEWHERE)
    if attention_mask is None or query.shape[1] == key.shape[1] or dropout or apart:
        return sdpa_attention_forward(  # type: ignore[no-any-return, no-untyped-call, unused-ignore]
            module, query, key, value, attention_mask, dropout, scaling, **others
        )
    return attend(query, key, value, attention_mask, scaling), None


def attend(query: Tensor, key: Tensor, value: Tensor, mask: Tensor, scale: float | None) -> Tensor:
    """Attention in which each key serves the same number of query heads.

    Args:
        query: [rows, heads, queries, size].
        key: [rows, groups, keys, size].
        value: [rows, groups, keys, size].
        mask: added to the scores, [rows, 1, queries, keys].
        scale: of the scores; default: 1 / sqrt(size).
    Returns:
        [rows, queries, heads, size].
    """
    rows, heads, queries, size = query.shape
    groups = key.shape[1]
    each = heads // groups
    found = scaled_dot_product_attention(
        query.reshape(rows, groups, each * queries, size),
        key,
        value,
        attn_mask=mask if queries == 1 else mask.repeat(1, 1, each, 1),
        scale=scale,
    )
    return found.reshape(rows, heads, queries, -1).transpose(1, 2).contiguous()
