"""The precision in which a stage saves its model: by default that of the model it started from.

Trainable weights are in fp32 during training (see adapters.py). A bf16 model that is saved in fp32 would take
twice the disk space.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from ontarget.checkpoints import load
from ontarget.files import whole_file, write_json
from ontarget.model_place import locate
from ontarget.settings.tuning import Tuning
from ontarget.training.new_model import NewModel

_NAMED = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
_INDEX = "model.safetensors.index.json"


def saved_dtype(start: str | Path | NewModel, tuning: Tuning, trust_remote_code: bool) -> torch.dtype:
    """The dtype of saved weights; fp32 for a new model, and if the start does not name its dtype."""
    if tuning.save_precision != "auto":
        return _NAMED[tuning.save_precision]
    if isinstance(start, NewModel):
        return torch.float32
    config = load.load_config(locate(start), trust_remote_code=trust_remote_code)
    found = config.dtype or config.get_text_config(decoder=True).dtype
    return found if found in _NAMED.values() else torch.float32


def convert(folder: Path, dtype: torch.dtype) -> None:
    """Converts a checkpoint from fp32, a file at a time: weights, index and configuration."""
    if dtype == torch.float32:
        return
    size = 0
    for file in sorted(folder.glob("*.safetensors")):
        weights = {
            name: weight.to(dtype) if weight.dtype == torch.float32 else weight
            for name, weight in load_file(file).items()
        }
        with whole_file(file) as temporary:
            save_file(weights, temporary, metadata={"format": "pt"})
        size += sum(weight.nbytes for weight in weights.values())
    if (index := folder / _INDEX).exists():
        listed = json.loads(index.read_text(encoding="utf-8"))
        listed["metadata"]["total_size"] = size
        write_json(index, listed)
    config = folder / "config.json"
    name = str(dtype).removeprefix("torch.")
    write_json(config, _with_dtype(json.loads(config.read_text(encoding="utf-8")), name))


def _with_dtype(config: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A configuration, and those of its parts, with another `dtype`."""
    changed: dict[str, Any] = {}
    for key, value in config.items():
        if isinstance(value, Mapping):
            changed[key] = _with_dtype(value, name)
        else:
            changed[key] = name if key == "dtype" and value == "float32" else value
    return changed
