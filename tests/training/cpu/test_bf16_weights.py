"""Copies in bf16 in place of weights: near what fp32 gives, and weights stay what they are."""

import pytest

torch = pytest.importorskip("torch")

from tests.training.data.test_packing import samples  # noqa: E402
from tests.training.loss.test_head import build  # noqa: E402
from transformers import TrainingArguments, XGLMConfig, XGLMForCausalLM  # noqa: E402

from ontarget.settings.tuning import Lora, Tuning  # noqa: E402
from ontarget.training.adapters import prepared  # noqa: E402
from ontarget.training.cpu.bf16_weights import Bf16Weights  # noqa: E402
from ontarget.training.data import batches  # noqa: E402
from ontarget.training.loss.head import LogOddsHead  # noqa: E402
from ontarget.training.trainer import SignedTrainer  # noqa: E402


def step(model, folder, bf16, tokens=40):
    """Loss and gradients of one step, in several micro-batches."""
    parts = batches.by_length(samples(), tokens)
    assert len(parts) > 2
    arguments = TrainingArguments(output_dir=str(folder), use_cpu=True, report_to=[], bf16=bf16)
    trainer = SignedTrainer(model=model, args=arguments)
    loss = trainer.training_step(model, [batches.collate(part) for part in parts])
    gradients = {n: w.grad.clone() for n, w in model.named_parameters() if w.grad is not None}
    model.zero_grad()
    return loss.item(), gradients


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("family", ["Llama", "Mistral", "Qwen2", "Qwen3", "Gemma2"])
def test_loss_and_gradient_are_within_the_rounding_of_bf16(family, tied, tmp_path):
    model = build(family, tied, initializer_range=0.1)
    before = {name: weight.clone() for name, weight in model.named_parameters()}
    loss, exact = step(model, tmp_path, bf16=False)
    ours, near = step(model, tmp_path, bf16=True)
    assert ours == pytest.approx(loss, rel=2**-6)
    assert near.keys() == exact.keys() == before.keys()
    for name, gradient in exact.items():
        assert near[name].dtype == torch.float32
        assert (near[name] - gradient).norm() < 2**-4 * gradient.norm(), name
    for name, weight in model.named_parameters():
        assert weight.dtype == torch.float32
        assert weight.equal(before[name])


def test_gradients_of_micro_batches_are_added_up_in_fp32():
    """In bf16, small ones would vanish beside a large one."""
    model = build("Llama")
    weight = model.model.norm.weight
    copies = Bf16Weights(model, LogOddsHead.install(model))
    with copies.in_place():
        for value in (256.0, 0.5, 0.5):
            (model.model.norm.weight.sum() * value).backward()
    assert weight.grad.eq(257).all()


def test_what_runs_from_layer_to_layer_is_in_bf16_and_after_a_step_nothing_is(tmp_path):
    model, kinds = build("Llama"), []
    for layer in model.model.layers:
        layer.register_forward_pre_hook(lambda layer, given: kinds.append(given[0].dtype))
    step(model, tmp_path, bf16=True)
    assert set(kinds) == {torch.bfloat16}
    kinds.clear()
    model(input_ids=torch.tensor([[1, 2]]))
    assert set(kinds) == {torch.float32}


def test_weights_are_back_in_place_when_a_step_has_failed():
    model = build("Llama")
    weights = list(model.parameters())
    with pytest.raises(RuntimeError), Bf16Weights(model, LogOddsHead.install(model)).in_place():
        raise RuntimeError
    assert all(now is then for now, then in zip(model.parameters(), weights, strict=True))


def test_what_a_model_keeps_in_fp32_and_embeddings_have_no_copy():
    model = build("Llama")
    model._keep_in_fp32_modules = ["input_layernorm"]
    with Bf16Weights(model, LogOddsHead.install(model)).in_place():
        stayed = {name for name, weight in model.named_parameters() if weight.dtype == torch.float32}
    layers = {f"model.layers.{n}.input_layernorm.weight" for n in range(2)}
    assert stayed == {"model.embed_tokens.weight", "lm_head.weight"} | layers


@pytest.mark.parametrize("settings", [{"lora": Lora(rank=4)}, {"gradient_checkpointing": True}])
def test_adapters_and_layers_that_are_computed_twice_learn_the_same(settings, tmp_path):
    torch.manual_seed(1)
    model = prepared(build("Llama", initializer_range=0.1), Tuning(max_steps=1, **settings))
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "lora_B" in name:  # begins as zero, and lora_A has no gradient then
                weight.normal_(std=0.02)
    _, exact = step(model, tmp_path, bf16=False)
    _, near = step(model, tmp_path, bf16=True)
    assert near.keys() == exact.keys()
    for name, gradient in exact.items():
        assert (near[name] - gradient).norm() < 2**-4 * gradient.norm(), name


def test_positions_that_are_computed_in_fp32_meet_norms_in_bf16(tmp_path):
    settings = {"vocab_size": 300, "d_model": 16, "ffn_dim": 24, "num_layers": 2, "attention_heads": 2}
    model = XGLMForCausalLM(XGLMConfig(**settings, dropout=0, attention_dropout=0)).eval()
    loss, exact = step(model, tmp_path, bf16=False)
    ours, near = step(model, tmp_path, bf16=True)
    assert ours == pytest.approx(loss, rel=2**-6)
    assert near.keys() == exact.keys()
