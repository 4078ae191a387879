"""A tiny LLaMA of random weights in a directory, and an adapter of it: what people have, in small."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch", reason="needs the extra `train`")
pytest.importorskip("transformers", reason="needs the extra `train`")

import torch
from peft import LoraConfig, get_peft_model
from transformers import LlamaConfig, LlamaForCausalLM

from ontarget.training.new_model import make_tokenizer

LINES = ["The cat sleeps in the garden.", "Il gatto dorme nel giardino.", "De kat slaapt in de tuin."] * 5
Change = Callable[[dict[str, Any]], object]


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folders `llama` and `lora`, which no test changes."""
    return make(tmp_path_factory.mktemp("made"))


def make(folder: Path) -> Path:
    """A model, and an adapter of it, each with a tokenizer."""
    torch.manual_seed(1)
    tokenizer = make_tokenizer(LINES, 300)
    model = tiny(len(tokenizer))
    for name in ("llama", "lora"):
        tokenizer.save_pretrained(folder / name)
    model.save_pretrained(folder / "llama")
    adapted = get_peft_model(model, LoraConfig(r=2, target_modules=["q_proj"], task_type="CAUSAL_LM"))
    for name, weight in adapted.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weight, std=0.5)
    adapted.save_pretrained(folder / "lora")
    change(folder / "lora" / "adapter_config.json", lambda c: c.update(base_model_name_or_path="llama"))
    return folder


@pytest.fixture
def llama(made: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    return Path(shutil.copytree(made / "llama", tmp_path / "llama"))


@pytest.fixture
def lora(made: Path, llama: Path) -> Path:
    """A copy of the adapter, beside its base."""
    return Path(shutil.copytree(made / "lora", llama.parent / "lora"))


def tiny(vocabulary: int, **config: Any) -> LlamaForCausalLM:
    """Random, but with layers that do something."""
    shape: dict[str, Any] = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2}
    shape |= {"num_attention_heads": 2, "initializer_range": 0.3}
    return LlamaForCausalLM(LlamaConfig(vocab_size=vocabulary, **(shape | config)))


def change(file: Path, how: Change) -> None:
    """Changes a JSON file in place."""
    value = json.loads(file.read_text(encoding="utf-8"))
    how(value)
    file.write_text(json.dumps(value), encoding="utf-8")
