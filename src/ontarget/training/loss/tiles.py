"""The passes of `linear_log_odds` over a tile of the vocabulary: logits, and gradients of matrix products.

`tiles_triton.py` has the same three functions for GPUs, each step in one pass over the tile.
"""

from typing import NamedTuple

import torch
from torch import Tensor

Places = tuple[Tensor, Tensor]  # tokens whose labels are in the tile, and the columns of these labels


class Logits(NamedTuple):
    """The parameters of logits: softcap * tanh(scale * (product + bias) / softcap)."""

    bias: Tensor | None  # [vocabulary]
    softcap: float | None
    scale: float


def places(labels: Tensor, starts: list[int], vocabulary: int) -> list[Places]:
    """The places of labels in each tile. On a GPU this waits for the device.

    Args:
        labels: [tokens], int64.
        starts: the first column of each tile.
        vocabulary: the end of the last tile.
    Raises:
        ValueError: a label is not in the vocabulary.
    """
    tokens = labels.argsort()
    bounds = torch.searchsorted(labels[tokens], labels.new_tensor([*starts, vocabulary])).tolist()
    if bounds[-1] - bounds[0] < len(labels):
        raise ValueError(f"labels must be in [0, {vocabulary}): {labels.min()} to {labels.max()}")
    return [
        (tokens[first:last], labels[tokens[first:last]] - start)
        for start, first, last in zip(starts, bounds, bounds[1:], strict=False)
    ]


def add(
    product: Tensor, columns: slice, at_label: Places, how: Logits, of_label: Tensor, log_rest: Tensor
) -> None:
    """Adds a tile to `log_rest` and writes the logits of labels in it to `of_label`; both are [tokens]."""
    logits = _logits(product, columns, how)
    of_label[at_label[0]] = logits[at_label]
    # Masked out before the sum: lse + log1p(-p) would lose every digit as p -> 1.
    logits[at_label] = -torch.inf
    log_rest.copy_(torch.logaddexp(log_rest, logits.logsumexp(dim=1)))


def step(
    product: Tensor,
    columns: slice,
    at_label: Places,
    how: Logits,
    log_rest: Tensor,
    gradient: Tensor,
    dtype: torch.dtype,
) -> Tensor:
    """The gradient with regard to a tile's products, [tokens, columns], in `dtype`.

    Args:
        product: [tokens, columns].
        columns: the columns of the tile within the vocabulary.
        at_label: the labels in the tile, from `places`.
        how: the parameters of logits.
        log_rest: the logsumexp of all tiles without the labels, [tokens].
        gradient: the gradient with regard to the log-odds, [tokens].
        dtype: the type of the result.
    """
    logits, slope = _uncapped(product, columns, how), None
    if how.softcap:
        # 1 - tanh^2, which would lose every digit where the cap is reached.
        e = logits.abs().mul_(-2 / how.softcap).exp_()
        slope = 4 * e / (1 + e).square_()
        _cap(logits, how.softcap)
    result = logits.sub_(log_rest[:, None]).exp_().mul_(-gradient[:, None])
    result[at_label] = gradient[at_label[0]]
    if slope is not None:
        result *= slope
    if how.scale != 1:
        result *= how.scale
    return result.to(dtype)


def _logits(product: Tensor, columns: slice, how: Logits) -> Tensor:
    """The logits of a tile, in at least fp32, as a copy to write to."""
    logits = _uncapped(product, columns, how)
    return _cap(logits, how.softcap) if how.softcap else logits


def _uncapped(product: Tensor, columns: slice, how: Logits) -> Tensor:
    logits = product.to(torch.promote_types(product.dtype, torch.float32), copy=True)
    if how.bias is not None:
        logits += how.bias[columns]
    if how.scale != 1:
        logits *= how.scale
    return logits


def _cap(logits: Tensor, softcap: float) -> Tensor:
    """In place."""
    return logits.div_(softcap).tanh_().mul_(softcap)
