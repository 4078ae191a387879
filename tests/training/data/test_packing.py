"""Packed samples: the same loss and gradient as padded ones, in every family of models."""

import random

import pytest

torch = pytest.importorskip("torch")

import transformers  # noqa: E402
from tests.training.data.test_batches import steps  # noqa: E402
from torch.utils.data import DataLoader  # noqa: E402

from ontarget.training.data import packing  # noqa: E402
from ontarget.training.data.batches import by_length, collate  # noqa: E402
from ontarget.training.data.encode import Encoded  # noqa: E402
from ontarget.training.loss.log_odds import log_odds  # noqa: E402
from ontarget.training.loss.objective import signed_loss  # noqa: E402

SMALL = {
    "vocab_size": 50,
    "hidden_size": 16,
    "intermediate_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "max_position_embeddings": 64,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}
NARROW = {"sliding_window": 4}  # less than a sample, so that it counts
FAMILIES = {
    "Llama": {},
    "Qwen3": {"head_dim": 8},
    "Mistral": NARROW | {"head_dim": 8},
    "Gemma2": NARROW | {"head_dim": 8, "query_pre_attn_scalar": 8},
    "Gemma3": NARROW
    | {
        "head_dim": 8,
        "query_pre_attn_scalar": 8,
        "layer_types": ["sliding_attention", "full_attention"],
    },
}


def small(family, attention="eager", **settings):
    torch.manual_seed(1)
    of_text = "Text" if family == "Gemma3" else ""  # which is read by a model with eyes, too
    config = getattr(transformers, f"{family}{of_text}Config")(**SMALL | FAMILIES.get(family, {}) | settings)
    config._attn_implementation = attention
    return getattr(transformers, f"{family}ForCausalLM")(config).double()


def samples(count=7, seed=1):
    draw = random.Random(seed)
    made = []
    for number in range(count):
        length, sign = draw.randint(3, 15), 1 if number % 2 else -1
        response = draw.randint(1, length - 1)
        ids = [draw.randint(3, 49) for _ in range(length)]
        weights = [sign * draw.random() for _ in ids[response:]]
        made.append((Encoded(ids, response, [True] * len(weights), sign), weights))
    return made


def loss_and_gradients(model, micro_batches):
    model.zero_grad()
    total = 0.0
    for micro_batch in micro_batches:
        logits = model(
            **packing.seen_by_model(micro_batch, model.config._attn_implementation), use_cache=False
        ).logits
        counts = micro_batch["weights"] != 0
        d = log_odds(logits[counts], micro_batch["labels"][counts])
        loss = signed_loss(d, micro_batch["weights"][counts])
        loss.backward()
        total += loss.item()
    return total, {name: weight.grad.clone() for name, weight in model.named_parameters()}


@pytest.mark.parametrize(("family", "attention"), [("Llama", "sdpa"), *((f, "eager") for f in FAMILIES)])
def test_packed_loss_and_gradient_are_the_padded_ones(family, attention):
    model, pairs = small(family, attention), samples()
    loss, gradients = loss_and_gradients(model, [collate(part) for part in by_length(pairs, 60)])
    packed = [packing.pack(part) for part in packing.by_tokens(pairs, 40)]
    assert len(packed) < len(pairs)
    packed_loss, packed_gradients = loss_and_gradients(model, packed)
    assert packed_loss == pytest.approx(loss, rel=1e-6)
    for name, gradient in gradients.items():
        torch.testing.assert_close(packed_gradients[name], gradient, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_sample_does_not_see_the_one_before_it(family):
    """The test of the test: without positions that begin again, it does."""
    model, (first, second, *_) = small(family), samples()
    other = (Encoded([49 - i for i in first[0].ids], first[0].response, first[0].shares, 1), first[1])
    rows = [packing.pack([before, second]) for before in (first, other)]
    start = len(first[0].ids) - 1
    apart = [
        model(**packing.seen_by_model(row, model.config._attn_implementation), use_cache=False).logits[
            :, start:
        ]
        for row in rows
    ]
    assert torch.equal(*apart)
    assert not torch.equal(
        *[model(input_ids=row["input_ids"], use_cache=False).logits[:, start:] for row in rows]
    )


def test_a_row_holds_what_the_padded_rows_hold():
    first, second = (
        (Encoded([5, 6, 7, 8], 2, [True, True], 1), [0.5, 0.25]),
        (Encoded([1, 2], 1, [True], -1), [-1.0]),
    )
    row = packing.pack([first, second])
    assert row["input_ids"].tolist() == [[5, 6, 7, 1]]
    assert row["position_ids"].tolist() == [[0, 1, 2, 0]]
    assert row["labels"].tolist() == [[6, 7, 8, 2]]
    assert row["weights"].tolist() == [[0.0, 0.5, 0.25, -1.0]]
    assert (row["ends"].tolist(), row["longest"]) == ([0, 3, 4], 3)
    assert packing.pack([])["weights"].tolist() == [[0.0]]


@pytest.mark.parametrize("budget", [1, 20, 33, 1000])
def test_rows_keep_to_their_tokens_and_lose_no_sample(budget):
    pairs = samples(40)
    parts = packing.by_tokens(pairs, budget)
    assert all(len(part) == 1 or packing.pack(part)["input_ids"].numel() <= budget for part in parts)
    assert sorted(pair[0].ids for part in parts for pair in part) == sorted(pair[0].ids for pair in pairs)
    if budget == 1000:
        assert len(parts) == 1


def test_packing_is_for_flash_attention_alone():
    model = small("Llama")
    assert not packing.pays_off(model)
    for name, pays in (("flash_attention_2", True), ("torch_varlen", True), ("eager", False)):
        model.config._attn_implementation_internal = name
        assert packing.pays_off(model) is pays


def test_flash_attention_is_used_where_it_is_installed_and_can_be(monkeypatch):
    """The choice alone; test_gpu.py has the rest."""
    chosen = []
    model = small("Llama")
    monkeypatch.setattr(model, "set_attn_implementation", chosen.append, raising=False)
    monkeypatch.setattr(packing, "is_flash_attn_2_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    packing.prefer_flash(model, bf16=True)
    assert not chosen  # no GPU
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    packing.prefer_flash(model, bf16=False)
    assert not chosen
    packing.prefer_flash(model, bf16=True)
    monkeypatch.setattr(packing, "is_flash_attn_2_available", lambda: False)
    packing.prefer_flash(model, bf16=True)
    packing.prefer_flash(small("Gemma2"), bf16=True)  # whose soft cap PyTorch's kernel has not
    assert chosen == ["flash_attention_2", "torch_varlen"]


def test_a_window_that_is_in_the_mask_alone_forbids_kernels_without_one(monkeypatch):
    shape = SMALL | {"num_local_experts": 2, "num_experts_per_tok": 1}
    phimoe = transformers.PhimoeForCausalLM(transformers.PhimoeConfig(**shape, sliding_window=4))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(packing, "is_flash_attn_2_available", lambda: True)
    packing.prefer_flash(phimoe, bf16=True)
    assert phimoe.config._attn_implementation in ("eager", "sdpa")
    assert packing.tells_window(transformers.PhimoeForCausalLM(transformers.PhimoeConfig(**shape)))
    assert all(packing.tells_window(small(family)) for family in FAMILIES)


def test_what_cannot_keep_samples_apart_is_never_packed():
    mamba = transformers.MambaConfig(vocab_size=50, hidden_size=16, num_hidden_layers=1, state_size=4)
    bloom = transformers.BloomConfig(vocab_size=50, hidden_size=16, n_layer=1, n_head=2)
    for model in (transformers.MambaForCausalLM(mamba), transformers.BloomForCausalLM(bloom)):
        assert not packing.keeps_apart(model)
    for family in FAMILIES:
        assert packing.keeps_apart(small(family))


@pytest.mark.parametrize("packed", [False, True])
def test_batches_are_the_same_for_any_number_of_workers(tokenizer, packed):
    seen = []
    for workers in (0, 2):
        made = steps(tokenizer, epochs=2, max_tokens_per_micro_batch=200)
        if packed:
            made.cut, made.collate = packing.by_tokens, packing.pack
        loader = DataLoader(made, batch_size=1, collate_fn=lambda items: items[0], num_workers=workers)
        seen.append(
            [
                [{k: getattr(v, "tolist", lambda v=v: v)() for k, v in micro.items()} for micro in step]
                for step in loader
            ]
        )
    assert seen[0] == seen[1]
    assert len(seen[0]) == len(made)


def kernel_by_hand(query, key, value, ends_q, ends_k, max_q, max_k, scale, window_size, enable_gqa):
    """[tokens, heads, features], a sample after the other."""
    assert enable_gqa
    assert max_q == max_k == int((ends_q[1:] - ends_q[:-1]).max())
    assert torch.equal(ends_q, ends_k)
    back, forth = window_size
    made = []
    for start, end in zip(ends_q.tolist(), ends_q.tolist()[1:], strict=False):
        q, k, v = (row[start:end].transpose(0, 1) for row in (query, key, value))
        k, v = (row.repeat_interleave(len(q) // len(row), dim=0) for row in (k, v))
        distance = torch.arange(end - start)[:, None] - torch.arange(end - start)
        seen = (distance >= -forth) & ((distance <= back) if back >= 0 else torch.tensor(True))
        scores = (q @ k.transpose(1, 2) * scale).masked_fill(~seen, -torch.inf)
        made.append((scores.softmax(-1) @ v).transpose(0, 1))
    return torch.cat(made)


@pytest.fixture
def kernel(monkeypatch):
    monkeypatch.setattr(packing, "_kernel", lambda: (kernel_by_hand, True))


@pytest.mark.parametrize("family", ["Llama", "Qwen3", "Mistral", "Gemma3"])
def test_packed_rows_give_the_padded_rows_loss_and_gradient(kernel, family):
    model, pairs = small(family), samples()
    loss, gradients = loss_and_gradients(model, [collate(part) for part in by_length(pairs, 60)])
    packing.use_kernel(model)
    assert packing.pays_off(model)
    packed = [packing.pack(part) for part in packing.by_tokens(pairs, 40)]
    packed_loss, packed_gradients = loss_and_gradients(model, packed)
    assert packed_loss == pytest.approx(loss, rel=1e-6)
    for name, gradient in gradients.items():
        torch.testing.assert_close(packed_gradients[name], gradient, rtol=1e-4, atol=1e-6)


def test_heads_repeat_their_keys_where_the_kernel_cannot_share_them(kernel, monkeypatch):
    model, rows = small("Llama"), [packing.pack(samples())]
    packing.use_kernel(model)
    shared = loss_and_gradients(model, rows)
    repeated = lambda *rows, **settings: kernel_by_hand(*rows, **settings, enable_gqa=True)  # noqa: E731
    monkeypatch.setattr(packing, "_kernel", lambda: (repeated, False))
    loss, gradients = loss_and_gradients(model, rows)
    assert loss == pytest.approx(shared[0])
    for name, gradient in shared[1].items():
        torch.testing.assert_close(gradients[name], gradient)


def test_generation_with_a_padded_prompt_does_not_change(kernel):
    """Generation is not packed: its mask counts."""
    model = small("Llama", "sdpa")
    ids = torch.tensor([[0, 0, 5, 6], [7, 8, 9, 10]])
    asked = {"input_ids": ids, "attention_mask": (ids != 0).long(), "max_new_tokens": 5, "do_sample": False}
    before = model.generate(**asked)
    packing.use_kernel(model)
    assert torch.equal(model.generate(**asked), before)


def test_models_that_the_kernel_does_not_support(kernel):
    assert packing.kernel_serves(small("Llama"))
    assert not packing.kernel_serves(small("Gemma2"))
    assert not packing.kernel_serves(small("Llama", attention_dropout=0.1))
