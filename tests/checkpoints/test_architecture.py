from typing import Any

import pytest

pytest.importorskip("transformers", reason="needs the extra `train`")

from transformers import CONFIG_MAPPING

from ontarget.checkpoints.architecture import check_architecture
from ontarget.errors import UserError


@pytest.mark.parametrize(
    "kind",
    [
        *("llama", "qwen2", "qwen3", "mistral", "mixtral", "gemma", "gemma2", "gemma3_text", "gemma3"),
        *("gpt2", "gpt_neox", "gptj", "opt", "phi3", "falcon", "olmo2", "cohere", "starcoder2", "xglm"),
    ],
)
def test_decoders_with_attention_are_let_be(kind: str) -> None:
    check_architecture(CONFIG_MAPPING[kind](), "a")


@pytest.mark.parametrize(
    ("kind", "settings", "why"),
    [
        ("mamba", {}, "has recurrent layers"),
        ("rwkv", {}, "has recurrent layers"),
        ("jamba", {}, "has recurrent layers"),
        ("recurrent_gemma", {}, "has recurrent layers"),
        ("bloom", {}, r"cannot be given position_ids \(ALiBi\)"),
        ("mpt", {}, r"cannot be given position_ids \(ALiBi\)"),
        ("falcon", {"alibi": True}, r"counts positions by itself \(ALiBi\)"),
        ("t5", {}, "an encoder-decoder"),
        ("mbart", {}, "an encoder-decoder"),
        ("m2m_100", {}, "an encoder-decoder"),
        ("marian", {}, "an encoder-decoder"),
        ("roberta", {}, "a masked language model"),
        ("clip", {}, "not a causal language model"),
        ("minimax", {}, "layers of the kind"),
    ],
)
def test_what_cannot_be_decoded_is_refused_by_name(kind: str, settings: dict[str, Any], why: str) -> None:
    config = CONFIG_MAPPING[kind](architectures=["SomeModel"], **settings)
    with pytest.raises(UserError, match=f"^'models/x'.*{why}"):
        check_architecture(config, "models/x")
    if why != "layers of the kind":
        with pytest.raises(UserError, match=r"is a SomeModel, .*; use a decoder-only model"):
            check_architecture(config, "x")
        with pytest.raises(UserError, match=f"is a model of the type '{kind}'"):
            check_architecture(CONFIG_MAPPING[kind](**settings), "x")
