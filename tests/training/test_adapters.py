"""Ways to tune, each at toy size. What needs bitsandbytes is skipped where that is not installed."""

import json
from functools import partial
from importlib.util import find_spec

import pytest

torch = pytest.importorskip("torch")

from tests.training import test_stage  # noqa: E402
from transformers import (  # noqa: E402
    AutoModelForCausalLM,
    GPT2Config,
    GPT2LMHeadModel,
)

from ontarget.errors import UserError  # noqa: E402
from ontarget.settings.tuning import Lora, Tuning  # noqa: E402
from ontarget.training import adapters  # noqa: E402
from ontarget.training.data import prefix  # noqa: E402
from ontarget.training.distributed import sharded  # noqa: E402
from ontarget.training.saving import last_checkpoint  # noqa: E402
from ontarget.training.stage import train_stage  # noqa: E402

DATA, base, same, tuned = test_stage.DATA, test_stage.base, test_stage.same, test_stage.tuned
IDS = torch.arange(3, 40)[None]
needs_bitsandbytes = pytest.mark.skipif(not find_spec("bitsandbytes"), reason="bitsandbytes is not installed")


def settings(**changes):
    return Tuning(
        **{"learning_rate": 1e-2, "max_steps": 6, "global_batch_size": 4, "precision": "fp32", **changes}
    )


def state(folder):
    return AutoModelForCausalLM.from_pretrained(folder).state_dict()


def test_lora_trains_adapters_alone(model):
    tuned_model = adapters.prepared(model, settings(lora=Lora(rank=4)))
    learning = {name for name, weight in tuned_model.named_parameters() if weight.requires_grad}
    assert learning
    assert all("lora_" in name for name in learning)
    assert not any("lm_head" in name or "embed" in name for name in learning)
    assert any("down_proj" in name for name in learning)


def test_lora_tunes_the_layers_that_it_is_told(model):
    tuned_model = adapters.prepared(model, settings(lora=Lora(target_modules=("q_proj", "v_proj"))))
    learning = [name for name, weight in tuned_model.named_parameters() if weight.requires_grad]
    assert len(learning) == 2 * 2 * model.config.num_hidden_layers
    assert all("q_proj" in name or "v_proj" in name for name in learning)


def test_layers_that_a_model_does_not_have_are_named_with_those_that_it_has(model):
    with pytest.raises(
        UserError, match=r"target_modules: c_attn, but the model has no such layer; it has .*o_proj, q_proj"
    ):
        adapters.prepared(model, settings(lora=Lora(target_modules=("c_attn",))))


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_merged_model_answers_like_the_one_with_adapters(model, tmp_path, precision):
    """Also where weights were held in bf16, from a checkpoint in bf16 as most are."""
    model.to(torch.bfloat16).save_pretrained(tmp_path)
    load = partial(AutoModelForCausalLM.from_pretrained, tmp_path)
    tuning = settings(lora=Lora(rank=4), precision=precision)
    assert adapters.loading(tuning)["dtype"] == (torch.bfloat16 if precision == "bf16" else torch.float32)
    with_adapters = adapters.prepared(load(**adapters.loading(tuning)), tuning)
    for name, weight in with_adapters.named_parameters():
        if "lora_" in name:
            assert weight.dtype == torch.float32
            torch.nn.init.normal_(weight, std=0.1)
    before = load(dtype=torch.float32)
    merged = adapters.merged(with_adapters, sharded.learnt(with_adapters), load(dtype=torch.float32))
    assert type(merged) is type(before)
    assert merged.state_dict().keys() == before.state_dict().keys()
    torch.testing.assert_close(merged(IDS).logits, with_adapters.float()(IDS).logits, atol=1e-4, rtol=1e-4)
    assert not torch.allclose(merged(IDS).logits, before(IDS).logits, atol=1e-2)


def test_a_lora_stage_saves_a_plain_checkpoint_that_has_learnt(base, tmp_path):
    before = state(base)
    after, _ = tuned(base, tmp_path, tuning=settings(lora=Lora(rank=4), max_steps=20))
    assert before.keys() == after.keys()
    assert not list((tmp_path / "out").glob("adapter*"))
    assert torch.equal(before["model.embed_tokens.weight"], after["model.embed_tokens.weight"])
    assert not torch.equal(
        before["model.layers.0.mlp.up_proj.weight"], after["model.layers.0.mlp.up_proj.weight"]
    )
    records = [json.loads(line) for line in (tmp_path / "out" / "log.jsonl").read_text().splitlines()]
    assert records[-1]["likelihood"] < records[0]["likelihood"]


def test_a_lora_stage_that_was_cut_off_ends_in_the_same_model(base, tmp_path):
    """With dropout, so that random states count."""
    tuning = settings(lora=Lora(rank=4, dropout=0.2), save_minutes=1e-9)
    unbroken, _ = tuned(base, tmp_path, "unbroken", tuning=tuning)

    def cut(step, steps, record):
        if step == 5:
            raise InterruptedError

    (tmp_path / "broken").mkdir()
    where = {"output": tmp_path / "broken", "work": tmp_path / "work2"}
    with pytest.raises(InterruptedError):
        train_stage(base, DATA, tuning, progress=cut, **where)
    assert (last_checkpoint(tmp_path / "work2") / "adapter_model.safetensors").exists()
    train_stage(base, DATA, tuning, **where)
    assert same(unbroken, state(tmp_path / "broken"))


def test_frozen_embeddings_stay_bit_equal_and_the_rest_learns(base, tmp_path):
    before = state(base)
    after, _ = tuned(base, tmp_path, tuning=settings(freeze_embeddings=True))
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed == before.keys() - {"model.embed_tokens.weight", "lm_head.weight"}


def test_gradient_checkpointing_gives_the_same_model(base, tmp_path, monkeypatch):
    monkeypatch.setattr(prefix, "works", lambda *_: False)  # as under checkpointing: rounding differs
    plain, _ = tuned(base, tmp_path, "plain", tuning=settings())
    checkpointed, _ = tuned(base, tmp_path, "checkpointed", tuning=settings(gradient_checkpointing=True))
    assert same(plain, checkpointed)


def test_gradient_checkpointing_computes_each_layer_twice(model):
    calls = []
    model.model.layers[0].mlp.register_forward_pre_hook(lambda *_: calls.append(1))
    adapters.prepared(model, settings(gradient_checkpointing=True)).train()
    model(IDS).logits.sum().backward()
    assert len(calls) == 2


def test_a_compiled_stage_comes_near_the_plain_one(base, tmp_path, monkeypatch):
    """Without the last step of compiling, which takes a minute: code for this processor."""
    assert adapters.arguments(settings(compile=True))["torch_compile"]
    plain, _ = tuned(base, tmp_path, "plain", tuning=settings(learning_rate=1e-3))
    traced = adapters.arguments(settings()) | {"torch_compile": True, "torch_compile_backend": "aot_eager"}
    monkeypatch.setattr(adapters, "arguments", lambda _: traced)
    compiled, _ = tuned(base, tmp_path, "compiled", tuning=settings(learning_rate=1e-3))
    for name in plain:
        torch.testing.assert_close(plain[name], compiled[name], atol=2e-3, rtol=0)


def test_quantised_weights_cannot_be_tuned_themselves():
    with pytest.raises(ValueError, match="`quantization` needs `lora`"):
        settings(quantization="4bit")


def test_4_bits_are_nf4_twice_quantised():
    options = adapters.loading(settings(lora=Lora(), quantization="4bit", precision="bf16"))
    config = options["quantization_config"]
    assert config.load_in_4bit
    assert (config.bnb_4bit_quant_type, config.bnb_4bit_use_double_quant) == ("nf4", True)
    assert config.bnb_4bit_compute_dtype == options["dtype"] == torch.bfloat16
    assert "quantization_config" not in adapters.loading(settings(lora=Lora()))


def test_moments_of_8_bits_are_an_optimiser_of_bitsandbytes():
    assert adapters.arguments(settings(optim="adamw_bnb_8bit"))["optim"] == "adamw_bnb_8bit"
    assert adapters.arguments(settings())["optim"] == "adamw_torch_fused"


@needs_bitsandbytes
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_qlora_stage_saves_a_plain_checkpoint(base, tmp_path):
    before = state(base)
    after, _ = tuned(base, tmp_path, tuning=settings(lora=Lora(rank=4), quantization="4bit", max_steps=20))
    assert before.keys() == after.keys()
    assert torch.equal(before["model.embed_tokens.weight"], after["model.embed_tokens.weight"])
    records = [json.loads(line) for line in (tmp_path / "out" / "log.jsonl").read_text().splitlines()]
    assert records[-1]["likelihood"] < records[0]["likelihood"]


@needs_bitsandbytes
def test_8_bit_moments_come_near_the_plain_ones(base, tmp_path):
    plain, _ = tuned(base, tmp_path, "plain", tuning=settings(learning_rate=1e-3))
    eighth, _ = tuned(base, tmp_path, "eighth", tuning=settings(learning_rate=1e-3, optim="adamw_bnb_8bit"))
    for name in plain:
        torch.testing.assert_close(plain[name], eighth[name], atol=2e-3, rtol=0)


def test_every_layer_that_is_named_must_be_there(model):
    with pytest.raises(
        UserError, match=r"target_modules: v_porj, but the model has no such layer; it has .*v_proj"
    ):
        adapters.prepared(model, settings(lora=Lora(target_modules=("q_proj", "v_porj"))))
    with pytest.raises(UserError, match=r"none of them that could be adapted; it has (?!.*lm_head)"):
        adapters.prepared(model, settings(lora=Lora(target_modules=("input_layernorm",))))


def test_embeddings_that_the_head_shares_are_not_adapted(model):
    assert model.config.tie_word_embeddings
    with pytest.raises(UserError, match="names the embeddings, which this model's head shares"):
        adapters.prepared(model, settings(lora=Lora(target_modules=("q_proj", "embed_tokens"))))


def test_a_model_that_has_learnt_its_positions_has_no_more(model):
    adapters.prepared(model, settings(max_length=10**6))  # rotary positions
    learnt = GPT2LMHeadModel(GPT2Config(vocab_size=9, n_positions=16, n_embd=8, n_layer=1, n_head=1))
    adapters.prepared(learnt, settings(max_length=16))
    with pytest.raises(UserError, match=r"max_length is 17, but the model has only 16 learned positions"):
        adapters.prepared(learnt, settings(max_length=17))
