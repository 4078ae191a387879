import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, PeftModel, PromptTuningConfig, get_peft_model
from safetensors.torch import load_file
from tests.checkpoints.conftest import change, tiny
from transformers import AutoModelForCausalLM

from ontarget.checkpoints import load
from ontarget.checkpoints.files import check_adapter_files
from ontarget.errors import UserError

IDS = torch.tensor([[5, 9, 3, 40, 7]])


def save(folder: Path, base: Path, config: object, rows: int | None = None) -> PeftModel:
    """An adapter with weights that change something."""
    torch.manual_seed(1)  # a draw could also be one that changes little
    model = AutoModelForCausalLM.from_pretrained(base)
    if rows:
        model.resize_token_embeddings(rows)
    adapted = get_peft_model(model, config)
    for name, weight in adapted.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.5)
    adapted.save_pretrained(folder)
    return adapted


def lora_config(**settings: object) -> LoraConfig:
    return LoraConfig(**{"r": 2, "target_modules": ["q_proj"], "task_type": "CAUSAL_LM"} | settings)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"target_modules": ["q_proj", "v_proj", "down_proj"], "use_rslora": True},
        {"use_dora": True},
        {"modules_to_save": ["lm_head"]},
    ],
)
def test_a_merged_model_computes_what_base_and_adapter_do(llama: Path, settings: dict[str, object]) -> None:
    folder = llama.parent / "adapter"
    adapted = save(folder, llama, lora_config(**settings)).eval()
    merged = load.load_model(folder).eval()
    with torch.no_grad():
        assert torch.allclose(merged(IDS).logits, adapted(IDS).logits, atol=1e-5)
        base = AutoModelForCausalLM.from_pretrained(llama)(IDS).logits
    assert not torch.allclose(merged(IDS).logits, base, atol=1e-3)


def test_a_merged_model_is_a_plain_one_that_learns(llama: Path, lora: Path) -> None:
    merged, base = load.load_model(lora), load.load_model(llama)
    assert {n for n, _ in merged.named_parameters()} == {n for n, _ in base.named_parameters()}
    assert all(weight.requires_grad for weight in merged.parameters())
    assert merged.save_pretrained(llama.parent / "plain") is None
    saved = load.load_model(llama.parent / "plain")
    assert torch.equal(saved(IDS).logits, merged(IDS).logits)


def test_tokens_that_were_added_for_an_adapter(llama: Path) -> None:
    folder = llama.parent / "adapter"
    rows = load.check_weights(llama)
    adapted = save(folder, llama, lora_config(modules_to_save=["embed_tokens", "lm_head"]), rows + 3).eval()
    assert load.check_weights(folder) == rows + 3
    ids = torch.tensor([[5, rows + 2, 7]])
    with torch.no_grad():
        assert torch.allclose(load.load_model(folder).eval()(ids).logits, adapted(ids).logits, atol=1e-5)


def test_an_adapter_of_an_adapter(llama: Path, lora: Path) -> None:
    folder = llama.parent / "adapter"
    save(folder, llama, lora_config())
    once = load.load_model(folder).state_dict()["model.layers.0.self_attn.q_proj.weight"]
    change(folder / "adapter_config.json", lambda c: c.update(base_model_name_or_path="lora"))
    twice = load.load_model(folder).state_dict()["model.layers.0.self_attn.q_proj.weight"]
    base, one = (
        load.load_model(f).state_dict()["model.layers.0.self_attn.q_proj.weight"] for f in (llama, lora)
    )
    assert torch.allclose(twice - base, (once - base) + (one - base), atol=1e-5)


def refused(folder: Path, why: str) -> None:
    for look in (load.load_model, load.check_weights):
        with pytest.raises(UserError, match=why) as caught:
            look(folder)
        assert "\n" not in str(caught.value)


def test_an_adapter_that_lacks_weights(llama: Path) -> None:
    folder = llama.parent / "adapter"
    save(folder, llama, lora_config())
    change(folder / "adapter_config.json", lambda c: c.update(target_modules=["q_proj", "v_proj"]))
    refused(folder, r"adapter' lacks model\.layers\.0\.self_attn\.v_proj\.lora_A\.\S+ \(one of 4 tensors\)")


def test_an_adapter_with_weights_of_another(llama: Path, lora: Path) -> None:
    save(llama.parent / "adapter", llama, lora_config(target_modules=["q_proj", "v_proj"]))
    shutil.copy(llama.parent / "adapter" / "adapter_model.safetensors", lora)
    refused(lora, r"lora' does not belong to its base: it has .*v_proj\.lora_A")


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"r": 3}, r"size mismatch for .*q_proj\.lora_A"),
        ({"target_modules": ["c_attn"]}, "Target modules .*c_attn.* not found"),
        ({"peft_type": "NO_SUCH"}, "cannot load the adapter"),
        ({"peft_type": None}, "cannot load the adapter"),
    ],
)
def test_an_adapter_that_does_not_fit(lora: Path, settings: dict[str, object], why: str) -> None:
    change(lora / "adapter_config.json", lambda c: c.update(settings))
    refused(lora, why)


def test_an_adapter_of_another_base(lora: Path) -> None:
    tiny(300, hidden_size=24).save_pretrained(lora.parent / "wider")
    change(lora / "adapter_config.json", lambda c: c.update(base_model_name_or_path="wider"))
    refused(lora, "cannot load the adapter '.*lora': size mismatch")


def test_prompts_that_were_learnt_cannot_be_merged(llama: Path) -> None:
    folder = llama.parent / "adapter"
    save(folder, llama, PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=2))
    refused(folder, "an adapter of the type PROMPT_TUNING, which cannot be merged")


def test_an_adapter_translates_with_the_template_that_it_was_tuned_with(lora: Path) -> None:
    from ontarget import Translator

    (lora / "ontarget.json").write_text('{"template": "plain"}')
    translator = Translator(lora)
    assert translator.template.name == "plain"
    assert isinstance(translator.translate("The cat sleeps.", "en", "it", num_beams=1, max_new_tokens=3), str)


@pytest.mark.parametrize(
    "settings",
    [
        {"target_modules": ["lm_head"]},
        {"target_modules": ["embed_tokens"]},
        {"modules_to_save": ["lm_head"]},
        {"trainable_token_indices": [5, 9]},
    ],
)
def test_what_one_side_of_tied_embeddings_learnt_is_not_the_others(
    llama: Path, settings: dict[str, object]
) -> None:
    tiny(300, tie_word_embeddings=True).save_pretrained(llama)
    folder = llama.parent / "adapter"
    adapted = save(folder, llama, lora_config(**settings)).eval()
    assert load.check_weights(folder) == 300
    merged = load.load_model(folder).eval()
    merged.save_pretrained(llama.parent / "plain")
    with torch.no_grad():
        wanted = adapted(IDS).logits
        assert torch.allclose(merged(IDS).logits, wanted, atol=1e-4)
        assert torch.allclose(load.load_model(llama.parent / "plain").eval()(IDS).logits, wanted, atol=1e-4)


def test_an_older_format_is_converted_by_the_command_that_is_shown(lora: Path) -> None:
    weights = load_file(lora / "adapter_model.safetensors")
    torch.save(weights, lora / "adapter_model.bin")
    (lora / "adapter_model.safetensors").unlink()
    with pytest.raises(UserError, match="an older format; convert them to safetensors: python -c") as error:
        check_adapter_files(lora)
    script = str(error.value).partition('python -c "')[2].removesuffix('"')
    subprocess.run([sys.executable, "-c", script], check=True)
    check_adapter_files(lora)
    again = load_file(lora / "adapter_model.safetensors")
    assert again.keys() == weights.keys()
    assert all(torch.equal(again[name], weights[name]) for name in weights)
