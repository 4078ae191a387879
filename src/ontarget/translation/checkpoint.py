"""Models and tokenizers from disk, or by name from the Hugging Face hub."""

from pathlib import Path
from typing import Literal, cast

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerFast

from ontarget.errors import UserError
from ontarget.hardware import device, keep_freed_memory, prefers_bf16
from ontarget.model_place import load_said, locate

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
    place = locate(model)
    if isinstance(place, Path):
        _check_directory(place)
    keep_freed_memory()
    on_gpu = device().type == "cuda"
    bf16 = precision == "bf16" or (precision == "auto" and on_gpu and prefers_bf16())
    with load_said(place):
        tokenizer = AutoTokenizer.from_pretrained(place, trust_remote_code=trust_remote_code)
        loaded = AutoModelForCausalLM.from_pretrained(
            place,
            dtype=torch.bfloat16 if bf16 else torch.float32,
            use_safetensors=True,
            trust_remote_code=trust_remote_code,
        )
    return loaded.to(device()).eval(), cast(PreTrainedTokenizerFast, tokenizer)


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
