"""bf16 copies that stand in for a model's fp32 weights while a step is computed, on a CPU.

Autocast casts what matrix products take. All between them is in fp32 for as long as weights are: norms, and
what runs from layer to layer. With copies in place of weights the model is one in bf16, as under DeepSpeed.
Gradients are added up in fp32, where the optimiser finds them, as soon as a copy has its own.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn


class Copies:
    """Of all fp32 weights but those of the input embeddings and the head, which are not read as a whole."""

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
        """In here the model computes with copies of its weights as they are now."""
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
    """Whether a model wants a weight in fp32 even where all others are in bf16."""
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
    """Sinusoidal positions (XGLM) are fp32 in any model, which PyTorch's LayerNorm in bf16 does not take."""
    dtype = next((weight.dtype for weight in norm.parameters()), None)
    return given if dtype is None else (given[0].to(dtype), *given[1:])


def _in_bf16(embeddings: nn.Module, ids: Any, found: Tensor) -> Tensor:
    return found.bfloat16() if found.dtype == torch.float32 else found
