"""The number of parameters by the headers of weights, against what the model itself says."""

import json
from pathlib import Path

import pytest
from tests.checkpoints.conftest import change
from transformers import LlamaForCausalLM

from ontarget.checkpoints.size import parameters


def test_it_is_the_number_that_the_model_has(llama: Path) -> None:
    model = LlamaForCausalLM.from_pretrained(llama)
    assert parameters(llama) == model.num_parameters() > 0


def test_shards_are_added_up(llama: Path, tmp_path: Path) -> None:
    model = LlamaForCausalLM.from_pretrained(llama)
    model.save_pretrained(tmp_path / "sharded", max_shard_size="20KB")
    assert len(list((tmp_path / "sharded").glob("*.safetensors"))) > 1
    assert parameters(tmp_path / "sharded") == model.num_parameters()


def test_an_adapter_has_the_size_of_its_base(llama: Path, lora: Path) -> None:
    assert parameters(lora) == parameters(llama)


def test_quantised_or_missing_weights_have_no_known_size(llama: Path) -> None:
    change(llama / "config.json", lambda config: config.update(quantization_config={"bits": 4}))
    assert parameters(llama) is None
    change(llama / "config.json", lambda config: config.pop("quantization_config"))
    (llama / "model.safetensors").unlink()
    assert parameters(llama) is None


def test_a_model_of_the_hub_is_counted_in_its_cache(
    llama: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub

    asked = []

    def cached(name: str, *, local_files_only: bool) -> str:
        asked.append((name, local_files_only))
        return str(llama)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", cached)
    assert parameters("owner/name") == parameters(llama)
    assert asked == [("owner/name", True)]  # never from the network


def test_a_model_that_is_not_in_the_cache_has_no_known_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    assert parameters("owner/name") is None
    assert parameters("http://localhost:8000/v1") is None


def test_a_header_without_shapes_has_no_known_size(tmp_path: Path) -> None:
    header = json.dumps({"a": {"data_offsets": [0, 8]}}).encode()
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + bytes(8))
    assert parameters(tmp_path) is None
