"""The products of the output layer for a few tokens, a tile of the vocabulary at a time, and their gradients.

`log_odds.py` and `linear_loss.py` are made of these two passes. The working copy of a tile is in fp32 (fp64
for fp64). Memory does not grow with the vocabulary, unless products are kept for the second pass.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ontarget.training.loss import tiles
from ontarget.training.loss.tiles import Logits

# Bytes of the working copy of a tile. GPUs have no cache as large as CPUs have, and want large products.
_TILE_BYTES, _GPU_TILE_BYTES = 1 << 22, 1 << 26
_LEAST_COLUMNS = 256  # narrower products are slow


class Tile(NamedTuple):
    """A part of the vocabulary.

    Attributes:
        columns: where it is in the vocabulary.
        at_label: the labels in it, from `places` of `tiles.py` or `tiles_triton.py`.
    """

    columns: slice
    at_label: Any


class Sums(NamedTuple):
    """Where gradients go; None: this one is not wanted.

    Attributes:
        hidden: [tokens, features], at least fp32, added to.
        weight: [vocabulary, features], any float type.
        bias: [vocabulary], added to.
        add: whether the gradient of the weight is added to the gradient so far, or replaces it.
    """

    hidden: Tensor | None
    weight: Tensor | None
    bias: Tensor | None
    add: bool


def check_shapes(hidden: Tensor, weight: Tensor, labels: Tensor, bias: Tensor | None) -> None:
    """Checks that hidden states, output layer and labels belong together.

    Raises:
        ValueError: they do not; the message has all shapes.
    """
    fits = hidden.ndim == weight.ndim == 2 and hidden.shape[1] == weight.shape[1]
    if not fits or labels.shape != hidden.shape[:1] or (bias is not None and bias.shape != weight.shape[:1]):
        raise ValueError(
            "hidden must be [tokens, features], weight [vocabulary, features], labels [tokens] and bias "
            f"[vocabulary]: {list(hidden.shape)}, {list(weight.shape)}, {list(labels.shape)}"
            + (f", {list(bias.shape)}" if bias is not None else "")
        )


def tiles_of(features: Tensor, labels: Tensor, vocabulary: int, keep: bool) -> list[Tile]:
    """The tiles of the vocabulary for these tokens.

    Args:
        features: hidden states, [tokens, features].
        labels: y, [tokens], int64.
        vocabulary: its size.
        keep: whether the products of all tiles will be kept.
    Raises:
        ValueError: a label is not in the vocabulary (on GPUs with Triton, a later CUDA error).
    """
    size = _TILE_BYTES if labels.device.type == "cpu" else _GPU_TILE_BYTES
    if keep:  # the gradient of a tile is in memory beside all products
        size = min(size, _GPU_TILE_BYTES // 2)
    width = max(_LEAST_COLUMNS, size // (4 * max(len(labels), 1)))
    starts = list(range(0, vocabulary, width))
    columns = [slice(start, min(start + width, vocabulary)) for start in starts]
    places = _passes(features).places(labels, starts, vocabulary)
    return [Tile(*of_tile) for of_tile in zip(columns, places, strict=True)]


def forward(
    features: Tensor, weight: Tensor, tiled: list[Tile], how: Logits, keep: bool
) -> tuple[Tensor, Tensor, list[Tensor]]:
    """The log-odds of labels.

    Args:
        features: hidden states in the type of products, [tokens, features].
        weight: [vocabulary, features].
        tiled: the tiles of the vocabulary.
        how: the parameters of logits.
        keep: whether to return the products, which `backward` then need not compute again.
    Returns:
        d and the logsumexp of the other logits, [tokens], at least fp32; the kept products of each tile.
    """
    of_label = features.new_zeros(len(features), dtype=sum_type(features))
    log_rest, kept = torch.full_like(of_label, -torch.inf), []
    passes = _passes(features)
    for columns, at_label in tiled:
        product = _product(features, weight[columns].to(features.dtype).T)
        passes.add(product, columns, at_label, how, of_label, log_rest)
        if keep:
            kept.append(product)
        del product  # before the next one is made
    return of_label.sub_(log_rest), log_rest, kept


def backward(
    features: Tensor,
    weight: Tensor,
    tiled: list[Tile],
    how: Logits,
    log_rest: Tensor,
    kept: list[Tensor],
    gradient: Tensor,
    sums: Sums,
) -> None:
    """Adds the gradients with regard to hidden states, weight and bias to `sums`.

    Args:
        features: as in `forward`.
        weight: as in `forward`.
        tiled: as in `forward`.
        how: as in `forward`.
        log_rest: from `forward`.
        kept: from `forward`; the list is emptied on the way, so that memory is free as soon as possible.
        gradient: with regard to the log-odds, [tokens].
        sums: where the gradients go.
    """
    passes = _passes(features)
    # The bias gets a sum of unrounded steps.
    step_type = log_rest.dtype if sums.bias is not None else features.dtype
    for columns, at_label in tiled:
        of_columns = weight[columns].to(features.dtype)
        product = kept.pop(0) if kept else _product(features, of_columns.T)
        step = passes.step(product, columns, at_label, how, log_rest, gradient, step_type)
        del product
        if sums.bias is not None:
            sums.bias[columns] += step.sum(dim=0)
            step = step.to(features.dtype)
        if sums.hidden is not None:
            _add_product(sums.hidden, step, of_columns)
        if sums.weight is not None and sums.add:
            _add_product(sums.weight[columns], step.T, features)
        elif sums.weight is not None:
            _write_product(sums.weight[columns], step.T, features)
        del step, of_columns


def product_type(hidden: Tensor) -> torch.dtype:
    """The type of autocast if it is on and the input is not fp64."""
    device = hidden.device.type
    if torch.is_autocast_enabled(device) and hidden.dtype != torch.float64:
        return torch.get_autocast_dtype(device)
    return hidden.dtype


def sum_type(values: Tensor) -> torch.dtype:
    """At least fp32."""
    return torch.promote_types(values.dtype, torch.float32)


def _passes(features: Tensor) -> Any:
    """The module with the passes over tiles: `tiles_triton` if it can run."""
    if features.is_cuda and features.dtype != torch.float64 and find_spec("triton"):
        return import_module("ontarget.training.loss.tiles_triton")
    return tiles


def _product(left: Tensor, right: Tensor) -> Tensor:
    """A matrix product; in fp32 if the device can return half-precision products unrounded."""
    if left.is_cuda and left.dtype in (torch.bfloat16, torch.float16):
        return torch.mm(left, right, out_dtype=torch.float32)
    return torch.mm(left, right)


def _write_product(total: Tensor, left: Tensor, right: Tensor) -> None:
    """Writes a matrix product to `total`; without a temporary copy where the device can."""
    if left.dtype == total.dtype:
        torch.mm(left, right, out=total)
    elif left.is_cuda and total.dtype == torch.float32:
        torch.mm(left, right, out_dtype=torch.float32, out=total)
    else:
        total.copy_(torch.mm(left, right))


def _add_product(total: Tensor, left: Tensor, right: Tensor) -> None:
    """Adds a matrix product to `total`; without a temporary copy where the device can."""
    if left.dtype == total.dtype:
        total.addmm_(left, right)
    elif left.is_cuda and total.dtype == torch.float32:
        torch.addmm(total, left, right, out_dtype=torch.float32, out=total)
    else:
        total += torch.mm(left, right)
