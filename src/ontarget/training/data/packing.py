"""Packs the samples of a micro-batch into a single row, for attention that keeps them apart.

Positions restart at 0 with each sample, by which Transformers separates the samples. Flash attention then
needs no padding. Other kinds of attention get a block-diagonal mask, [tokens, tokens], from the same
positions. This is exact as well, but slower than padding samples of similar length (benchmarks/packing.py),
so nothing is packed for them.

Without the package flash-attn, PyTorch's own flash attention kernel is used, registered with Transformers
under our own name. Only packed rows use it: any other forward pass, such as generation, uses
`scaled_dot_product_attention` as before.
"""

import inspect
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from itertools import accumulate
from typing import Any

import torch
from torch import Tensor
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.utils import is_flash_attn_2_available

from ontarget.checkpoints.attention import attend_by
from ontarget.checkpoints.context import sight_of
from ontarget.training.data.batches import MicroBatch, Weighed

PYTORCH_KERNEL = "torch_varlen"  # "flash" in the name would make Transformers look for a package


def pays_off(model: Any) -> bool:
    """Whether to pack micro-batches of this model: its attention needs no padding and separates samples."""
    name = str(model.config._attn_implementation)
    return ("flash" in name or name == PYTORCH_KERNEL) and keeps_apart(model)


def prefer_flash(model: Any, bf16: bool) -> None:
    """Lets a model use flash attention if possible, on GPUs in bf16: that of flash-attn or PyTorch's own."""
    if not (torch.cuda.is_available() and bf16 and keeps_apart(model) and tells_window(model)):
        return
    if is_flash_attn_2_available():
        model.set_attn_implementation("flash_attention_2")
    elif kernel_serves(model):
        use_kernel(model)


def kernel_serves(model: Any) -> bool:
    """Whether this PyTorch has the kernel, and the kernel supports the model.

    It does not support soft caps of attention (Gemma 2), dropout in attention, or sinks (gpt-oss), which
    `_supports_sdpa` rules out.
    """
    config = model.config.get_text_config()
    more = any(getattr(config, key, None) for key in ("attn_logit_softcapping", "attention_dropout"))
    return _kernel() is not None and bool(model._supports_sdpa) and not more


def use_kernel(model: Any) -> None:
    """Makes packed rows use PyTorch's kernel. For matrix products in bf16 on a GPU."""
    attend_by(model, PYTORCH_KERNEL, _attend)  # packed rows bring a mask of their own


def keeps_apart(model: Any) -> bool:
    """Whether samples in one row cannot attend to each other, by the model's class.

    Models with a state along the row (Mamba, linear attention), without positions as input, or with distances
    of their own (ALiBi) would leak from one sample into the next.
    """
    forward = inspect.signature(type(model).forward).parameters
    alibi = getattr(model.config.get_text_config(), "alibi", False)
    return bool(
        "position_ids" in forward and model._supports_flash_attn and not model._is_stateful and not alibi
    )


def tells_window(model: Any) -> bool:
    """Whether a kernel without a mask is told the window of a sliding layer, by the model's source code.

    Some models, such as PhiMoE, put the window into the mask only: without the mask they would attend to
    everything.
    """
    module = inspect.getmodule(type(model))
    assert module is not None
    return sight_of(model.config).window is None or "sliding_window=" in inspect.getsource(module)


def pack(part: Sequence[Weighed]) -> MicroBatch:
    """One row, [1, tokens], with all samples. The last token of each sample is only a label, as in `collate`.

    Without samples it is one token without weight, also as in `collate`.
    """
    rows = [
        (
            encoded.ids[:-1],
            range(len(encoded.ids) - 1),
            encoded.ids[1:],
            [0.0] * (encoded.response - 1) + list(weights),
        )
        for encoded, weights in part
    ] or [([0], range(1), [0], [0.0])]
    ids, positions, labels, weights = (
        torch.tensor([[value for row in column for value in row]]) for column in zip(*rows, strict=True)
    )
    lengths = [len(row[0]) for row in rows]
    return {
        "input_ids": ids,
        "position_ids": positions,
        "ends": torch.tensor([0, *accumulate(lengths)], dtype=torch.int32),
        "longest": max(lengths),
        "labels": labels,
        "weights": weights,
        "tokens": sum(lengths) if part else 0,
    }


def by_tokens(pairs: Sequence[Weighed], max_tokens_per_micro_batch: int) -> list[list[Weighed]]:
    """Cuts a batch, longest first, into parts of at most this number of tokens (or one sample)."""
    parts: list[list[Weighed]] = []
    room: list[int] = []
    for pair in sorted(pairs, key=lambda pair: -len(pair[0].ids)):
        size = len(pair[0].ids) - 1
        fits = next((number for number, left in enumerate(room) if size <= left), None)
        if fits is None:
            parts.append([])
            room.append(max_tokens_per_micro_batch)
            fits = len(parts) - 1
        parts[fits].append(pair)
        room[fits] -= size
    return parts


def seen_by_model(inputs: MicroBatch, attention: str) -> dict[str, Any]:
    """The arguments of the model's forward pass for a micro-batch; packed rows include the ends of samples.

    Flash attention needs no mask. For PyTorch's kernel, `ends` takes the place of a finished mask: otherwise
    Transformers would make one, [tokens, tokens], that nothing reads.

    Args:
        inputs: the micro-batch.
        attention: the name of the model's attention implementation.
    """
    if "position_ids" not in inputs:
        return {"input_ids": inputs["input_ids"]}
    ends, longest = inputs["ends"], inputs["longest"]
    return {
        "input_ids": inputs["input_ids"],
        "position_ids": inputs["position_ids"],
        "attention_mask": ends.view(1, 1, 1, -1) if attention == PYTORCH_KERNEL else None,
        "cu_seq_lens_q": ends,
        "cu_seq_lens_k": ends,
        "max_length_q": longest,
        "max_length_k": longest,
    }


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
    """The attention of a layer, called by Transformers.

    Args:
        module: the layer, which must be causal for packed rows.
        query: [1, heads, tokens, features], as key and value.
        attention_mask: ignored for packed rows.
        scaling: factor of the products of queries and keys.
        sliding_window: number of tokens that the layer attends to; None: all.
        cu_seq_lens_q: [samples + 1], int32: the ends of the samples in a packed row, after a 0.
        max_length_q: the length of the longest sample.
        others: for `sdpa_attention_forward`.
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
    # Rotary positions give fp32.
    rows = [row[0].transpose(0, 1).to(value.dtype) for row in (query, key, value)]
    kernel, shared_keys = _kernel() or (None, False)
    assert kernel is not None, "kernel_serves() was not called"
    if not shared_keys:
        rows[1:] = (row.repeat_interleave(rows[0].shape[1] // row.shape[1], dim=1) for row in rows[1:])
    made = kernel(
        *rows,
        cu_seq_lens_q,
        cu_seq_lens_q,
        max_length_q,
        max_length_q,
        scale=scaling,
        window_size=(sliding_window - 1 if sliding_window else -1, 0),  # the token itself and those before it
        **({"enable_gqa": True} if shared_keys else {}),
    )
    return made[None], None


@cache
def _kernel() -> tuple[Any, bool] | None:
    """The kernel, if PyTorch is new enough, and whether several heads can share their keys in it."""
    if find_spec("torch.nn.attention.varlen") is None:
        return None
    from torch.nn.attention.varlen import varlen_attn

    known = inspect.signature(varlen_attn).parameters
    return (varlen_attn, "enable_gqa" in known) if "window_size" in known else None
