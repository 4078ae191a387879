"""Checks what a stage's settings need before time is spent: packages, GPUs, and positions of the model."""

import os
from importlib.util import find_spec
from shutil import which
from typing import Any

import torch

from ontarget.errors import UserError
from ontarget.hardware import has_gpu
from ontarget.settings.tuning import Tuning


def require_available(tuning: Tuning, where: str) -> None:
    """Checks that packages, GPU and compiler are there.

    Args:
        tuning: the settings.
        where: the block's path in the recipe, such as `stages.mt.tuning`.
    Raises:
        UserError: something is missing; the message names the key that needs it, and the remedy.
    """
    # On a CPU, bitsandbytes repacks weights for inference in the first forward pass, permanently. Gradients
    # through the repacked weights would be wrong.
    if tuning.quantization and not has_gpu():
        raise UserError(f"{where}.quantization needs a GPU, but this machine has none; use `lora` without it")
    if tuning.compile and not has_gpu() and which(compiler := os.environ.get("CXX", "g++")) is None:
        raise UserError(
            f"{where}.compile needs a C++ compiler, and there is no {compiler} here: leave it out"
        )
    needed: list[tuple[str, str, str]] = [
        (f"tracking: {name}", name, "tracking") for name in tuning.tracking or ()
    ]
    if tuning.quantization:
        needed.append((f"quantization: {tuning.quantization}", "bitsandbytes", "qlora"))
    if tuning.optim == "adamw_bnb_8bit":
        needed.append((f"optim: {tuning.optim}", "bitsandbytes", "qlora"))
    if tuning.lora:
        needed.append(("lora", "peft", "train"))
    for key, package, extra in needed:
        if find_spec(package) is None:
            raise UserError(f"{where}.{key} needs {package}: pip install 'ontarget[{extra}]'")


def require_whole(tuning: Tuning, processes: int, evaluated: bool) -> None:
    """Checks that each process has the whole model if the settings need it.

    4-bit weights and 8-bit optimizer states cannot be split, and evaluation needs the whole model.

    Args:
        tuning: the settings.
        processes: the number of processes.
        evaluated: whether the stage is evaluated while it trains.
    Raises:
        UserError: the processes hold parts of the model.
    """
    whole = (
        ("tuning.quantization", tuning.quantization),
        ("tuning.optim=adamw_bnb_8bit", tuning.optim == "adamw_bnb_8bit"),
        ("evaluation", evaluated),
    )
    for what, wanted in whole:
        if wanted and processes > 1 and tuning.parallel != "ddp":
            raise UserError(
                f"{what} needs the whole model in each process, and tuning.parallel={tuning.parallel} splits "
                "it: use ddp, or leave one of them out"
            )


def require_positions(model: Any, tuning: Tuning, where: str = "tuning") -> None:
    """Checks that a model with a table of learned positions has enough of them.

    Args:
        model: with its weights, or on PyTorch's device `meta`.
        tuning: the settings, with the maximum length of samples.
        where: the block's path in the recipe, such as `stages.mt.tuning`.
    Raises:
        UserError: samples may be longer than the table.
    """
    window = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    words = model.get_input_embeddings()
    if window is None:
        return
    tables = [layer for layer in model.modules() if isinstance(layer, torch.nn.Embedding)]
    learnt = any(  # OPT's table has two more rows, which are not positions
        layer is not words and window <= layer.num_embeddings <= window + 2 for layer in tables
    )
    if learnt and tuning.max_length > window:
        raise UserError(
            f"{where}.max_length is {tuning.max_length}, but the model has only {window} learned positions; "
            f"set it to {window} or less"
        )
