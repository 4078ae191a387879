"""Gathers the parameters and optimizer state of a sharded model, for checkpoints in the usual format.

So under FSDP a stage can resume with another number of processes, or with another `tuning.parallel`.
"""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, distributed, nn
from torch.distributed.checkpoint.state_dict import (
    StateDictOptions,
    get_optimizer_state_dict,
    set_model_state_dict,
    set_optimizer_state_dict,
)
from torch.distributed.tensor import DTensor

_GATHER = StateDictOptions(full_state_dict=True, cpu_offload=True)
_SCATTER = StateDictOptions(full_state_dict=True, broadcast_from_rank0=True)


def learnt(model: nn.Module) -> dict[str, Tensor]:
    """The trainable parameters by name, whole, on the CPU, in the optimizer's precision (fp32).

    All processes must call it. If the model is sharded, only the first process gets a result.
    """
    whole = {}
    first = not distributed.is_initialized() or distributed.get_rank() == 0
    for name, weight in model.named_parameters():
        if weight.requires_grad:
            value = _whole(weight).detach()
            if first:
                whole[_plain(name)] = value.cpu().clone()
    return whole


def optimizer_state(model: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    """The `optimizer.state_dict()` of the whole model, gathered on the first process.

    All processes must call it; the others get an empty result.
    """
    named: Any = get_optimizer_state_dict(model, optimizer, options=_GATHER)
    if not named:
        return {}
    state: dict[int, Any] = {}
    groups: list[dict[str, Any]] = []
    numbers = count()
    for group in named["param_groups"]:
        members = {next(numbers): name for name in group["params"]}
        state |= {number: named["state"][name] for number, name in members.items() if name in named["state"]}
        groups.append({**group, "params": list(members)})
    return {"state": state, "param_groups": groups}


def load_optimizer_state(
    model: nn.Module, optimizer: torch.optim.Optimizer, state: dict[str, Any] | None
) -> None:
    """Loads the state that the first process read; every process takes its shard."""
    named: dict[str, Any] = {}
    if state is not None:
        name_of = {id(parameter): _plain(name) for name, parameter in model.named_parameters()}
        names = [[name_of[id(p)] for p in group["params"]] for group in optimizer.param_groups]
        flat: Iterator[str] = (name for group in names for name in group)
        named["state"] = {name: state["state"][n] for n, name in enumerate(flat) if n in state["state"]}
        named["param_groups"] = [
            {**group, "params": of_group}
            for group, of_group in zip(state["param_groups"], names, strict=True)
        ]
    set_optimizer_state_dict(model, optimizer, named, options=_SCATTER)


def load_parameters(model: nn.Module, folder: Path, *, first: bool) -> None:
    """Loads the parameters that the first process reads; every process takes its shard."""
    weights: dict[str, Any] = {}
    if first:
        for file in sorted(folder.glob("*.safetensors")):
            weights |= load_file(file)
        names = {_in_file(name): name for name in map(_plain, dict(model.named_parameters()))}
        weights = {names.get(name, name): weight for name, weight in weights.items()}
    set_model_state_dict(
        model,
        weights,
        options=StateDictOptions(full_state_dict=True, broadcast_from_rank0=True, strict=False),
    )


def names_in_file(model: nn.Module) -> dict[int, str]:
    """id of a parameter -> its name in a saved file, where PEFT leaves out the adapter's name."""
    return {id(weight): _in_file(_plain(name)) for name, weight in model.named_parameters()}


def _whole(weight: Tensor) -> Tensor:
    whole = weight
    if isinstance(weight, DTensor):
        whole = weight.full_tensor()
    elif hasattr(weight, "ds_id"):  # a parameter of ZeRO-3
        from deepspeed.utils import safe_get_full_fp32_param

        whole = safe_get_full_fp32_param(weight)
    return whole


def _in_file(name: str) -> str:
    return name.replace(".default.", ".")


def _plain(name: str) -> str:
    """A parameter's name without the wrappers of activation checkpointing and torch.compile."""
    return name.replace("_checkpoint_wrapped_module.", "").replace("_orig_mod.", "")
