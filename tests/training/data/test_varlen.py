"""PyTorch's flash attention as transformers calls it, with its kernel's textbook in the kernel's place."""

import pytest

torch = pytest.importorskip("torch")

from tests.training.data.test_packing import loss_and_gradients, samples, small  # noqa: E402

from ontarget.training.data import packing, varlen  # noqa: E402
from ontarget.training.data.batches import by_length, collate  # noqa: E402


def textbook(query, key, value, ends_q, ends_k, max_q, max_k, scale, window_size, enable_gqa):
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
    monkeypatch.setattr(varlen, "_kernel", lambda: (textbook, True))


@pytest.mark.parametrize("family", ["Llama", "Qwen3", "Mistral", "Gemma3"])
def test_packed_rows_give_the_padded_rows_loss_and_gradient(kernel, family):
    model, pairs = small(family), samples()
    loss, gradients = loss_and_gradients(model, [collate(part) for part in by_length(pairs, 60)])
    varlen.use(model)
    assert packing.pays_off(model)
    packed = [packing.pack(part) for part in packing.by_tokens(pairs, 40)]
    packed_loss, packed_gradients = loss_and_gradients(model, packed)
    assert packed_loss == pytest.approx(loss, rel=1e-6)
    for name, gradient in gradients.items():
        torch.testing.assert_close(packed_gradients[name], gradient, rtol=1e-4, atol=1e-6)


def test_heads_repeat_their_keys_where_the_kernel_cannot_share_them(kernel, monkeypatch):
    model, rows = small("Llama"), [packing.pack(samples())]
    varlen.use(model)
    shared = loss_and_gradients(model, rows)
    repeated = lambda *rows, **settings: textbook(*rows, **settings, enable_gqa=True)  # noqa: E731
    monkeypatch.setattr(varlen, "_kernel", lambda: (repeated, False))
    loss, gradients = loss_and_gradients(model, rows)
    assert loss == pytest.approx(shared[0])
    for name, gradient in shared[1].items():
        torch.testing.assert_close(gradients[name], gradient)


def test_a_padded_prompt_is_answered_as_ever(kernel):
    """Generation is not packed: its mask counts."""
    model = small("Llama", "sdpa")
    ids = torch.tensor([[0, 0, 5, 6], [7, 8, 9, 10]])
    asked = {"input_ids": ids, "attention_mask": (ids != 0).long(), "max_new_tokens": 5, "do_sample": False}
    before = model.generate(**asked)
    varlen.use(model)
    assert torch.equal(model.generate(**asked), before)


def test_what_the_kernel_has_not_is_left_to_others(kernel):
    assert varlen.works(small("Llama"))
    assert not varlen.works(small("Gemma2"))
    assert not varlen.works(small("Llama", attention_dropout=0.1))
