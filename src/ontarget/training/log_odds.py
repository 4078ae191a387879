"""Log-odds of each label: the one number per token that likelihood and unlikelihood are functions of."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

_ROWS = 256  # tokens in fp32 at once: the working copy stays in the processor's cache


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
    """d = z_y - logsumexp over v != y of z_v.

    This is log p/(1-p) of the label, finite however sure the model is.

    Gradient: dd/dz = onehot_y - softmax over v != y. Both are computed in fp32, whatever the logits are.

    Args:
        logits: z, [tokens, vocabulary], any float type.
        labels: y, [tokens], int64, each in [0, vocabulary).
    Returns:
        d, [tokens], fp32, nats.
    Raises:
        ValueError: the shapes do not belong together (both are printed).
    """
    if logits.ndim != 2 or labels.shape != logits.shape[:1]:
        raise ValueError(
            "logits must be [tokens, vocabulary] and labels [tokens]: "
            f"{list(logits.shape)}, {list(labels.shape)}"
        )
    return _LogOdds.apply(logits, labels)  # type: ignore[no-untyped-call, no-any-return]
