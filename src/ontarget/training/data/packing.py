"""Samples of a micro-batch one after the other in a single row, where attention keeps them apart.

Positions begin again at 0 with each sample; transformers tells samples apart by that. Flash attention then
goes through rows of any lengths and wastes nothing on padding. Other kinds of attention get a block-diagonal
mask, [tokens, tokens], from the same positions: exact as well, but slower than padding samples of similar
length (benchmarks/packing.py), so there nothing is packed.
"""

import inspect
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import torch
from transformers.utils import is_flash_attn_2_available

from ontarget.checkpoints.context import sight_of
from ontarget.training.data import varlen
from ontarget.training.data.batches import MicroBatch, Weighed


def pays_off(model: Any) -> bool:
    """Whether micro-batches for this model are packed: its attention takes many lengths and leaks nothing."""
    name = str(model.config._attn_implementation)
    return ("flash" in name or name == varlen.NAME) and keeps_apart(model)


def prefer_flash(model: Any, bf16: bool) -> None:
    """Lets a model use flash attention where it can be, on GPUs in bf16: flash-attn's, or PyTorch's own."""
    if not (torch.cuda.is_available() and bf16 and keeps_apart(model) and tells_window(model)):
        return
    if is_flash_attn_2_available():
        model.set_attn_implementation("flash_attention_2")
    elif varlen.works(model):
        varlen.use(model)


def keeps_apart(model: Any) -> bool:
    """Whether samples in one row cannot see each other, as far as the model's class says.

    What carries a state along the row (Mamba, linear attention), and what takes no positions or counts
    distances of its own (ALiBi), would leak from one sample into the next.
    """
    forward = inspect.signature(type(model).forward).parameters
    alibi = getattr(model.config.get_text_config(), "alibi", False)
    return bool(
        "position_ids" in forward and model._supports_flash_attn and not model._is_stateful and not alibi
    )


def tells_window(model: Any) -> bool:
    """Whether a kernel that takes no mask learns how far back a sliding layer looks, as the source says.

    Some models, such as PhiMoE, put the window into the mask alone: without it they would see everything.
    """
    module = inspect.getmodule(type(model))
    assert module is not None
    return sight_of(model.config).window is None or "sliding_window=" in inspect.getsource(module)


def pack(part: Sequence[Weighed]) -> MicroBatch:
    """One row, [1, tokens], of all samples. The last token of each is a label alone, as in `collate`.

    Without a sample it is one token without weight, as there.
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
    }


def by_tokens(pairs: Sequence[Weighed], micro_batch_tokens: int) -> list[list[Weighed]]:
    """Cuts a batch, longest first, into parts of at most `micro_batch_tokens` tokens (or one sample)."""
    parts: list[list[Weighed]] = []
    room: list[int] = []
    for pair in sorted(pairs, key=lambda pair: -len(pair[0].ids)):
        size = len(pair[0].ids) - 1
        fits = next((number for number, left in enumerate(room) if size <= left), None)
        if fits is None:
            parts.append([])
            room.append(micro_batch_tokens)
            fits = len(parts) - 1
        parts[fits].append(pair)
        room[fits] -= size
    return parts


def seen_by_model(inputs: MicroBatch, attention: str) -> dict[str, Any]:
    """What of a micro-batch the model's forward is given: of packed rows, where their samples are, too.

    `attention` is the model's kind. Flash attention needs no mask. To ours is given what transformers takes
    for one that is made already: else it would make one, [tokens, tokens], that nobody reads.
    """
    if "position_ids" not in inputs:
        return {"input_ids": inputs["input_ids"]}
    ends, longest = inputs["ends"], inputs["longest"]
    return {
        "input_ids": inputs["input_ids"],
        "position_ids": inputs["position_ids"],
        "attention_mask": ends.view(1, 1, 1, -1) if attention == varlen.NAME else None,
        "cu_seq_lens_q": ends,
        "cu_seq_lens_k": ends,
        "max_length_q": longest,
        "max_length_k": longest,
    }
