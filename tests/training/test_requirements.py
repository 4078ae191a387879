"""What settings need is found missing at once, in one sentence."""

import pytest

torch = pytest.importorskip("torch")

from transformers import OPTConfig, OPTForCausalLM  # noqa: E402

from ontarget.errors import UserError  # noqa: E402
from ontarget.settings.tuning import Lora, Tuning  # noqa: E402
from ontarget.training import requirements  # noqa: E402
from ontarget.training.requirements import require_available, require_positions, require_whole  # noqa: E402


def settings(**changes):
    return Tuning(
        **{"learning_rate": 1e-2, "max_steps": 6, "global_batch_size": 4, "precision": "fp32", **changes}
    )


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"optim": "adamw_bnb_8bit"},
            r"x\.optim: adamw_bnb_8bit needs bitsandbytes: pip install 'ontarget\[qlora\]'",
        ),
        ({"lora": Lora(), "quantization": "4bit"}, r"x\.quantization: 4bit needs bitsandbytes: pip install"),
        ({"tracking": ("tensorboard",)}, r"x\.tracking: tensorboard needs tensorboard: .*\[tracking\]"),
        ({"tracking": ("wandb",)}, "needs wandb"),
        ({"tracking": ("trackio",)}, "needs trackio"),
        ({"lora": Lora()}, r"x\.lora needs peft: pip install 'ontarget\[train\]'"),
    ],
)
def test_a_missing_package_is_one_sentence(monkeypatch, changes, sentence):
    monkeypatch.setattr(requirements, "find_spec", lambda package: None)
    monkeypatch.setattr(
        requirements, "has_gpu", lambda: True
    )  # without, it would be no use to install anything
    with pytest.raises(UserError, match=sentence):
        require_available(settings(**changes), "x")


def test_what_is_installed_or_not_asked_for_is_not_missed(monkeypatch):
    require_available(settings(lora=Lora()), "x")
    monkeypatch.setattr(requirements, "find_spec", lambda package: None)
    require_available(settings(freeze_embeddings=True, gradient_checkpointing=True, compile=True), "x")


def test_four_bits_need_a_gpu(monkeypatch):
    monkeypatch.setattr(requirements, "find_spec", lambda package: True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UserError, match=r"x\.quantization needs a GPU, but this machine has none"):
        require_available(settings(lora=Lora(), quantization="4bit"), "x")


@pytest.mark.parametrize("parallel", ["fsdp", "zero3"])
def test_what_needs_the_whole_model_is_refused_where_processes_hold_parts(parallel):
    lora = settings(lora=Lora(), parallel=parallel)
    require_whole(lora, 2, evaluated=False)
    require_whole(lora, 1, evaluated=True)
    with pytest.raises(UserError, match=f"evaluation needs the whole model.*{parallel} splits it: use ddp"):
        require_whole(lora, 2, evaluated=True)
    four_bits = settings(lora=Lora(), quantization="4bit", parallel=parallel)
    with pytest.raises(UserError, match=r"tuning\.quantization needs the whole model in each process"):
        require_whole(four_bits, 2, evaluated=False)
    with pytest.raises(UserError, match=r"optim=adamw_bnb_8bit needs the whole model in each"):
        require_whole(settings(optim="adamw_bnb_8bit", parallel=parallel), 2, evaluated=False)


def test_compiling_on_a_processor_needs_a_compiler(monkeypatch):
    monkeypatch.setenv("CXX", "no-such-compiler")
    monkeypatch.setattr(requirements, "has_gpu", lambda: False)
    with pytest.raises(UserError, match=r"x\.compile needs a C\+\+ compiler, and there is no no-such-"):
        require_available(settings(compile=True), "x")
    monkeypatch.setattr(requirements, "has_gpu", lambda: True)
    require_available(settings(compile=True), "x")


def test_a_table_with_two_more_rows_is_a_table_of_positions():
    config = OPTConfig(
        vocab_size=9,
        max_position_embeddings=16,
        hidden_size=8,
        word_embed_proj_dim=8,
        ffn_dim=8,
        num_hidden_layers=1,
        num_attention_heads=1,
    )
    with pytest.raises(
        UserError, match=r"stages\.mt\.tuning\.max_length is 17, but the model has only 16 learned"
    ):
        require_positions(OPTForCausalLM(config), settings(max_length=17), "stages.mt.tuning")
