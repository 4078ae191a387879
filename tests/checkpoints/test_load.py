import json
import logging
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from tests.checkpoints.conftest import change, tiny
from transformers import PreTrainedTokenizerFast, T5Config, T5ForConditionalGeneration

from ontarget.checkpoints import load
from ontarget.checkpoints.messages import as_user_error, warn_once
from ontarget.errors import UserError


@pytest.fixture(autouse=True)
def _said_anew() -> None:
    warn_once.cache_clear()


def refused(folder: Path, why: str) -> None:
    """By loading, and by the look that is taken before."""
    for look in (load.load_model, load.check_weights):
        with pytest.raises(UserError, match=why) as caught:
            look(folder)
        assert "\n" not in str(caught.value)


def test_every_weight_is_what_the_file_has(llama: Path) -> None:
    before = tiny(300)
    before.save_pretrained(llama)
    loaded = load.load_model(llama)
    for name, weight in before.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], weight), name
    assert load.check_weights(llama) == 300


def test_the_look_before_reads_no_weights(llama: Path) -> None:
    loaded, _ = load._loaded(llama, False, {"device_map": "meta"})
    assert {weight.device.type for weight in loaded.parameters()} == {"meta"}


def test_tied_weights_are_not_missing(llama: Path) -> None:
    tiny(300, tie_word_embeddings=True).save_pretrained(llama)
    loaded = load.load_model(llama)
    assert loaded.get_output_embeddings().weight is loaded.get_input_embeddings().weight
    assert load.check_weights(llama) == 300


def test_a_tensor_that_is_missing_is_an_error_not_a_random_layer(llama: Path) -> None:
    change(llama / "config.json", lambda c: c.update(num_hidden_layers=3))
    refused(llama, r"model\.safetensors' lacks model\.layers\.2\.\S+ \(and 8 more\), .*would be random")


def test_a_tensor_that_is_missing_is_looked_for_in_its_shard(llama: Path) -> None:
    folder = llama.parent / "sharded"
    tiny(300).save_pretrained(folder, max_shard_size="8KB")
    index = json.loads((folder / "model.safetensors.index.json").read_text())["weight_map"]
    shard = folder / index["lm_head.weight"]
    shutil.copy(next(f for f in sorted(folder.glob("model-*")) if f != shard), shard)
    refused(folder, rf"{shard.name}' lacks lm_head\.weight")


def test_other_shapes_than_the_configs_are_named(llama: Path) -> None:
    rows = json.loads((llama / "config.json").read_text())["vocab_size"]
    change(llama / "config.json", lambda c: c.update(vocab_size=rows + 2))
    refused(
        llama,
        rf"model\.safetensors' does not fit its config\.json: lm_head\.weight is \[{rows}, 16\], and "
        rf"config\.json needs \[{rows + 2}, 16\] \(and 1 more\)",
    )


def test_layers_that_the_config_leaves_out_are_warned_of_once(
    llama: Path, caplog: pytest.LogCaptureFixture
) -> None:
    change(llama / "config.json", lambda c: c.update(num_hidden_layers=1))
    for _ in range(3):
        load.load_model(llama)
    assert caplog.text.count("has model.layers.1.") == 1
    assert "(and 8 more), which the model does not use" in caplog.text


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"model_type": "futurellm"}, r"has the model_type 'futurellm', which transformers .* does not know"),
        ({"model_type": None}, r"config\.json' has no model_type"),
        ({"model_type": ["llama"]}, r"config\.json' has no model_type"),
        ({"model_type": "futurellm", "auto_map": {"AutoConfig": "a.B"}}, "runs with --trust-remote-code"),
        ({"hidden_size": "wide"}, "cannot load the model"),
        ({"num_attention_heads": 0}, "cannot load the model"),
        ({"hidden_act": "swish-swash"}, "cannot load the model"),
        ({"rope_parameters": {"rope_type": "?"}}, "cannot load the model"),
        ({"vocab_size": -1}, "cannot load the model"),
    ],
)
def test_a_config_that_makes_no_sense(llama: Path, settings: dict[str, Any], why: str) -> None:
    change(llama / "config.json", lambda c: c.update(settings))
    refused(llama, why)


def test_what_ontarget_cannot_decode_is_refused_before_its_weights_are_read(tmp_path: Path) -> None:
    shape = {"vocab_size": 40, "d_model": 8, "d_kv": 4, "d_ff": 8, "num_layers": 1, "num_heads": 2}
    T5ForConditionalGeneration(T5Config(**shape)).save_pretrained(tmp_path)
    refused(tmp_path, "is a T5ForConditionalGeneration, an encoder-decoder")


def test_a_tokenizer_that_cannot_be_loaded(llama: Path) -> None:
    change(llama / "tokenizer.json", lambda c: c.update(model={"type": "BPE", "vocab": 3}))
    with pytest.raises(UserError, match=r"^cannot load the tokenizer '.*llama': "):
        load.load_tokenizer(llama)


def test_without_a_tokenizer_none_is_made_up(llama: Path) -> None:
    (llama / "tokenizer.json").unlink()
    with pytest.raises(UserError, match="has no tokenizer"):
        load.load_tokenizer(llama)


@pytest.mark.parametrize(
    "settings", [{"temperature": 0.9, "top_p": 0.6}, {"do_sample": True, "num_beams": 3}]
)
def test_settings_of_sampling_are_let_be(llama: Path, settings: dict[str, Any]) -> None:
    (llama / "generation_config.json").write_text(json.dumps({"eos_token_id": [1, 5], **settings}))
    assert load.load_model(llama).generation_config.eos_token_id == [1, 5]


def test_a_folder_may_have_any_name(llama: Path) -> None:
    folder = llama.rename(llama.parent / "spaces and ümlaut")
    assert load.load_model(folder).config.hidden_size == 16
    assert isinstance(load.load_tokenizer(folder), PreTrainedTokenizerFast)


def test_a_padding_token_that_is_none_is_let_be(llama: Path) -> None:
    change(llama / "config.json", lambda c: c.update(pad_token_id=-1))
    assert load.load_model(llama)


def test_an_adapter_is_merged_and_says_so_once(lora: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            load.load_model(lora)
            load.check_weights(lora)
    base = lora.parent / "llama"
    assert caplog.messages == [f"'{lora}' is an adapter: loaded with its base '{base}' and merged"]


def test_of_a_base_that_is_damaged_it_says_whose_it_is(llama: Path, lora: Path) -> None:
    weights = llama / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    refused(lora, r"lora' is an adapter of '.*llama', which cannot be loaded: .*safetensors' is cut off")


def test_of_a_base_that_cannot_be_had_it_says_the_name(lora: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*_: object, **__: object) -> None:
        raise OSError("We couldn't connect to 'https://huggingface.co'\nCheck your internet connection")

    monkeypatch.setattr(load.AutoConfig, "from_pretrained", unreachable)
    monkeypatch.setattr(load.hub, "has", lambda *_: False)
    change(lora / "adapter_config.json", lambda c: c.update(base_model_name_or_path="owner/base"))
    why = "lora' is an adapter of 'owner/base', which cannot be loaded: .*We couldn't connect"
    refused(lora, why)
    monkeypatch.setattr(load.AutoTokenizer, "from_pretrained", unreachable)
    (lora / "tokenizer.json").unlink()
    with pytest.raises(UserError, match=why):
        load.load_tokenizer(lora)


def test_an_adapter_of_the_hub_is_merged_here(lora: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load.hub, "has", lambda *_: True)
    monkeypatch.setattr("huggingface_hub.snapshot_download", lambda *_, **__: str(lora))
    load._here.cache_clear()
    assert not [n for n, _ in load.load_model("owner/lora").named_parameters() if "lora" in n]
    load._here.cache_clear()


def test_a_model_of_the_hub_without_an_adapter_is_left_to_transformers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(load.hub, "has", lambda *_: False)
    load._here.cache_clear()
    assert load._here("owner/model") == "owner/model"
    assert not load.can_be_had("owner/model")
    load._here.cache_clear()


def test_tuples_and_attention_maps_are_not_asked_for(llama: Path) -> None:
    change(llama / "config.json", lambda c: c.update(return_dict=False, output_attentions=True))
    given = load.load_model(llama)(torch.tensor([[1, 2]]))
    assert len(given.logits[0]) == 2
    assert given.attentions is None


def test_a_tokenizer_prints_nothing_where_translations_go(
    llama: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    token = {"__type": "AddedToken", "content": "</s>", "lstrip": False, "rstrip": False}
    (llama / "special_tokens_map.json").write_text(json.dumps({"eos_token": token}))
    load.load_tokenizer(llama)
    printed = capfd.readouterr()
    assert not printed.out
    assert "__type" in printed.err  # else this test has lost its cause


def test_a_library_that_is_not_there_is_named(llama: Path) -> None:
    why = r"needs a library that is not installed: .* requires gptqmodel"
    with pytest.raises(UserError, match=why), as_user_error("model", llama):
        raise ImportError("An AWQ quantized model requires gptqmodel.")


def test_floats_of_eight_bits_are_not_taken_for_weights(llama: Path) -> None:
    weights = load_file(llama / "model.safetensors")
    weights["lm_head.weight"] = weights["lm_head.weight"].to(torch.float8_e4m3fn)
    save_file(weights, llama / "model.safetensors", metadata={"format": "pt"})
    refused(llama, r"model\.safetensors' has lm_head\.weight in F8_E4M3, .* but config\.json has no quantiza")


def test_whole_numbers_are_not_taken_for_weights(llama: Path) -> None:
    weights = load_file(llama / "model.safetensors")
    weights["lm_head.weight"] = (weights["lm_head.weight"] * 100).to(torch.int8)
    save_file(weights, llama / "model.safetensors", metadata={"format": "pt"})
    refused(llama, r"model\.safetensors' has lm_head\.weight in I8, .* but config\.json has no quantization")
