import importlib.util
import os
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from ontarget import hardware  # noqa: E402
from ontarget.errors import UserError  # noqa: E402
from ontarget.settings.tuning import Tuning  # noqa: E402
from ontarget.training.distributed import parallel  # noqa: E402


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", dict(os.environ))
    monkeypatch.setattr(hardware, "has_gpu", lambda: True)


def test_one_process_holds_it_all() -> None:
    for how in ("ddp", "fsdp", "zero3"):
        told = parallel.arguments(Tuning(max_steps=1, parallel=how), processes=1)
        assert not {"fsdp", "deepspeed"} & set(told)


def test_fsdp_is_version_2_and_loads_a_model_once() -> None:
    told = parallel.arguments(Tuning(max_steps=1, parallel="fsdp"), processes=2)
    assert told["fsdp"] is True
    assert told["fsdp_config"]["version"] == 2
    assert told["fsdp_config"]["cpu_ram_efficient_loading"] is True
    assert os.environ["FSDP_CPU_RAM_EFFICIENT_LOADING"] == "true"


def test_zero3_without_deepspeed_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "find_spec", lambda name: None)
    with pytest.raises(
        UserError, match=r"zero3 needs deepspeed, .*: pip install deepspeed; fsdp does the same"
    ):
        parallel.arguments(Tuning(max_steps=1, parallel="zero3"), processes=2)
    parallel.require(Tuning(max_steps=1, parallel="fsdp"))


def test_fsdp_adds_up_gradients_in_fp32(tmp_path: Path) -> None:
    """And transformers takes the settings."""
    from transformers import TrainingArguments

    told = parallel.arguments(Tuning(max_steps=1, parallel="fsdp"), processes=2)
    made = TrainingArguments(output_dir=str(tmp_path), use_cpu=True, bf16=True, **told)
    parallel.add_up_in_fp32(made)
    policy = made.fsdp_plugin_args["mixed_precision_policy"]
    assert (policy.param_dtype, policy.reduce_dtype) == (torch.bfloat16, torch.float32)
    assert made.fsdp_plugin_args["fsdp_version"] == 2
    assert "FULL_STATE_DICT" in str(made.fsdp_plugin_args["state_dict_type"])


@pytest.mark.parametrize("how", ["fsdp", "zero3"])
def test_parts_need_gpus(monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    monkeypatch.setattr(hardware, "has_gpu", lambda: False)
    monkeypatch.setattr(parallel, "find_spec", lambda name: name)
    with pytest.raises(
        UserError, match=f"tuning.parallel={how} needs GPUs, but this machine has none; use ddp"
    ):
        parallel.arguments(Tuning(max_steps=1, parallel=how), processes=2)


def test_zero3_saves_one_plain_checkpoint() -> None:
    settings = parallel.deepspeed_settings()
    assert settings["zero_optimization"]["stage"] == 3
    assert settings["zero_optimization"]["stage3_gather_16bit_weights_on_model_save"] is True


def test_parts_are_compiled_layer_by_layer() -> None:
    """Of a model that is compiled as a whole, accelerate's FSDP2 finds no root."""
    parallel.arguments(Tuning(max_steps=1, parallel="fsdp"), processes=2)
    assert os.environ["ACCELERATE_DYNAMO_USE_REGIONAL_COMPILATION"] == "true"


@pytest.mark.skipif(importlib.util.find_spec("deepspeed") is None, reason="needs deepspeed")
def test_transformers_and_deepspeed_take_the_settings(tmp_path: Path) -> None:
    from deepspeed.runtime.zero.config import DeepSpeedZeroConfig
    from transformers import TrainingArguments
    from transformers.integrations.deepspeed import HfTrainerDeepSpeedConfig, unset_hf_deepspeed_config

    arguments = TrainingArguments(
        output_dir=str(tmp_path), use_cpu=True, bf16=True, max_grad_norm=0.5, per_device_train_batch_size=1
    )
    try:
        config = HfTrainerDeepSpeedConfig(parallel.deepspeed_settings())
        config.trainer_config_process(arguments)
        assert config.is_zero3()
    finally:
        unset_hf_deepspeed_config()
    filled = config.config
    assert (filled["gradient_clipping"], filled["gradient_accumulation_steps"]) == (0.5, 1)
    assert filled["bf16"]["enabled"] is True
    assert not config.mismatches
    assert DeepSpeedZeroConfig(**filled["zero_optimization"]).stage == 3
