"""Models and tokenizers from disk, or by name from the Hugging Face hub."""

import re
from pathlib import Path
from typing import Literal, cast

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerFast

from ontarget.errors import UserError, nearest
from ontarget.hardware import device, keep_freed_memory, prefers_bf16

Precision = Literal["auto", "bf16", "fp32"]


def load_checkpoint(
    model: str | Path, *, trust_remote_code: bool = False, precision: Precision = "auto"
) -> tuple[PreTrainedModel, PreTrainedTokenizerFast]:
    """A causal LM, ready for inference on the GPU if there is one, and its tokenizer.

    Args:
        model: a directory of safetensors, or a name on the hub (`meta-llama/Llama-2-7b-hf`).
        trust_remote_code: whether code that comes with the model may run.
        precision: `auto` is bf16 on a GPU and fp32 on a processor: bf16 is 1.4 times as fast on one with
            AVX512-BF16, but there what else is in the batch decides between words that are nearly as good.
    Raises:
        UserError: there is no such model, or the directory holds none.
    """
    path = Path(model).expanduser()
    local = path.is_dir()
    if local:
        _check_directory(path)
    elif not _may_be_on_hub(model):
        raise UserError(_missing(path))
    keep_freed_memory()
    on_gpu = device().type == "cuda"
    bf16 = precision == "bf16" or (precision == "auto" and on_gpu and prefers_bf16())
    try:
        tokenizer = AutoTokenizer.from_pretrained(
            path if local else model, trust_remote_code=trust_remote_code
        )
        loaded = AutoModelForCausalLM.from_pretrained(
            path if local else model,
            dtype=torch.bfloat16 if bf16 else torch.float32,
            use_safetensors=True,
            trust_remote_code=trust_remote_code,
        )
    except (OSError, ValueError, KeyError) as error:
        if local:
            reason = str(error).strip().split("\n")[0]
            raise UserError(f"cannot load the model in '{path}': {reason}") from error
        raise UserError(
            f"{_missing(path)}, and no model of that name could be had from the Hugging Face hub"
        ) from error
    return loaded.to(device()).eval(), cast(PreTrainedTokenizerFast, tokenizer)


def _may_be_on_hub(model: str | Path) -> bool:
    """Whether it is written `owner/name`, as recipes write it too, and is no path of this machine.

    A bare word is a directory: looking for a misspelt one on the hub would take a minute without a network.
    """
    if isinstance(model, Path) or not re.fullmatch(r"\w[\w.-]*/[\w.-]+", model):
        return False
    return not Path(model).parent.is_dir()


def _check_directory(path: Path) -> None:
    names = sorted(file.name for file in path.iterdir())
    if "config.json" not in names:
        raise UserError(f"'{path}' holds no model: it has no config.json" + _models_below(path))
    if not any(name.endswith(".safetensors") for name in names):
        raise UserError(f"'{path}' has no *.safetensors; save the model with save_pretrained")


def _models_below(path: Path) -> str:
    below = sorted(
        str(config.parent) for pattern in ("*", "*/*") for config in path.glob(f"{pattern}/config.json")
    )
    return f"; there are models in {', '.join(below[:8])}" if below else ""


def _missing(path: Path) -> str:
    parent = path.parent
    known = [child.name for child in parent.iterdir() if child.is_dir()] if parent.is_dir() else []
    reason = "" if parent.is_dir() else f" ('{parent}' does not exist either)"
    return f"there is no model directory '{path}'{reason}{nearest(path.name, known)}"
