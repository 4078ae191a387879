"""Log-odds of each label, of which likelihood and unlikelihood are functions.

`log_odds` takes logits. `linear_log_odds` takes hidden states and the weight of the output layer, and never
holds all logits in memory.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from ontarget.training.loss import products
from ontarget.training.loss.tiles import Logits

_ROWS = 256  # tokens in fp32 at once: the working copy stays in the CPU's cache
KEPT_LOGITS = 1 << 24  # up to this number (32 MiB in bf16) logits are kept, to save a product in backward


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
    products.check_shapes(hidden, weight, labels, bias)
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
        features = hidden.to(products.product_type(hidden))
        keep, how = len(labels) * len(weight) <= KEPT_LOGITS, Logits(bias, softcap, scale)
        tiled = products.tiles_of(features, labels, len(weight), keep)
        log_odds, log_rest, kept = products.forward(features, weight, tiled, how, keep)
        ctx.save_for_backward(features, weight, bias, log_rest, *kept)
        ctx.tiled, ctx.softcap, ctx.scale = tiled, softcap, scale
        ctx.hidden_type, ctx.into = hidden.dtype, into if weight.requires_grad else None
        return log_odds

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        features, weight, bias, log_rest, *kept = ctx.saved_tensors
        to_hidden, to_weight, _, to_bias, *_ = ctx.needs_input_grad
        of_hidden = torch.zeros_like(features, dtype=log_rest.dtype) if to_hidden else None
        of_weight = torch.empty_like(weight) if to_weight and ctx.into is None else None
        of_bias = torch.zeros_like(bias) if to_bias else None
        into = of_weight if ctx.into is None else ctx.into
        sums = products.Sums(of_hidden, into, of_bias, add=ctx.into is not None)
        how = Logits(bias, ctx.softcap, ctx.scale)
        products.backward(features, weight, ctx.tiled, how, log_rest, kept, gradient, sums)
        of_hidden = of_hidden.to(ctx.hidden_type) if of_hidden is not None else None
        return of_hidden, of_weight, None, of_bias, None, None, None
