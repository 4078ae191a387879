"""Computes the common prefix of all samples in a micro-batch only once.

Prompts share their first words: most of the Alpaca prompt, or a long system message. Keys and values of these
tokens are computed for one row, and every row attends to them. Gradients of all rows add up there. Loss and
gradient are the same as for whole rows, with fewer tokens to compute.
"""

from collections.abc import Sequence
from itertools import takewhile
from typing import Any

import torch
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer

from ontarget.settings.tuning import Tuning
from ontarget.training.data import batches
from ontarget.training.data.batches import MicroBatch, Weighed

_LEAST = 1 / 8  # minimum share of tokens to save; a second forward pass must pay off


def works(model: Any, tuning: Tuning, processes: int) -> bool:
    """Whether rows of this model can continue from the keys and values of a prefix, with these settings.

    A sliding window or a recurrent state would have to begin in the prefix. Gradient checkpointing, sharded
    models and compiled models do not allow a second forward pass.
    """
    layers = DynamicCache(config=model.config).layers
    whole = processes == 1 or tuning.parallel == "ddp"
    return bool(
        layers
        and all(type(layer) is DynamicLayer for layer in layers)
        and not model._is_stateful
        and not (tuning.gradient_checkpointing or tuning.compile)
        and whole
    )


def by_length(pairs: Sequence[Weighed], max_tokens_per_micro_batch: int) -> list[list[Weighed]]:
    """As `batches.by_length`, for `collate`."""
    return batches.by_length(pairs, max_tokens_per_micro_batch, _shared(pairs))


def collate(part: Sequence[Weighed]) -> MicroBatch:
    """As `batches.collate`, but with a separate `prefix_ids` if the samples share enough tokens."""
    shared = _shared(part)
    length = shared + max((batches.padded(weighed, shared) for weighed in part), default=0)
    if shared * (len(part) - 1) < _LEAST * len(part) * length:
        shared = 0
    made = batches.collate(part, shared)
    return {"prefix_ids": torch.tensor([part[0][0].ids[:shared]]), **made} if shared else made


def _shared(part: Sequence[Weighed]) -> int:
    """Number of tokens that all samples share, before the one that predicts a response."""
    columns = zip(*(encoded.ids[: encoded.response - 1] for encoded, _ in part), strict=False)
    return sum(1 for _ in takewhile(lambda column: len(set(column)) == 1, columns))
