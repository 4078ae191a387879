"""The signed loss from hidden states, with its gradient computed in the forward pass.

`log_odds.py` returns log-odds for any loss, so it knows the gradient only in the backward pass, and computes
large logits a second time: four matrix products. The signed loss of a token depends on its own log-odds only.
So some tokens can be finished before the next ones begin, while their logits are in memory, with three
products. Liger's fused cross-entropy (Hsu et al. 2024, arXiv 2410.10989) does this for likelihood.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from ontarget.training.loss import products
from ontarget.training.loss.log_odds import KEPT_LOGITS, linear_log_odds
from ontarget.training.loss.objective import signed_loss
from ontarget.training.loss.tiles import Logits

# With fewer tokens at once, adding to the gradient of the weight takes longer than the product that is saved.
_LEAST_TOKENS = 512
_NEAR = 1e-4  # a model's factor of logits is divided by what was measured of it


def linear_signed_loss(
    hidden: Tensor,
    weight: Tensor,
    labels: Tensor,
    weights: Tensor,
    q: float = 0.0,
    bias: Tensor | None = None,
    softcap: float | None = None,
    scale: float = 1.0,
    into: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """The signed loss of `signed_loss(linear_log_odds(hidden, weight, ...), weights, q)`, with less work.

    Memory is that of the inputs, their gradients and 2^24 logits (32 MiB in bf16, 64 in fp32). Precision is
    that of `linear_log_odds`, with one difference: if there are more logits than that, the gradient of the
    weight is a sum over parts of the tokens. It is added up in the type of the weight: in fp32 for fp32, but
    in bf16 for bf16, with one rounding for each part, as in Liger's function.

    Where this would be slower (a trained weight with more than 32,768 pieces, unless tokens are few), the two
    functions above are called.

    Args:
        hidden: hidden states before the output layer, [tokens, features].
        weight: weight of the output layer, [vocabulary, features]; it may be tied or frozen.
        labels: y, [tokens], int64, each in [0, vocabulary): the token after each hidden state.
        weights: w, [tokens], as in `signed_loss`.
        q: the bound of unlikelihood, as in `signed_loss`.
        bias: bias of the output layer, [vocabulary].
        softcap: the soft cap, in logits; None: no cap.
        scale: multiplies the logits before the cap.
        into: [vocabulary, features]; the gradient of the weight is added to it, and autograd gets none. The
            backward pass must then begin at the loss itself, with the gradient 1.
    Returns:
        The summed loss (nats), a scalar; and d, [tokens], nats, without a gradient.
    Raises:
        ValueError: the shapes are not compatible (the message has all of them), or a label is not in the
            vocabulary. (On GPUs with Triton this is a later CUDA error, since waiting for the GPU is slow.)
    """
    products.check_shapes(hidden, weight, labels, bias)
    together = max(KEPT_LOGITS // len(weight), 1)
    if len(labels) > together and weight.requires_grad and together < _LEAST_TOKENS:
        d = linear_log_odds(hidden, weight, labels, bias, softcap, scale, into)
        return signed_loss(d, weights, q), d.detach()
    learns = torch.is_grad_enabled()
    return _LinearSignedLoss.apply(  # type: ignore[no-untyped-call, no-any-return]
        hidden, weight, labels, weights, q, bias, softcap, scale, into, together, learns
    )


class _LinearSignedLoss(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        hidden: Tensor,
        weight: Tensor,
        labels: Tensor,
        weights: Tensor,
        q: float,
        bias: Tensor | None,
        softcap: float | None,
        scale: float,
        into: Tensor | None,
        together: int,
        learns: bool,
    ) -> tuple[Tensor, Tensor]:
        features = hidden.to(products.product_type(hidden))
        d = features.new_empty(len(labels), dtype=products.sum_type(features))
        loss, how = d.new_zeros(()), Logits(bias, softcap, scale)
        to_hidden, to_weight, to_bias = (learns and ctx.needs_input_grad[place] for place in (0, 1, 5))
        of_hidden = torch.empty_like(hidden) if to_hidden else None
        of_weight = (torch.empty_like(weight) if into is None else into) if to_weight else None
        of_bias = torch.zeros_like(bias) if bias is not None and to_bias else None
        add = into is not None
        for rows in _parts(len(labels), together):
            part = features[rows]
            tiled = products.tiles_of(part, labels[rows], len(weight), keep=learns)
            d[rows], log_rest, kept = products.forward(part, weight, tiled, how, keep=learns)
            of_part, gradient = _with_gradient(d[rows], weights[rows], q)
            loss += of_part
            if not learns:
                continue
            of_rows = torch.zeros_like(part, dtype=d.dtype) if to_hidden else None
            sums = products.Sums(of_rows, of_weight, of_bias, add)
            products.backward(part, weight, tiled, how, log_rest, kept, gradient, sums)
            if of_hidden is not None and of_rows is not None:
                of_hidden[rows] = of_rows
            add = True
        ctx.save_for_backward(of_hidden, of_weight if into is None else None, of_bias)
        ctx.added = to_weight and into is not None
        ctx.mark_non_differentiable(d)
        return loss, d

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor, _: Tensor) -> tuple[Tensor | None, ...]:
        one = upstream.device.type == "cpu" and upstream == 1  # a GPU would be waited for
        if ctx.added:
            wrong = (upstream - 1).abs() > _NEAR
            torch._assert_async(~wrong, "with `into`, the gradient of the loss must be 1")
        of_hidden, of_weight, of_bias = (
            found if found is None or one else found.mul_(upstream) for found in ctx.saved_tensors
        )
        return of_hidden, of_weight, None, None, None, of_bias, None, None, None, None, None


def _parts(tokens: int, together: int) -> list[slice]:
    """Parts of about equal size; at least one, which may be empty."""
    parts = max(-(-tokens // together), 1)
    size = -(-tokens // parts)
    return [slice(n * size, min((n + 1) * size, tokens)) for n in range(parts)]


def _with_gradient(d: Tensor, weights: Tensor, q: float) -> tuple[Tensor, Tensor]:
    """The signed loss of some tokens, and its gradient with regard to their log-odds."""
    with torch.enable_grad():
        known = d.detach().requires_grad_()
        loss = signed_loss(known, weights, q)
        [gradient] = torch.autograd.grad(loss, known)
    return loss.detach(), gradient
