import os
from pathlib import Path

import pytest
from tests.checkpoints.conftest import tiny

from ontarget.checkpoints.files import (
    check_adapter_files,
    check_model_files,
    check_tokenizer_files,
    has_tokenizer,
    is_adapter,
    read_object,
)
from ontarget.errors import UserError

POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'ab' * 32}\nsize 13476838\n"


def test_whole_files_are_let_be(llama: Path, lora: Path) -> None:
    check_model_files(llama)
    check_tokenizer_files(llama)
    check_adapter_files(lora)
    tiny(300).save_pretrained(llama.parent / "sharded", max_shard_size="8KB")
    assert len(list((llama.parent / "sharded").glob("model-*.safetensors"))) > 2
    check_model_files(llama.parent / "sharded")


@pytest.mark.parametrize(
    "name", ["model.safetensors", "config.json", "generation_config.json", "tokenizer.json"]
)
@pytest.mark.parametrize(
    ("content", "why"),
    [
        (POINTER, r"is a Git LFS pointer to a file of 13,476,838 bytes; run 'git lfs pull'"),
        ("", "is empty: download or copy"),
    ],
)
def test_a_stand_in_is_told_by_its_name(llama: Path, name: str, content: str, why: str) -> None:
    (llama / name).write_text(content)
    with pytest.raises(UserError, match=rf"{name}' {why}"):
        _check(llama)


def test_a_file_that_cannot_be_read(llama: Path) -> None:
    (llama / "config.json").unlink()
    (llama / "config.json").mkdir()
    with pytest.raises(UserError, match=r"config\.json' cannot be read: Is a directory"):
        check_model_files(llama)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b'{"model_type": "llama",', r"is not valid JSON \(.*line 1 column 24"),
        (b"\xff\xfe{", r"is not valid JSON \(.*can't decode"),
        (b"[" * 100_000, r"is not valid JSON \(it is nested too deeply"),
        (b"[1]", "must hold a JSON object, not a list"),
        (b"null", "must hold a JSON object"),
    ],
)
def test_what_is_not_an_object(tmp_path: Path, content: bytes, why: str) -> None:
    (tmp_path / "config.json").write_bytes(content)
    with pytest.raises(UserError, match=rf"config\.json' {why}"):
        read_object(tmp_path / "config.json")


def test_a_shard_that_is_missing(llama: Path) -> None:
    folder = llama.parent / "sharded"
    tiny(300).save_pretrained(folder, max_shard_size="8KB")
    names = sorted(file.name for file in folder.glob("model-*"))
    (folder / names[1]).unlink()
    with pytest.raises(UserError, match=rf"'.*sharded' lacks {names[1]} of the {len(names)} shards"):
        check_model_files(folder)
    (folder / names[0]).unlink()
    with pytest.raises(UserError, match=rf"lacks {names[0]} and 1 more of"):
        check_model_files(folder)
    (folder / "model.safetensors.index.json").write_text("{}")
    with pytest.raises(UserError, match=r"index\.json' has no weight_map"):
        check_model_files(folder)
    (folder / "model.safetensors.index.json").unlink()
    with pytest.raises(UserError, match=r"has shards of safetensors but no model\.safetensors\.index\.json"):
        check_model_files(folder)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("pytorch_model.bin", r"convert them to safetensors: python -c \"from transformers import"),
        ("pytorch_model-00001-of-00002.bin", "convert them to safetensors"),
        ("consolidated.safetensors", "only consolidated.safetensors: save the model by"),
        ("model-q4.gguf", "only model-q4.gguf"),
        ("README.md", r"no weights \(model\.safetensors\): download or copy them"),
    ],
)
def test_weights_in_another_form(llama: Path, name: str, why: str) -> None:
    (llama / "model.safetensors").rename(llama / name)
    with pytest.raises(UserError, match=rf"'.*llama' has .*{why}"):
        check_model_files(llama)


@pytest.mark.slow
def test_what_to_do_about_a_bin_works(llama: Path) -> None:
    import shlex
    import subprocess
    import sys

    import torch

    torch.save(tiny(300).state_dict(), llama / "pytorch_model.bin")
    (llama / "model.safetensors").unlink()
    with pytest.raises(UserError) as caught:
        check_model_files(llama)
    command = shlex.split(str(caught.value).partition("to safetensors: ")[2])
    offline = {**os.environ, "HF_HUB_OFFLINE": "1"}
    subprocess.run([sys.executable, *command[1:]], check=True, capture_output=True, env=offline)
    check_model_files(llama)


def test_a_folder_without_a_model_names_those_below(llama: Path, lora: Path) -> None:
    with pytest.raises(
        UserError, match=r"has no config\.json, so it is not a model; there are models in .*llama, .*lora$"
    ):
        check_model_files(llama.parent)


def test_a_folder_without_a_tokenizer(llama: Path) -> None:
    (llama / "tokenizer.json").unlink()
    assert not has_tokenizer(llama)
    with pytest.raises(UserError, match=r"'.*llama' has no tokenizer \(tokenizer\.json\): copy"):
        check_tokenizer_files(llama)
    (llama / "tokenizer.json").write_text('{"model_type": "llama"}')
    with pytest.raises(UserError, match=r"tokenizer\.json' is not the file of a fast tokenizer"):
        check_tokenizer_files(llama)
    (llama / "tokenizer.json").unlink()
    (llama / "tokenizer.model").write_text(POINTER)
    with pytest.raises(UserError, match=r"tokenizer\.model' is a Git LFS pointer"):
        check_tokenizer_files(llama)


def test_an_adapter_is_known_even_beside_the_config_of_its_base(llama: Path, lora: Path) -> None:
    assert is_adapter(lora)
    (lora / "config.json").write_bytes((llama / "config.json").read_bytes())
    assert is_adapter(lora)
    (llama / "adapter_config.json").write_bytes((lora / "adapter_config.json").read_bytes())
    assert not is_adapter(llama)  # it has weights of its own


def test_an_adapter_lacks_half_of_itself(lora: Path) -> None:
    (lora / "adapter_config.json").rename(lora / "x")
    with pytest.raises(UserError, match=r"has no adapter_config\.json, but an adapter's weights"):
        check_model_files(lora)
    (lora / "x").rename(lora / "adapter_config.json")
    (lora / "adapter_model.safetensors").unlink()
    with pytest.raises(UserError, match=r"has an adapter_config\.json but no adapter_model\.safetensors"):
        check_adapter_files(lora)


def _check(folder: Path) -> None:
    check_model_files(folder)
    check_tokenizer_files(folder)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_link_to_nothing_is_told_by_its_name(llama: Path, name: str) -> None:
    (llama / name).unlink()
    (llama / name).symlink_to("../blobs/4f3a")
    with pytest.raises(UserError, match=rf"{name}' is a link to '../blobs/4f3a', which is not there: copy"):
        check_model_files(llama)


def test_a_model_of_llama_cpp_is_told(tmp_path: Path) -> None:
    (tmp_path / "model-q4.gguf").write_bytes(b"GGUF")
    with pytest.raises(UserError, match=r"but model-q4\.gguf: give the file itself as the model"):
        check_model_files(tmp_path)
