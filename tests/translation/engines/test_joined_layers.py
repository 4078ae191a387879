"""Joined layers score tokens as Transformers' layers do, and models of other families keep theirs."""

from types import MethodType

import pytest

pytest.importorskip("torch", reason="needs the extra `train`")

import torch
from tests.translation.conftest import make_model
from tests.translation.sliding import sliding_model
from torch import nn
from transformers import PreTrainedModel
from transformers.models.llama.modeling_llama import LlamaDecoderLayer, LlamaRMSNorm

from ontarget.translation.engines.joined_layers import JoinedLayer, JoinedNorm, join_layers
from ontarget.translation.engines.tree import TokenTree


def small(family: str) -> PreTrainedModel:
    """In fp64, also its norms, with weights that all count: those of norms and biases are not 1 and 0."""
    model = make_model(400).double() if family == "llama" else sliding_model(family, 400)
    for name, weight in model.named_parameters():
        if "norm" in name or "bias" in name:
            weight.data += torch.linspace(-0.5, 0.5, len(weight))
    for module in model.modules():
        if type(module).__name__.endswith("RMSNorm"):
            module.forward = MethodType(exact_norm, module)
    return model


def exact_norm(norm: nn.Module, values: torch.Tensor) -> torch.Tensor:
    """As the models compute it, which turn to fp32 for it."""
    return norm.weight * values / (values.square().mean(-1, keepdim=True) + norm.variance_epsilon).sqrt()


def scores(model: PreTrainedModel, prompts: list[list[int]]) -> torch.Tensor:
    """Logits after prompts of several lengths, and after two branches of five tokens of each of them."""
    tree = TokenTree(model, prompts)
    found, generator = [tree.logits], torch.Generator().manual_seed(1)
    for step in range(5):
        tokens = torch.randint(4, 300, (len(prompts), 2), generator=generator)
        parents = torch.randint(0, 2, (len(prompts), 2), generator=generator) if step else 0 * tokens
        found += tree.grow(tokens, parents).unbind(1)
    return torch.stack(found)


@pytest.mark.parametrize("family", ["llama", "mistral", "qwen2", "qwen3"])
def test_scores_are_those_of_the_models_own_layers(family: str, prompts: list[list[int]]) -> None:
    model, joined = small(family), small(family)
    join_layers(joined)
    assert all(type(layer) is JoinedLayer for layer in joined.model.layers)
    torch.testing.assert_close(scores(joined, prompts), scores(model, prompts), rtol=1e-9, atol=1e-9)
    one = [prompts[3]]  # a single row, whose mask is not repeated for each head
    torch.testing.assert_close(scores(joined, one), scores(model, one), rtol=1e-9, atol=1e-9)


def test_in_bf16_scores_are_as_exact_as_those_of_the_models_own_layers(prompts: list[list[int]]) -> None:
    own, joined, exact = (make_model(400) for _ in range(3))
    for model in (own, joined):
        model.bfloat16()
    for weight, rounded in zip(exact.parameters(), own.parameters(), strict=True):
        weight.data = rounded.data.float()
    join_layers(joined)
    found = scores(exact, prompts)
    errors = [(scores(model, prompts) - found).abs().mean() for model in (joined, own)]
    assert 0 < errors[0] < 1.1 * errors[1]


def test_joining_keeps_every_number_of_the_weights() -> None:
    model = small("qwen2")
    before = sum(weight.numel() for weight in model.parameters())
    norms = sum(weight.numel() for name, weight in model.named_parameters() if "layernorm" in name)
    join_layers(model)
    assert sum(weight.numel() for weight in model.parameters()) == before - norms  # norms hold copies


@pytest.mark.parametrize("family", ["gemma2", "gemma3_text", "phi3", "cohere2"])
def test_other_families_keep_their_layers(family: str) -> None:
    model = sliding_model(family, 100)
    before = [*model.modules()]
    join_layers(model)
    assert [*model.modules()] == before


def test_model_with_an_adapter_other_code_or_another_attention_keeps_its_layers() -> None:
    class Adapted(nn.Linear):
        pass

    elsewhere = type("LlamaDecoderLayer", (LlamaDecoderLayer,), {"__module__": "downloaded.modeling_llama"})
    adapted, other, eager = make_model(100), make_model(100), make_model(100)
    adapted.model.layers[1].mlp.up_proj = Adapted(32, 48)
    other.model.layers[1] = elsewhere(other.config, 1)
    eager.config._attn_implementation = "eager"
    for model in (adapted, other, eager):
        join_layers(model)
        assert not any(isinstance(module, JoinedLayer) for module in model.modules())


def test_norm_is_that_of_the_root_mean_square() -> None:
    norm = LlamaRMSNorm(16, eps=0.1)
    norm.weight.data = torch.linspace(0.5, 2, 16)
    values = torch.randn(3, 2, 16, generator=torch.Generator().manual_seed(1)) + 5
    exact = values / (values.square().mean(-1, keepdim=True) + 0.1).sqrt() * norm.weight
    found = JoinedNorm(norm)(values)
    torch.testing.assert_close(found, exact)
    torch.testing.assert_close(found, norm(values))
