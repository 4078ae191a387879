"""A model that DeepSpeed's ZeRO-3 holds in parts: its checkpoints in the form of all others.

What learns is flat there: of each group of parameters a process has one stretch in fp32, in which its part of
every one follows that of the one before, and the moments are of that shape, too.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import Tensor, distributed


def optimizer_state(zero: Any, *, first: bool) -> dict[str, Any]:
    """What `optimizer.state_dict()` of the whole model is; all processes call it, the first gets it.

    Args:
        zero: DeepSpeed's optimiser, around PyTorch's.
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
    """Every process takes its part of a checkpoint.

    Args:
        zero: DeepSpeed's optimiser, around PyTorch's.
        names: id of a parameter -> its name in the checkpoint.
        folder: where the parameters are.
        optimizer: the state of PyTorch's optimiser, whole.
    """
    files: list[Any] = [safe_open(path, framework="pt") for path in folder.glob("*.safetensors")]
    file_of = {name: file for file in files for name in file.keys()}  # noqa: SIM118
    begun: dict[int, int] = {}  # where in each flat stretch the next part begins
    zero.checkpoint_event_prologue()  # small parameters, too, are in parts in between
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
    """Of each parameter, in the optimiser's order: its group, the flat stretch it is in, and itself."""
    flats = zip(zero.fp32_partitioned_groups_flat, zero.fp16_groups, strict=True)
    for number, (flat, weights) in enumerate(flats):
        for weight in weights:
            yield zero.sub_group_to_group_id[number], flat, weight


def _part(value: Tensor, weight: Any) -> Tensor:
    """That of this process: all are as long, and the last one's is made up with zeros."""
    length = weight.ds_tensor.numel()
    start = distributed.get_rank() * length
    part = value.flatten()[start : start + length]
    return torch.nn.functional.pad(part, (0, length - len(part))).to(weight.ds_tensor.device)
