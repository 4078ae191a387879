"""Attention of our own in models of Transformers, for training and for decoding."""

from collections.abc import Callable
from typing import Any

from torch import Tensor
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.masking_utils import sdpa_mask


def attend_by(model: Any, name: str, attend: Callable[..., tuple[Tensor, None]]) -> None:
    """Makes the layers of a model call `attend` in place of Transformers' function for `sdpa`.

    Args:
        model: a model of Transformers whose attention implementation can be set.
        name: the name to register with Transformers.
        attend: has the arguments, masks and results of `sdpa_attention_forward`.
    """
    AttentionInterface.register(name, attend)
    AttentionMaskInterface.register(name, sdpa_mask)
    model.set_attn_implementation(name)
