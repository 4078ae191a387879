"""What all samples of a micro-batch begin with is gone through once.

Prompts share the words before the first one that differs: most of the Alpaca prompt, a long system message.
Keys and values of these tokens are computed for one row, and every row looks at them; gradients of all rows
add up there by themselves. Loss and gradient are those of whole rows, with fewer tokens to go through.
"""

from collections.abc import Sequence
from itertools import takewhile
from typing import Any

from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer

from ontarget.settings.tuning import Tuning
from ontarget.training.data import batches
from ontarget.training.data.batches import MicroBatch, Weighed

_LEAST = 1 / 8  # of a micro-batch's tokens have to be saved, to be worth a second forward


def works(model: Any, tuning: Tuning, processes: int) -> bool:
    """Whether rows of this model can go on from keys and values of others, tuned as it is.

    A sliding window or a state that runs along would have to begin in the prefix; activations that are
    computed twice, models in parts, and compiled ones take no second forward.
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


def collate(part: Sequence[Weighed]) -> MicroBatch:
    """As `batches.collate`; where samples share enough, what they begin with stands apart as `prefix_ids`."""
    whole = batches.collate(part)
    shared, (rows, length) = _shared(part), whole["input_ids"].shape
    if shared * (rows - 1) < _LEAST * rows * length:
        return whole
    return {
        "prefix_ids": whole["input_ids"][:1, :shared],
        "input_ids": whole["input_ids"][:, shared:],
        "labels": whole["labels"][:, shared:],
        "weights": whole["weights"][:, shared:],
    }


def _shared(part: Sequence[Weighed]) -> int:
    """How many tokens all samples begin with, short of the one that predicts a response; rounded down."""
    columns = zip(*(encoded.ids[: encoded.response - 1] for encoded, _ in part), strict=False)
    shared = sum(1 for _ in takewhile(lambda column: len(set(column)) == 1, columns))
    return shared // batches.ROUND * batches.ROUND
