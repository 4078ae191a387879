"""The settings of several processes for a stage: each holds a copy of the model, or a part.

ddp    every process has the whole model, its gradient and the optimizer's state: fastest if they fit
fsdp   all three are sharded, by PyTorch's FSDP2: a layer is gathered when it is needed
zero3  the same by DeepSpeed, which is a separate package
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from ontarget.errors import UserError
from ontarget.settings.tuning import Tuning


def require(tuning: Tuning) -> None:
    """Checks that GPU and package for `tuning.parallel` are there, before the processes start.

    Raises:
        UserError: the GPU or the package is missing.
    """
    from ontarget.hardware import has_gpu

    if tuning.parallel != "ddp" and not has_gpu():
        raise UserError(f"tuning.parallel={tuning.parallel} needs GPUs, but this machine has none; use ddp")
    if tuning.parallel == "zero3" and find_spec("deepspeed") is None:
        raise UserError(
            "tuning.parallel=zero3 needs deepspeed, which is not installed: pip install deepspeed; "
            "fsdp does the same and needs nothing more"
        )


def arguments(tuning: Tuning, processes: int) -> dict[str, Any]:
    """Arguments of `TrainingArguments`; a single process holds the whole model."""
    if processes == 1 or tuning.parallel == "ddp":
        return {"ddp_find_unused_parameters": False}
    require(tuning)
    # Layer by layer: a model that is compiled as a whole has no hooks that gather its shards.
    os.environ["ACCELERATE_DYNAMO_USE_REGIONAL_COMPILATION"] = "true"
    if tuning.parallel == "fsdp":
        # Used while a model is loaded: only the first process reads the weights, the others get their shards.
        os.environ |= {"ACCELERATE_USE_FSDP": "true", "FSDP_CPU_RAM_EFFICIENT_LOADING": "true"}
        os.environ["FSDP_STATE_DICT_TYPE"] = "FULL_STATE_DICT"  # allows communication on the CPU, too
        settings = {"version": 2, "reshard_after_forward": True, "cpu_ram_efficient_loading": True}
        return {"fsdp": True, "fsdp_config": settings}
    return {"deepspeed": deepspeed_settings()}


def add_up_in_fp32(made: Any) -> None:
    """Sets `TrainingArguments` so that FSDP exchanges gradients in fp32 even if it computes in bf16."""
    if made.fsdp_plugin_args is not None and made.bf16:
        import torch
        from torch.distributed.fsdp import MixedPrecisionPolicy

        policy = MixedPrecisionPolicy(param_dtype=torch.bfloat16, reduce_dtype=torch.float32)
        made.fsdp_plugin_args["mixed_precision_policy"] = policy


@contextmanager
def alone(made: Any) -> Iterator[None]:
    """Within this context one process loads a model alone; under ZeRO-3 it would wait for the others."""
    if getattr(made, "hf_deepspeed_config", None) is None:
        yield
        return
    from transformers.integrations import deepspeed

    deepspeed.unset_hf_deepspeed_config()
    try:
        yield
    finally:
        deepspeed.set_hf_deepspeed_config(made.hf_deepspeed_config)


def deepspeed_settings() -> dict[str, Any]:
    """A DeepSpeed configuration; `auto` is filled in from the `TrainingArguments`."""
    return {
        "zero_optimization": {
            "stage": 3,
            "overlap_comm": True,
            "contiguous_gradients": True,
            # A plain checkpoint at the end, not a folder of shards.
            "stage3_gather_16bit_weights_on_model_save": True,
        },
        "zero_allow_untested_optimizer": True,  # PyTorch's AdamW, as everywhere else
        "bf16": {"enabled": "auto"},
        "gradient_clipping": "auto",
        "gradient_accumulation_steps": "auto",
        "train_micro_batch_size_per_gpu": "auto",
        "train_batch_size": "auto",
    }
