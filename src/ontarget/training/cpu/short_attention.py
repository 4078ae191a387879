"""Attention among few tokens in bf16 on a CPU: whole products in place of a flash kernel.

A flash kernel saves the memory of the probabilities. Rows of translations are so short that their
probabilities take no more memory than a copy of each key and value for every query head. With whole products,
heads that share keys are rows of one product, nothing is computed a second time in the backward pass, and all
products but the scores use the bf16 instructions. Scores and the softmax are fp32.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from ontarget.training.cpu.parts import parts_of_rows

LONGEST = 256  # keys of a row; beyond, probabilities would take more memory than the flash kernel needs
_SCORES = 1 << 20  # computed at once


def attend_short(query: Tensor, key: Tensor, value: Tensor, bias: Tensor | None, scale: float) -> Tensor:
    """Attention in which each key may serve several query heads, as in `scaled_dot_product_attention`.

    Args:
        query: [rows, heads, queries, features], bf16.
        key: [rows, key heads, keys, features], bf16; the key heads divide the heads.
        value: like the keys.
        bias: added to the scores: -inf at masked keys, [1 or rows, 1 or heads, queries, keys], fp32, or None.
        scale: factor of the scores.
    Returns:
        [rows, heads, queries, features], bf16, in memory with the heads behind the queries.
    """
    return _ShortAttention.apply(query, key, value, bias, scale)  # type: ignore[no-untyped-call, no-any-return]


class _ShortAttention(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, query: Tensor, key: Tensor, value: Tensor, bias: Tensor | None, scale: float
    ) -> Tensor:
        found = _heads_last(query)
        probabilities = query.new_empty((*query.shape[:3], key.shape[2]))
        for rows in parts_of_rows(probabilities, _SCORES):
            q = _by_key(query[rows], key).float().mul_(scale)
            scores = torch.bmm(q, key[rows].flatten(0, 1).float().mT).view_as(probabilities[rows])
            if bias is not None:
                scores += bias if len(bias) == 1 else bias[rows]
            probabilities[rows] = torch.softmax(scores, -1, out=scores)
            p = _by_key(probabilities[rows], key)
            found[rows] = torch.bmm(p, value[rows].flatten(0, 1)).view_as(found[rows])
        ctx.save_for_backward(query, key, value, probabilities)
        ctx.scale = scale
        return found

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        query, key, value, probabilities = ctx.saved_tensors
        to_query, to_key, to_value = _heads_last(query), _heads_last(key), _heads_last(value)
        for rows in parts_of_rows(probabilities, _SCORES):
            q, k, v = _by_key(query[rows], key), key[rows].flatten(0, 1), value[rows].flatten(0, 1)
            of_output, p = _by_key(gradient[rows], key), _by_key(probabilities[rows], key)
            to_value[rows] = torch.bmm(p.mT, of_output).view_as(value[rows])
            of_scores = torch._softmax_backward_data(torch.bmm(of_output, v.mT), p, -1, p.dtype)
            to_query[rows] = torch.bmm(of_scores, k).mul_(ctx.scale).view_as(query[rows])
            to_key[rows] = torch.bmm(of_scores.mT, q).mul_(ctx.scale).view_as(key[rows])
        return to_query, to_key, to_value, None, None


def causal_bias(tokens: int) -> Tensor:
    """-inf at later tokens, [1, 1, tokens, tokens], fp32."""
    return torch.full((1, 1, tokens, tokens), -torch.inf).triu_(1)


def _by_key(values: Tensor, key: Tensor) -> Tensor:
    """[rows x key heads, queries of all heads that share a key, features]."""
    return values.reshape(len(values) * key.shape[1], -1, values.shape[3])


def _heads_last(like: Tensor) -> Tensor:
    """An empty tensor in the layout of linear layers, which come before and after attention."""
    rows, heads, tokens, features = like.shape
    return like.new_empty((rows, tokens, heads, features)).transpose(1, 2)
