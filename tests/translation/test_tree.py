import pytest

pytest.importorskip("torch", reason="needs the extra `train`")

import torch
from torch import Tensor
from transformers import LlamaForCausalLM, MistralConfig, MistralForCausalLM

from ontarget.errors import UserError
from ontarget.translation.tree import TokenTree


def next_logits(model: LlamaForCausalLM, ids: list[int]) -> Tensor:
    with torch.inference_mode():
        return model(torch.tensor([ids])).logits[0, -1]


@pytest.fixture
def tree(model, prompts) -> TokenTree:
    return TokenTree(model, prompts, room=90)


def test_the_prompts_are_read_as_one_by_one(model, prompts, tree) -> None:
    for row, prompt in enumerate(prompts):
        torch.testing.assert_close(tree.logits[row], next_logits(model, prompt), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    "prompt_sets",
    [[[0, 5]], [[0, 5, 7, 9], [0, 5, 7]], [[4], [6]], [[0, 5], [0, 5]], [[0, 9, *[7] * 200], [0, 9, 5]]],
)
def test_prompts_that_share_all_or_nothing(model, prompt_sets) -> None:
    tree = TokenTree(model, prompt_sets, room=4)
    for row, prompt in enumerate(prompt_sets):
        torch.testing.assert_close(tree.logits[row], next_logits(model, prompt), rtol=1e-4, atol=1e-4)


def test_every_branch_sees_its_own_ancestors_alone(model, prompts, tree) -> None:
    generator = torch.Generator().manual_seed(1)
    rows, branches = len(prompts), 3
    told = [[list(prompt)] for prompt in prompts]
    for step in range(80):  # beyond the first buffer's room
        if step == 40:  # some sentences are done
            kept = torch.tensor([0, 2, 3, 7, 11])
            tree.keep(kept)
            told, rows = [told[i] for i in kept], len(kept)
        tokens = torch.randint(4, 300, (rows, branches), generator=generator)
        parents = torch.randint(0, len(told[0]), (rows, branches), generator=generator)
        told = [
            [[*row[int(p)], int(t)] for p, t in zip(ps, ts, strict=True)]
            for row, ps, ts in zip(told, parents, tokens, strict=True)
        ]
        logits = tree.grow(tokens, parents)
        if step in (0, 1, 2, 39, 40, 79):
            for row in range(rows):
                for branch in range(branches):
                    expected = next_logits(model, told[row][branch])
                    torch.testing.assert_close(logits[row, branch], expected, rtol=1e-3, atol=1e-3)


def test_what_a_sliding_window_would_hide_is_refused() -> None:
    config = MistralConfig(
        vocab_size=20,
        hidden_size=8,
        intermediate_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=1,
        sliding_window=8,
    )
    model = MistralForCausalLM(config).eval()
    TokenTree(model, [[1, 2, 3]], room=5)
    with pytest.raises(UserError, match=r"9 tokens, but MistralForCausalLM sees 8; lower max_new_tokens"):
        TokenTree(model, [[1, 2, 3]], room=6)


def test_a_recurrent_model_is_refused(model, monkeypatch) -> None:
    monkeypatch.setattr(model.config, "layer_types", ["linear_attention", "full_attention"], raising=False)
    with pytest.raises(UserError, match="linear_attention"):
        TokenTree(model, [[1]], room=1)
