from collections.abc import Iterator
from contextlib import contextmanager

import pytest

pytest.importorskip("torch", reason="needs the extra `train`")

import torch
from tests.translation.sliding import SLIDING, sliding_model
from torch import Tensor
from transformers import LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM

from ontarget.errors import UserError
from ontarget.translation.engines.tree import TokenTree


def next_logits(model: LlamaForCausalLM, ids: list[int]) -> Tensor:
    with torch.inference_mode():
        return model(torch.tensor([ids])).logits[0, -1]


@pytest.fixture
def tree(model, prompts) -> TokenTree:
    return TokenTree(model, prompts)


def test_the_prompts_are_read_as_one_by_one(model, prompts, tree) -> None:
    for row, prompt in enumerate(prompts):
        torch.testing.assert_close(tree.logits[row], next_logits(model, prompt), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    "prompt_sets",
    [[[0, 5]], [[0, 5, 7, 9], [0, 5, 7]], [[4], [6]], [[0, 5], [0, 5]], [[0, 9, *[7] * 200], [0, 9, 5]]],
)
def test_prompts_that_share_all_or_nothing(model, prompt_sets) -> None:
    tree = TokenTree(model, prompt_sets)
    for row, prompt in enumerate(prompt_sets):
        torch.testing.assert_close(tree.logits[row], next_logits(model, prompt), rtol=1e-4, atol=1e-4)


@contextmanager
def tokens_of_passes(model: LlamaForCausalLM) -> Iterator[list[int]]:
    """The number of tokens of each pass through a model, with padding."""
    read = list[int]()

    def count(module: object, given: tuple[Tensor, ...]) -> None:
        read.append(given[0].numel())

    with model.get_input_embeddings().register_forward_pre_hook(count):
        yield read


def test_a_common_beginning_is_read_once_if_that_saves_more_than_a_pass_costs(model) -> None:
    for shared, expected in [(8, [2 * 11]), (40, [40, 2 * 3])]:
        beginning = [*range(4, 4 + shared)]
        with tokens_of_passes(model) as read:
            TokenTree(model, [[*beginning, 100, 101, 102], [*beginning, 200, 201, 202]])
        assert read == expected


@pytest.mark.parametrize("read", ["together", "apart"])
def test_groups_score_as_they_would_alone_however_they_are_read(model, prompts, read: str) -> None:
    """Long prompts that begin alike, beside short ones: these are read by themselves."""
    long = [[*range(4, 90), *prompt] for prompt in prompts[:5]]
    groups = [long, prompts[5:10]] if read == "apart" else [prompts[:5], prompts[5:10]]
    with tokens_of_passes(model) as passes:
        tree = TokenTree.of(model, groups)
    rows = [*groups[0], *groups[1]]
    assert len(passes) == {"together": 1, "apart": 3}[read]  # the beginning of the long ones is read once
    assert sum(passes) <= len(rows) * max(map(len, rows)) / (1 if read == "together" else 4)
    logits = tree.grow(torch.full((10, 1), 7), torch.zeros(10, 1, dtype=torch.long))
    for row, prompt in enumerate(rows):
        torch.testing.assert_close(tree.logits[row], next_logits(model, prompt), rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(logits[row, 0], next_logits(model, [*prompt, 7]), rtol=1e-4, atol=1e-4)


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


@pytest.mark.parametrize("kind", sorted(SLIDING))
def test_layers_whose_window_slides_see_their_window_alone(kind: str, prompts) -> None:
    model = sliding_model(kind, 400)
    tree = TokenTree(model, prompts)
    for row, prompt in enumerate(prompts):
        torch.testing.assert_close(tree.logits[row], next_logits(model, prompt), rtol=1e-4, atol=1e-5)
    generator = torch.Generator().manual_seed(1)
    told, branches = [[list(prompt)] for prompt in prompts], 3
    for step in range(20):  # further than the widest window
        tokens = torch.randint(4, 300, (len(told), branches), generator=generator)
        parents = torch.randint(0, len(told[0]), (len(told), branches), generator=generator)
        told = [
            [[*row[int(p)], int(t)] for p, t in zip(ps, ts, strict=True)]
            for row, ps, ts in zip(told, parents, tokens, strict=True)
        ]
        logits = tree.grow(tokens, parents)
        if step == 9:
            kept = torch.tensor([0, 2, 7])
            tree.keep(kept)
            told, logits = [told[i] for i in kept], logits[kept]
        if step in (0, 9, 10, 19):
            for row, of_row in enumerate(told):
                for branch, ids in enumerate(of_row):
                    torch.testing.assert_close(
                        logits[row, branch], next_logits(model, ids), rtol=1e-4, atol=1e-5
                    )


def test_the_window_of_the_fixture_hides_something(prompts) -> None:
    """Otherwise the test above would hold without a window."""
    for kind in SLIDING:
        model, wide = sliding_model(kind, 400), sliding_model(kind, 400, window=1000)
        longest = max(prompts, key=len)
        assert (next_logits(model, longest) - next_logits(wide, longest)).abs().max() > 1e-3, kind


def test_a_recurrent_model_is_refused() -> None:
    shape = {"vocab_size": 20, "hidden_size": 8, "intermediate_size": 8, "num_attention_heads": 2}
    config = Qwen2Config(**shape, num_hidden_layers=2, num_key_value_heads=1)
    model = Qwen2ForCausalLM(config).eval()
    model.config.layer_types = ["linear_attention", "full_attention"]
    with pytest.raises(UserError, match="'qwen2' have layers of the kind linear_attention"):
        TokenTree(model, [[1]])
