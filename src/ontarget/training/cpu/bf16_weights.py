"""bf16 copies that replace a model's fp32 weights while a step is computed by one process, on a CPU or GPU.

Autocast converts only the inputs of matrix products. Norms and the residual stream stay in fp32 if the
weights are in fp32. With bf16 copies the whole model computes in bf16, as under DeepSpeed. The gradient of
each copy is added to the fp32 gradient of its weight as soon as it is computed.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn


class Bf16Weights:
    """Copies of all fp32 weights, except input embeddings and output layer, which are not read as a whole."""

    def __init__(self, model: Any, head: nn.Module) -> None:
        self._embeddings: nn.Module = model.get_input_embeddings()
        apart = {*self._embeddings.parameters(), *head.parameters()}
        apart |= {weight for name, weight in model.named_parameters() if _stays(model, name)}
        self._copies = {
            weight: nn.Parameter(weight.detach().bfloat16(), weight.requires_grad)
            for weight in model.parameters()
            if weight.dtype == torch.float32 and weight not in apart
        }
        self._places = [
            (module, name, weight)
            for module in model.modules()
            for name, weight in module.named_parameters(recurse=False)
            if weight in self._copies
        ]
        self._norms = [module for module in model.modules() if isinstance(module, nn.LayerNorm)]
        for weight, copy in self._copies.items():
            if weight.requires_grad:
                copy.register_post_accumulate_grad_hook(partial(_hand_over, weight))  # type: ignore[no-untyped-call]

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Within this context the model computes with copies of its current weights."""
        with torch.no_grad():
            for weight, copy in self._copies.items():
                copy.copy_(weight)
        with ExitStack() as after:
            after.callback(self._put, {weight: weight for weight in self._copies})
            after.callback(self._embeddings.register_forward_hook(_in_bf16).remove)
            for norm in self._norms:
                after.callback(norm.register_forward_pre_hook(_in_its_own).remove)
            self._put(self._copies)
            yield

    def _put(self, weights: Mapping[nn.Parameter, nn.Parameter]) -> None:
        for module, name, weight in self._places:
            setattr(module, name, weights[weight])


def _stays(model: Any, name: str) -> bool:
    """Whether a model needs a weight in fp32 even if all others are in bf16."""
    lists = (model._keep_in_fp32_modules, model._keep_in_fp32_modules_strict)
    return any(part in name for parts in lists for part in parts or ())


def _hand_over(weight: nn.Parameter, copy: Tensor) -> None:
    assert copy.grad is not None
    if weight.grad is None:
        weight.grad = copy.grad.float()
    else:
        weight.grad += copy.grad
    copy.grad = None


def _in_its_own(norm: nn.Module, given: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Casts the input of a norm to its type: sinusoidal positions (XGLM) are always fp32."""
    dtype = next((weight.dtype for weight in norm.parameters()), None)
    return given if dtype is None else (given[0].to(dtype), *given[1:])


def _in_bf16(embeddings: nn.Module, ids: Any, found: Tensor) -> Tensor:
    return found.bfloat16() if found.dtype == torch.float32 else found
