import importlib.util
import os

import pytest

from ontarget.errors import UserError
from ontarget.training import parallel
from ontarget.training.tuning import Tuning


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", dict(os.environ))


def test_one_process_holds_it_all() -> None:
    for how in ("ddp", "fsdp", "zero3"):
        told = parallel.arguments(Tuning(steps=1, parallel=how), processes=1)
        assert not {"fsdp", "deepspeed"} & set(told)


def test_fsdp_is_version_2_and_loads_a_model_once() -> None:
    told = parallel.arguments(Tuning(steps=1, parallel="fsdp"), processes=2)
    assert told["fsdp"] is True
    assert told["fsdp_config"]["version"] == 2
    assert told["fsdp_config"]["cpu_ram_efficient_loading"] is True
    assert os.environ["FSDP_CPU_RAM_EFFICIENT_LOADING"] == "true"


def test_zero3_without_deepspeed_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "find_spec", lambda name: None)
    with pytest.raises(
        UserError, match=r"zero3 needs deepspeed, .*: pip install deepspeed; fsdp does the same"
    ):
        parallel.arguments(Tuning(steps=1, parallel="zero3"), processes=2)
    parallel.require(Tuning(steps=1, parallel="fsdp"))


def test_zero3_saves_one_plain_checkpoint() -> None:
    settings = parallel.deepspeed_settings()
    assert settings["zero_optimization"]["stage"] == 3
    assert settings["zero_optimization"]["stage3_gather_16bit_weights_on_model_save"] is True


@pytest.mark.skipif(importlib.util.find_spec("deepspeed") is None, reason="needs deepspeed")
def test_transformers_takes_the_deepspeed_settings(tmp_path) -> None:
    from transformers import TrainingArguments

    told = parallel.arguments(Tuning(steps=1, parallel="zero3"), processes=2)
    arguments = TrainingArguments(output_dir=str(tmp_path), max_grad_norm=0.5, **told)
    filled = arguments.hf_deepspeed_config.config
    assert filled["gradient_clipping"] == 0.5
    assert filled["gradient_accumulation_steps"] == 1
