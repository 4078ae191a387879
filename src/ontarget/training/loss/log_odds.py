"""Log-odds of each label, of which likelihood and unlikelihood are functions.

`log_odds` takes logits. `linear_log_odds` takes hidden states and the weight of the output layer, and never
holds all logits in memory.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from ontarget.training.loss import tiles
from ontarget.training.loss.tiles import Logits

_ROWS = 256  # tokens in fp32 at once: the working copy stays in the CPU's cache
# The same for `linear_log_odds`, in bytes. GPUs have no such cache, and want large products.
_TILE_BYTES, _GPU_TILE_BYTES = 1 << 22, 1 << 26
_LEAST_COLUMNS = 256  # narrower products are slow
_KEPT_LOGITS = 1 << 24  # up to this number (32 MiB in bf16) logits are kept, to save a product in backward


class _LogOdds(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, logits: Tensor, labels: Tensor) -> Tensor:
        log_odds, log_rest = logits.new_empty((2, len(labels)), dtype=torch.float32).unbind()
        for start in range(0, len(labels), _ROWS):
            rows = slice(start, start + _ROWS)
            rest, index = _without_label(logits[rows], labels[rows])
            log_rest[rows] = rest.logsumexp(dim=1)
            log_odds[rows] = logits[rows].gather(1, index).squeeze(1).float() - log_rest[rows]
        ctx.save_for_backward(logits, labels, log_rest)
        return log_odds

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        logits, labels, log_rest = ctx.saved_tensors
        step = torch.empty_like(logits)
        for start in range(0, len(labels), _ROWS):
            rows = slice(start, start + _ROWS)
            rest, index = _without_label(logits[rows], labels[rows])
            softmax = rest.sub_(log_rest[rows, None]).exp_()  # over the other pieces; exactly 0 at the label
            of_rows = gradient[rows, None]
            step[rows] = softmax.mul_(-of_rows).scatter_(1, index, of_rows)
        return step, None


def _without_label(logits: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """An fp32 copy with -inf at the label, and the labels as a column.

    The label is masked out before the sum: lse + log1p(-p) would lose every digit as p -> 1.
    """
    index = labels[:, None]
    return logits.to(torch.float32, copy=True).scatter_(1, index, -torch.inf), index


def log_odds(logits: Tensor, labels: Tensor) -> Tensor:
    """The log-odds log p/(1-p) of each label: d = z_y - logsumexp over v != y of z_v.

    They are finite even if the model is entirely sure. Gradient: dd/dz = onehot_y - softmax over v != y.
    Values and gradients are computed in fp32 for logits of any type.

    Args:
        logits: z, [tokens, vocabulary], any float type.
        labels: y, [tokens], int64, each in [0, vocabulary).
    Returns:
        d, [tokens], fp32, nats.
    Raises:
        ValueError: the shapes are not compatible; the message has both.
    """
    if logits.ndim != 2 or labels.shape != logits.shape[:1]:
        raise ValueError(
            "logits must be [tokens, vocabulary] and labels [tokens]: "
            f"{list(logits.shape)}, {list(labels.shape)}"
        )
    return _LogOdds.apply(logits, labels)  # type: ignore[no-untyped-call, no-any-return]


def linear_log_odds(
    hidden: Tensor,
    weight: Tensor,
    labels: Tensor,
    bias: Tensor | None = None,
    softcap: float | None = None,
    scale: float = 1.0,
    into: Tensor | None = None,
) -> Tensor:
    """The log-odds of each label, from hidden states, without all logits in memory.

    The result is that of `log_odds(cap(scale * (hidden @ weight.T + bias)), labels)`, where
    cap(z) = softcap * tanh(z / softcap), as in Gemma 2. Logits are computed a tile of the vocabulary at a
    time, in the forward pass and again in the backward pass. So for any vocabulary, memory is that of the
    inputs, their gradients and a few megabytes. Small logits (2048 tokens, 8000 pieces) are kept for the
    backward pass.

    Under autocast, matrix products have its type. Sums, d, and the gradient of `hidden` until it is complete
    are fp32. CPUs round the logits of bf16 products to bf16, as their linear layers do. fp64 stays fp64.

    Args:
        hidden: hidden states before the output layer, [tokens, features].
        weight: weight of the output layer, [vocabulary, features]; it may be tied or frozen.
        labels: y, [tokens], int64, each in [0, vocabulary): the token after each hidden state.
        bias: bias of the output layer, [vocabulary].
        softcap: the soft cap, in logits; None: no cap.
        scale: multiplies the logits before the cap.
        into: [vocabulary, features]; the gradient of the weight is added to it, a tile at a time, and
            autograd gets none.
    Returns:
        d, [tokens], fp32, nats.
    Raises:
        ValueError: the shapes are not compatible (the message has all of them), or a label is not in the
            vocabulary. (On GPUs with Triton this is a later CUDA error, since waiting for the GPU is slow.)
    """
    fits = hidden.ndim == weight.ndim == 2 and hidden.shape[1] == weight.shape[1]
    if not fits or labels.shape != hidden.shape[:1] or (bias is not None and bias.shape != weight.shape[:1]):
        raise ValueError(
            "hidden must be [tokens, features], weight [vocabulary, features], labels [tokens] and bias "
            f"[vocabulary]: {list(hidden.shape)}, {list(weight.shape)}, {list(labels.shape)}"
            + (f", {list(bias.shape)}" if bias is not None else "")
        )
    return _LinearLogOdds.apply(hidden, weight, labels, bias, softcap, scale, into)  # type: ignore[no-untyped-call, no-any-return]


class _LinearLogOdds(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        hidden: Tensor,
        weight: Tensor,
        labels: Tensor,
        bias: Tensor | None,
        softcap: float | None,
        scale: float,
        into: Tensor | None,
    ) -> Tensor:
        features = hidden.to(_product_type(hidden))
        of_label = features.new_zeros(len(labels), dtype=_sum_type(features))
        log_rest = torch.full_like(of_label, -torch.inf)
        keep, kept = len(labels) * len(weight) <= _KEPT_LOGITS, []
        passes, how = _passes(features), Logits(bias, softcap, scale)
        columns_of = _columns(labels, len(weight))
        places = passes.places(labels, [columns.start for columns in columns_of], len(weight))
        for columns, at_label in zip(columns_of, places, strict=True):
            product = _product(features, weight[columns].to(features.dtype).T)
            if keep:
                kept.append(product)
            passes.add(product, columns, at_label, how, of_label, log_rest)
        ctx.save_for_backward(features, weight, bias, log_rest, *kept)
        ctx.tiles, ctx.softcap, ctx.scale = (columns_of, places), softcap, scale
        ctx.hidden_type, ctx.into = hidden.dtype, into if weight.requires_grad else None
        return of_label - log_rest

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        features, weight, bias, log_rest, *kept = ctx.saved_tensors
        to_hidden, to_weight, _, to_bias, *_ = ctx.needs_input_grad
        of_hidden = torch.zeros_like(features, dtype=log_rest.dtype) if to_hidden else None
        of_weight = torch.empty_like(weight) if to_weight and ctx.into is None else None
        of_bias = torch.empty_like(bias) if to_bias else None
        passes, how = _passes(features), Logits(bias, ctx.softcap, ctx.scale)
        step_type = log_rest.dtype if to_bias else features.dtype  # the bias gets a sum of unrounded steps
        for n, (columns, at_label) in enumerate(zip(*ctx.tiles, strict=True)):
            of_columns = weight[columns].to(features.dtype)
            product = kept[n] if kept else _product(features, of_columns.T)
            step = passes.step(product, columns, at_label, how, log_rest, gradient, step_type)
            if of_bias is not None:
                of_bias[columns] = step.sum(dim=0)
                step = step.to(features.dtype)
            if of_hidden is not None:
                _add_product(of_hidden, step, of_columns)
            if of_weight is not None:
                of_weight[columns] = _product(step.T, features)
            elif ctx.into is not None:
                ctx.into[columns] += _product(step.T, features)
        of_hidden = of_hidden.to(ctx.hidden_type) if of_hidden is not None else None
        return of_hidden, of_weight, None, of_bias, None, None, None


def _columns(labels: Tensor, vocabulary: int) -> list[slice]:
    """The columns of each tile."""
    size = _TILE_BYTES if labels.device.type == "cpu" else _GPU_TILE_BYTES
    width = max(_LEAST_COLUMNS, size // (4 * max(len(labels), 1)))
    return [slice(start, min(start + width, vocabulary)) for start in range(0, vocabulary, width)]


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


def _add_product(total: Tensor, left: Tensor, right: Tensor) -> None:
    """Adds a matrix product to `total`; on a GPU without a temporary copy."""
    if left.is_cuda and left.dtype in (torch.bfloat16, torch.float16):
        torch.addmm(total, left, right, out_dtype=torch.float32, out=total)
    else:
        total += torch.mm(left, right)


def _sum_type(values: Tensor) -> torch.dtype:
    return torch.promote_types(values.dtype, torch.float32)


def _product_type(hidden: Tensor) -> torch.dtype:
    """The type of autocast if it is on and the input is not fp64."""
    device = hidden.device.type
    if torch.is_autocast_enabled(device) and hidden.dtype != torch.float64:
        return torch.get_autocast_dtype(device)
    return hidden.dtype
