import pytest

pytest.importorskip("transformers", reason="needs the extra `train`")

from transformers import (
    BloomConfig,
    FalconConfig,
    Gemma3Config,
    Gemma3TextConfig,
    GPT2Config,
    GPTNeoConfig,
    Llama4TextConfig,
    LlamaConfig,
    MistralConfig,
    ModernBertDecoderConfig,
    OPTConfig,
    Qwen2Config,
    Qwen3NextConfig,
)

from ontarget.checkpoints.context import ContextWindow, Sight, context_of, sight_of
from ontarget.errors import UserError


@pytest.mark.parametrize(
    ("config", "context"),
    [
        (GPT2Config(n_positions=128), ContextWindow(128, ends=True)),
        (OPTConfig(max_position_embeddings=128), ContextWindow(128, ends=True)),
        (LlamaConfig(max_position_embeddings=64), ContextWindow(64, ends=True)),
        (
            LlamaConfig(max_position_embeddings=64, rope_scaling={"rope_type": "dynamic", "factor": 2.0}),
            ContextWindow(64, ends=False),
        ),
        (Gemma3TextConfig(max_position_embeddings=100), ContextWindow(100, ends=True)),
        (
            Gemma3TextConfig(
                max_position_embeddings=100,
                rope_parameters={
                    "full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 1e6},
                    "sliding_attention": {"rope_type": "default", "rope_theta": 1e4},
                },
            ),
            ContextWindow(100, ends=False),
        ),
        (Gemma3Config(text_config={"max_position_embeddings": 77}), ContextWindow(77, ends=True)),
        (BloomConfig(), ContextWindow(None, ends=False)),
        (FalconConfig(alibi=True), ContextWindow(None, ends=False)),
    ],
)
def test_where_positions_end(config, context: ContextWindow) -> None:
    assert context_of(config) == context


def test_the_room_of_an_answer() -> None:
    ends = ContextWindow(64, ends=True)
    assert [ends.room(prompt, 10) for prompt in (3, 54, 55, 63, 64, 65)] == [10, 10, 9, 1, 0, -1]
    assert ContextWindow(64, ends=False).room(80, 10) == 10


SIX = ["sliding_attention"] * 5 + ["full_attention"]


@pytest.mark.parametrize(
    ("config", "sight"),
    [
        (LlamaConfig(), Sight(None, by_layer=False)),
        (LlamaConfig(sliding_window=8), Sight(None, by_layer=False)),
        (MistralConfig(sliding_window=8), Sight(8, by_layer=False)),
        (MistralConfig(sliding_window=None), Sight(None, by_layer=False)),
        (MistralConfig(sliding_window=8, layer_types=["full_attention"] * 32), Sight(8, by_layer=False)),
        (Gemma3TextConfig(sliding_window=8, num_hidden_layers=6), Sight(8, by_layer=True)),
        (
            Gemma3Config(text_config={"sliding_window": 8, "layer_types": SIX, "num_hidden_layers": 6}),
            Sight(8, by_layer=True),
        ),
        (Qwen2Config(sliding_window=8), Sight(None, by_layer=False)),
        (
            Qwen2Config(sliding_window=8, use_sliding_window=True, max_window_layers=2),
            Sight(8, by_layer=True),
        ),
        (
            Qwen2Config(num_hidden_layers=2, use_sliding_window=True, layer_types=["full_attention"] * 2),
            Sight(None, by_layer=False),
        ),
        (ModernBertDecoderConfig(), Sight(64, by_layer=True)),
    ],
)
def test_how_far_layers_look_back(config, sight: Sight) -> None:
    assert sight_of(config) == sight


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (Llama4TextConfig(), "'llama4_text' have layers of the kind chunked_attention"),
        (Qwen3NextConfig(), "'qwen3_next' have layers of the kind linear_attention"),
        (GPTNeoConfig(), "'gpt_neo' mask attention by columns"),
    ],
)
def test_layers_that_cannot_be_decoded_are_refused_by_name(config, said: str) -> None:
    with pytest.raises(UserError, match=said):
        sight_of(config)


@pytest.mark.parametrize("window", [0, -1])
def test_a_window_without_a_token_is_refused(window: int) -> None:
    with pytest.raises(UserError, match=rf"sliding_window is {window} in its config\.json: set it to"):
        sight_of(MistralConfig(sliding_window=window))
