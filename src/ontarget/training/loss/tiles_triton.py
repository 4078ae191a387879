"""`tiles.py` for GPUs: each function passes over its tile once, and the CPU never waits for the GPU.

There is one program for each row. Products may be fp32 or half precision; all arithmetic is fp32.
"""

from typing import Any

import torch
import triton
import triton.language as tl
from torch import Tensor

from ontarget.training.loss.tiles import Logits

Places = tuple[Tensor, int]  # the labels, [tokens], and the first column of the tile
_BLOCK = 4096  # columns in registers at once


def places(labels: Tensor, starts: list[int], vocabulary: int) -> list[Places]:
    """As `tiles.places`, but a label outside of the vocabulary is a later CUDA error."""
    inside = ((labels >= 0) & (labels < vocabulary)).all()
    torch._assert_async(inside, f"labels must be in [0, {vocabulary})")
    return [(labels.contiguous(), start) for start in starts]


def add(
    product: Tensor, columns: slice, at_label: Places, how: Logits, of_label: Tensor, log_rest: Tensor
) -> None:
    """As `tiles.add`."""
    if len(product):
        _add[(len(product),)](product, of_label, log_rest, **_arguments(product, columns, at_label, how))


def step(
    product: Tensor,
    columns: slice,
    at_label: Places,
    how: Logits,
    log_rest: Tensor,
    gradient: Tensor,
    dtype: torch.dtype,
) -> Tensor:
    """As `tiles.step`."""
    result = torch.empty_like(product, dtype=dtype)
    if len(product):
        arguments = _arguments(product, columns, at_label, how)
        _step[(len(product),)](product, result, log_rest, gradient.contiguous(), **arguments)
    return result


def _arguments(product: Tensor, columns: slice, at_label: Places, how: Logits) -> dict[str, Any]:
    labels, start = at_label
    block = min(_BLOCK, triton.next_power_of_2(product.shape[1]))
    return {
        "labels": labels,
        "start": start,
        "width": product.shape[1],
        # An unused argument needs an address, too.
        "bias": product if how.bias is None else how.bias[columns].contiguous(),
        "scale": float(how.scale),
        "softcap": float(how.softcap or 1),
        "biased": how.bias is not None,
        "capped": bool(how.softcap),
        "block": block,
        "num_warps": max(1, min(8, block // 256)),
    }


@triton.jit
def _tanh_and_slope(x):  # type: ignore[no-untyped-def]
    e = tl.exp(-2 * tl.abs(x))
    size = (1 - e) / (1 + e)
    return tl.where(x < 0, -size, size), 4 * e / ((1 + e) * (1 + e))


@triton.jit  # type: ignore[untyped-decorator]
def _logits(product, bias, at, inside, scale, softcap, biased: tl.constexpr, capped: tl.constexpr):  # type: ignore[no-untyped-def]
    """Logits of a block, and their slope with regard to the products; -inf outside of the tile."""
    z = tl.load(product + at, mask=inside, other=0.0).to(tl.float32)
    if biased:
        z += tl.load(bias + at, mask=inside, other=0.0).to(tl.float32)
    z *= scale
    slope = tl.full(z.shape, 1.0, tl.float32) * scale
    if capped:
        tanh, of_tanh = _tanh_and_slope(z / softcap)
        z = softcap * tanh
        slope *= of_tanh
    return tl.where(inside, z, -float("inf")), slope


@triton.jit  # type: ignore[untyped-decorator]
def _add(  # type: ignore[no-untyped-def]
    product,
    of_label,
    log_rest,
    labels,
    start,
    width,
    bias,
    scale,
    softcap,
    biased: tl.constexpr,
    capped: tl.constexpr,
    block: tl.constexpr,
):
    row = tl.program_id(0).to(tl.int64)
    label = tl.load(labels + row) - start
    largest = tl.load(log_rest + row)
    total = tl.where(largest == -float("inf"), 0.0, 1.0)  # the sum is total * exp(largest)
    for first in range(0, width, block):
        at = first + tl.arange(0, block)
        z, _ = _logits(product + row * width, bias, at, at < width, scale, softcap, biased, capped)
        rest = tl.where(at == label, -float("inf"), z)  # left out before the sum, as in tiles.py
        new = tl.maximum(largest, tl.max(rest, 0))
        zero = tl.where(new == -float("inf"), 0.0, new)  # -inf - -inf is NaN
        total = total * tl.exp(largest - zero) + tl.sum(tl.exp(rest - zero), 0)
        largest = new
        if (label >= first) & (label < first + block) & (label < width):
            tl.store(of_label + row, tl.sum(tl.where(at == label, z, 0.0), 0))
    tl.store(log_rest + row, tl.where(total > 0, largest + tl.log(total), -float("inf")))


@triton.jit  # type: ignore[untyped-decorator]
def _step(  # type: ignore[no-untyped-def]
    product,
    result,
    log_rest,
    gradient,
    labels,
    start,
    width,
    bias,
    scale,
    softcap,
    biased: tl.constexpr,
    capped: tl.constexpr,
    block: tl.constexpr,
):
    row = tl.program_id(0).to(tl.int64)
    label = tl.load(labels + row) - start
    rest = tl.load(log_rest + row)
    of_row = tl.load(gradient + row).to(tl.float32)
    for first in range(0, width, block):
        at = first + tl.arange(0, block)
        inside = at < width
        z, slope = _logits(product + row * width, bias, at, inside, scale, softcap, biased, capped)
        off_label = -tl.exp(z - rest)
        value = of_row * slope * tl.where(at == label, 1.0, off_label)
        tl.store(result + row * width + at, value.to(result.dtype.element_ty), mask=inside)
