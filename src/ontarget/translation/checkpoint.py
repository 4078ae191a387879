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
        precision: `auto` is bf16 on a GPU and fp32 on a CPU. On a CPU with AVX512-BF16, bf16 is 1.4 times as
            fast, but then the choice between nearly equal words depends on the rest of the batch: in batches
            of 16 in place of 64, 66 of 160 greedy translations of a 135M model differed, and none in fp32
            (SmolLM2 tuned on 4,800 captions, English to German; benchmarks/precision.py). A CPU without
            instructions for bf16 takes several times as long as in fp32, so there a warning names fp32.
    Raises:
        UserError: the model does not exist, is damaged, or is of a kind that ontarget cannot use.
    """
    place = locate(model)
    load.load_config(place, trust_remote_code=trust_remote_code)  # the model first: its errors say more
    tokenizer: PreTrainedTokenizerFast = load.load_tokenizer(place, trust_remote_code=trust_remote_code)
    if isinstance(place, Path):
        load.check_weights(place)  # before gigabytes of them are read
    keep_freed_memory()
    on_gpu = device().type == "cuda"
    bf16 = precision == "bf16" or (precision == "auto" and on_gpu and prefers_bf16())
    if bf16 and not on_gpu and not multiplies_bf16():
        warn_once(
            "this processor has no instructions for bf16, so decoding is several times slower than in fp32: "
            "set --precision (in a recipe decoding.precision) to fp32"
        )
    loaded: PreTrainedModel = load.load_model(
        place, trust_remote_code=trust_remote_code, dtype=torch.bfloat16 if bf16 else torch.float32
    )
    check_vocabulary(tokenizer, loaded.get_input_embeddings().num_embeddings, str(model))
    return loaded.to(device()).eval(), tokenizer
