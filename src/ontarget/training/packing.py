"""Samples of a micro-batch one after the other in a single row, where attention keeps them apart.

Positions begin again at 0 with each sample; transformers tells samples apart by that. Flash attention then
goes through rows of any lengths and wastes nothing on padding. Other kinds of attention get a block-diagonal
mask, [tokens, tokens], from the same positions: exact as well, but slower than padding samples of similar
length (benchmarks/packing.py), so there nothing is packed.
"""

import inspect
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from transformers.utils import is_flash_attn_2_available

from ontarget.training.batches import MicroBatch, Weighed


def pays_off(model: Any) -> bool:
    """Whether micro-batches for this model are packed: its attention takes many lengths and leaks nothing."""
    return "flash" in str(model.config._attn_implementation) and keeps_apart(model)


def prefer_flash(model: Any, bf16: bool) -> None:
    """Lets a model use flash attention where that is installed and can be: on GPUs, in bf16."""
    if torch.cuda.is_available() and bf16 and is_flash_attn_2_available() and keeps_apart(model):
        model.set_attn_implementation("flash_attention_2")


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
    return {"input_ids": ids, "position_ids": positions, "labels": labels, "weights": weights}


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


def seen_by_model(inputs: MicroBatch) -> dict[str, Tensor]:
    """What of a micro-batch the model's forward is given: positions only where they are not plain."""
    seen = {"input_ids": inputs["input_ids"]}
    return seen | ({"position_ids": inputs["position_ids"]} if "position_ids" in inputs else {})
