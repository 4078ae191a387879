"""Loads models and tokenizers for inference, from disk or from the Hugging Face Hub."""

from pathlib import Path

import torch
from transformers import PreTrainedModel, PreTrainedTokenizerFast

from ontarget.checkpoints import load
from ontarget.checkpoints.messages import warn_once
from ontarget.checkpoints.vocabulary import check_vocabulary
from ontarget.hardware import device, keep_freed_memory, multiplies_bf16, prefers_bf16
from ontarget.model_place import locate
from ontarget.settings.decoding import Precision


def load_checkpoint(
    model: str | Path, *, trust_remote_code: bool = False, precision: Precision = "auto"
) -> tuple[PreTrainedModel, PreTrainedTokenizerFast]:
    """A causal LM, ready for inference on the GPU if there is one, and its tokenizer.

    Args:
        model: a directory of safetensors, or a name on the Hub (`meta-llama/Llama-2-7b-hf`).
        trust_remote_code: whether code that comes with the model may run.
        precision: see `in_bf16`.
    Raises:
        UserError: the model does not exist, is damaged, or is of a kind that ontarget cannot use.
    """
    place = locate(model)
    load.load_config(place, trust_remote_code=trust_remote_code)  # the model first: its errors say more
    tokenizer: PreTrainedTokenizerFast = load.load_tokenizer(place, trust_remote_code=trust_remote_code)
    if isinstance(place, Path):
        load.check_weights(place)  # before gigabytes of them are read
    keep_freed_memory()
    bf16 = in_bf16(precision)
    if precision == "bf16" and not bf16:
        warn_once("this processor has no instructions for bf16; decoding in fp32, which is much faster here")
    loaded: PreTrainedModel = load.load_model(
        place, trust_remote_code=trust_remote_code, dtype=torch.bfloat16 if bf16 else torch.float32
    )
    check_vocabulary(tokenizer, loaded.get_input_embeddings().num_embeddings, str(model))
    return loaded.to(device()).eval(), tokenizer


def in_bf16(precision: Precision) -> bool:
    """Whether a model decodes in bf16 on this machine, or in fp32.

    `auto` is bf16 on a GPU and fp32 on a CPU. On a CPU with AMX or AVX512-BF16, bf16 is 1.4 times as fast or
    more, but then the choice between nearly equal words depends on the rest of the batch: in batches of 16 in
    place of 64, 66 of 160 greedy translations of a 135M model differed, and none in fp32 (SmolLM2 tuned on
    4,800 captions, English to German; benchmarks/precision.py). A CPU without instructions for bf16 decodes
    in fp32 in any case: emulated products take up to eleven times as long.
    """
    if device().type == "cuda":
        return precision == "bf16" or (precision == "auto" and prefers_bf16())
    return precision == "bf16" and multiplies_bf16()
