"""How several processes hold the model of a stage: a copy each, or a part each.

ddp    every process has the whole model, its gradient and the optimiser's state: fastest, where they fit
fsdp   all three in parts, PyTorch's FSDP2: a layer is put together when it is needed
zero3  the same by DeepSpeed, which is a package of its own
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from ontarget.errors import UserError
from ontarget.settings.tuning import Tuning


def require(tuning: Tuning) -> None:
    """Says at once what would be found missing when the processes are at work.

    Raises:
        UserError: there is no GPU, or no package, that `tuning.parallel` needs.
    """
    from ontarget.hardware import has_gpu

    if tuning.parallel != "ddp" and not has_gpu():
        raise UserError(f"tuning.parallel={tuning.parallel} needs GPUs, and there are none here: take ddp")
    if tuning.parallel == "zero3" and find_spec("deepspeed") is None:
        raise UserError(
            "tuning.parallel=zero3 needs deepspeed, which is not installed: pip install deepspeed; "
            "fsdp does the same and needs nothing more"
        )


def arguments(tuning: Tuning, processes: int) -> dict[str, Any]:
    """What transformers' `TrainingArguments` are told of it. One process holds it all."""
    if processes == 1 or tuning.parallel == "ddp":
        return {"ddp_find_unused_parameters": False}
    require(tuning)
    # Layer by layer: a model that is compiled as a whole has no hooks by which its parts are put together.
    os.environ["ACCELERATE_DYNAMO_USE_REGIONAL_COMPILATION"] = "true"
    if tuning.parallel == "fsdp":
        # Read while a model is loaded: the first process alone reads the weights, the others get their parts.
        os.environ |= {"ACCELERATE_USE_FSDP": "true", "FSDP_CPU_RAM_EFFICIENT_LOADING": "true"}
        os.environ["FSDP_STATE_DICT_TYPE"] = "FULL_STATE_DICT"  # gives the processes a way over the CPU, too
        settings = {"version": 2, "reshard_after_forward": True, "cpu_ram_efficient_loading": True}
        return {"fsdp": True, "fsdp_config": settings}
    return {"deepspeed": deepspeed_settings()}


def add_up_in_fp32(made: Any) -> None:
    """Changes `TrainingArguments`: FSDP would exchange gradients in bf16 where it computes in bf16."""
    if made.fsdp_plugin_args is not None and made.bf16:
        import torch
        from torch.distributed.fsdp import MixedPrecisionPolicy

        policy = MixedPrecisionPolicy(param_dtype=torch.bfloat16, reduce_dtype=torch.float32)
        made.fsdp_plugin_args["mixed_precision_policy"] = policy


@contextmanager
def alone(made: Any) -> Iterator[None]:
    """In here one process loads a model by itself; under ZeRO-3 it would wait for what others read."""
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
            # One plain checkpoint at the end, not a folder of parts.
            "stage3_gather_16bit_weights_on_model_save": True,
        },
        "zero_allow_untested_optimizer": True,  # PyTorch's AdamW, as everywhere else
        "bf16": {"enabled": "auto"},
        "gradient_clipping": "auto",
        "gradient_accumulation_steps": "auto",
        "train_micro_batch_size_per_gpu": "auto",
        "train_batch_size": "auto",
    }
