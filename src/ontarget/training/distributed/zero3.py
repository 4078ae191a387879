"""Gathers and loads the optimizer state of a model under DeepSpeed's ZeRO-3, in the usual format.

ZeRO-3 stores trainable parameters in flat tensors. For each group of parameters a process has one flat fp32
tensor with its shards of all parameters in order. The moments have the same shape.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import Tensor, distributed


def optimizer_state(zero: Any, *, first: bool) -> dict[str, Any]:
    """The `optimizer.state_dict()` of the whole model; all processes must call it, the first gets the result.

    Args:
        zero: DeepSpeed's optimizer, which wraps PyTorch's.
    """
    from deepspeed.utils import safe_get_full_optimizer_state

    state: dict[int, Any] = {}
    groups: list[dict[str, Any]] = [{**group, "params": []} for group in zero.optimizer.param_groups]
    for number, (group, flat, weight) in enumerate(_learning(zero)):
        groups[group]["params"].append(number)
        for key, value in zero.optimizer.state[flat].items():
            whole = safe_get_full_optimizer_state(weight, key) if value.ndim else value
            if first:
                state.setdefault(number, {})[key] = whole.cpu().clone()  # the step is one for all
    return {"state": state, "param_groups": groups}


def load(zero: Any, names: dict[int, str], folder: Path, optimizer: dict[str, Any]) -> None:
    """Loads a checkpoint; every process takes its shard.

    Args:
        zero: DeepSpeed's optimizer, which wraps PyTorch's.
        names: id of a parameter -> its name in the checkpoint.
        folder: the folder with the parameters.
        optimizer: the whole state of PyTorch's optimizer.
    """
    files: list[Any] = [safe_open(path, framework="pt") for path in folder.glob("*.safetensors")]
    file_of = {name: file for file in files for name in file.keys()}  # noqa: SIM118
    begun: dict[int, int] = {}  # start of the next shard in each flat tensor
    zero.checkpoint_event_prologue()  # small parameters are sharded, too, until the epilogue
    for number, (_, flat, weight) in enumerate(_learning(zero)):
        name = names[id(weight)]
        part = _part(file_of[name].get_tensor(name), weight)
        start = begun.get(id(flat), 0)
        begun[id(flat)] = start + len(part)
        flat.data[start : start + len(part)] = part
        weight.ds_tensor.data.copy_(part)
        held = zero.optimizer.state[flat]
        for key, value in optimizer["state"][number].items():
            if not value.ndim:
                held[key] = value.to(flat.device, copy=True)  # where the fused AdamW looks for its step
                continue
            if key not in held:
                held[key] = torch.zeros_like(flat)
            held[key][start : start + len(part)] = _part(value, weight)
    zero.checkpoint_event_epilogue()
    for ours, saved in zip(zero.optimizer.param_groups, optimizer["param_groups"], strict=True):
        ours |= {key: value for key, value in saved.items() if key != "params"}


def _learning(zero: Any) -> Iterator[tuple[int, Tensor, Any]]:
    """For each parameter in the optimizer's order: its group, its flat tensor, and the parameter."""
    flats = zip(zero.fp32_partitioned_groups_flat, zero.fp16_groups, strict=True)
    for number, (flat, weights) in enumerate(flats):
        for weight in weights:
            yield zero.sub_group_to_group_id[number], flat, weight


def _part(value: Tensor, weight: Any) -> Tensor:
    """The shard of this process; all have the same length, and the last one is padded with zeros."""
    length = weight.ds_tensor.numel()
    start = distributed.get_rank() * length
    part = value.flatten()[start : start + length]
    return torch.nn.functional.pad(part, (0, length - len(part))).to(weight.ds_tensor.device)
