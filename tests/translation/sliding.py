"""Small models whose layers slide, in every form that transformers has: all of them, or some, by type."""

from typing import Any

import torch
from transformers import CONFIG_MAPPING, AutoModelForCausalLM, PreTrainedModel

_SHAPE = {
    "hidden_size": 16,
    "intermediate_size": 24,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "max_position_embeddings": 512,
    "initializer_range": 0.5,
    "bos_token_id": 0,
    "eos_token_id": 1,
    "pad_token_id": 2,
    "sliding_window": 4,
}
SLIDING: dict[str, dict[str, Any]] = {
    "mistral": {},
    "phi3": {},
    "starcoder2": {},
    "gemma2": {"head_dim": 8, "query_pre_attn_scalar": 8},
    "gemma3_text": {"head_dim": 8, "query_pre_attn_scalar": 8},
    "qwen2": {"use_sliding_window": True, "max_window_layers": 1},
    "qwen3": {"use_sliding_window": True, "max_window_layers": 2, "head_dim": 8},
    "cohere2": {"head_dim": 8},
}
"""Type of model -> what its config needs besides the shape."""


def sliding_model(kind: str, vocabulary: int, window: int = 4) -> PreTrainedModel:
    """A model of that type in fp64, sure of itself, with full layers beside the sliding ones where it can."""
    settings: dict[str, Any] = {**_SHAPE, **SLIDING[kind], "vocab_size": vocabulary, "sliding_window": window}
    if kind in ("gemma2", "gemma3_text", "cohere2"):
        settings["layer_types"] = ["sliding_attention", "full_attention", "sliding_attention"]
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(CONFIG_MAPPING[kind](**settings)).eval().double()
    with torch.no_grad():
        model.get_output_embeddings().weight[1] *= 2.0
    return model
