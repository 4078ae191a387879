"""The precision in which a stage saves its model: by default that of the model it started from.

Trainable weights are in fp32 during training (see adapters.py). A bf16 model that is saved in fp32 would take
twice the disk space. But bf16 numbers are 2^-8 apart, relative to their size: if a stage moves most weights
by less than half of that, rounding puts them back to where they were, and the stage is lost. That is measured
before saving.
"""

import json
import logging
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from ontarget.checkpoints import load
from ontarget.checkpoints.files import weight_files
from ontarget.errors import UserError
from ontarget.files import whole_file, write_json
from ontarget.model_place import locate
from ontarget.settings.tuning import Tuning
from ontarget.training.new_model import NewModel

_NAMED = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
_INDEX = "model.safetensors.index.json"
_MOST = 0.5  # of the update; normal stages lose a few per cent, those that are lost nearly all
_LOG = logging.getLogger(__name__)


def saved_dtype(start: str | Path | NewModel, tuning: Tuning, trust_remote_code: bool) -> torch.dtype:
    """The dtype of saved weights; fp32 for a new model, and if the start does not name its dtype."""
    if tuning.save_precision != "auto":
        return _NAMED[tuning.save_precision]
    if isinstance(start, NewModel):
        return torch.float32
    config = load.load_config(locate(start), trust_remote_code=trust_remote_code)
    found = config.dtype or config.get_text_config(decoder=True).dtype
    return found if found in _NAMED.values() else torch.float32


def convert_unless_lost(
    folder: Path, start: str | Path | NewModel, dtype: torch.dtype, tuning: Tuning
) -> None:
    """Converts a checkpoint from fp32, unless rounding would undo what the stage changed.

    With `save_precision: auto` such a checkpoint stays in fp32; with a precision that the user chose it is
    converted all the same. Both are logged.

    Args:
        folder: the checkpoint, in fp32.
        start: the model that the stage started from.
        dtype: of the saved weights.
        tuning: names the precision.
    """
    lost = rounding_error(folder, start, dtype)
    if lost <= _MOST:
        return convert(folder, dtype)
    name, part = str(dtype).removeprefix("torch."), f"{100 * lost:.0f} %"
    if tuning.save_precision == "auto":
        _LOG.warning(
            "the model is saved in fp32: rounding to %s would undo %s of what this stage changed", name, part
        )
    else:
        _LOG.warning(
            "rounding to %s undid %s of what this stage changed; use save_precision: fp32", name, part
        )
        convert(folder, dtype)


def rounding_error(folder: Path, start: str | Path | NewModel, dtype: torch.dtype) -> float:
    """How far rounding moves weights, relative to how far the stage moved them: |round(w) - w| / |w - w0|.

    0 means that nothing is lost, 1 that the stage is. It is 0 for fp32, for weights that did not change, and
    where the weights before the stage cannot be read.

    Args:
        folder: a checkpoint in fp32.
        start: the model that the stage started from, whose weights are w0.
        dtype: to round to.
    """
    before = {} if dtype == torch.float32 or isinstance(start, NewModel) else _weights(start)
    moved = rounded = 0.0
    for file in sorted(folder.glob("*.safetensors")) if before else ():
        for name, weight in load_file(file).items():
            if name in before:
                with safe_open(before[name], "pt") as tensors:
                    start_weight = tensors.get_tensor(name)
                if start_weight.shape == weight.shape:
                    moved += float((weight - start_weight.float()).double().square().sum())
                    rounded += float((weight.to(dtype).float() - weight).double().square().sum())
    return math.sqrt(rounded / moved) if moved else 0.0


def _weights(start: str | Path) -> dict[str, Path]:
    """Name of each tensor of a model -> its file; empty if they cannot be read.

    The stage is trained by now: a model that was moved meanwhile must not keep it from being saved.
    """
    names: dict[str, Path] = {}
    try:
        place = locate(start)
        if isinstance(place, str):
            from huggingface_hub import snapshot_download

            place = Path(snapshot_download(place, local_files_only=True))
        for file in weight_files(place):
            with safe_open(file, "pt") as tensors:
                names |= dict.fromkeys(tensors.keys(), file)
    except (OSError, ValueError, UserError):
        return {}
    return names


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
