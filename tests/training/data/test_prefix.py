"""A prefix that is gone through once: the same loss and gradient as whole rows, for fewer tokens."""

import random

import pytest

torch = pytest.importorskip("torch")

from tests.training.data.test_packing import samples, small  # noqa: E402
from torch.nn.functional import pad  # noqa: E402
from transformers import TrainingArguments  # noqa: E402

from ontarget.settings.tuning import Tuning  # noqa: E402
from ontarget.training.data import batches, prefix  # noqa: E402
from ontarget.training.data.encode import Encoded  # noqa: E402
from ontarget.training.trainer import SignedTrainer  # noqa: E402

SHARED = [3, 4, 5, 6, 7, 8, 9, 10]


def part(count=5, shared=SHARED):
    """Samples of `samples`, behind tokens that are the same in all of them."""
    return [
        (
            Encoded(shared + encoded.ids, len(shared) + encoded.response, encoded.shares, encoded.sign),
            weights,
        )
        for encoded, weights in samples(count)
    ]


def loss_and_gradients(model, micro_batch, tmp_path):
    arguments = TrainingArguments(output_dir=str(tmp_path), use_cpu=True, report_to="none")
    trainer = SignedTrainer(model=model, args=arguments)
    model.zero_grad()
    loss = trainer.compute_loss(model, micro_batch)
    loss.backward()
    gradients = {name: weight.grad.to_dense().clone() for name, weight in model.named_parameters()}
    return loss.item(), gradients


@pytest.mark.parametrize("family", ["Llama", "Qwen3"])
@pytest.mark.parametrize("attention", ["sdpa", "eager"])
def test_loss_and_gradient_are_those_of_whole_rows(family, attention, tmp_path):
    model, pairs = small(family, attention), part()
    shared = prefix.collate(pairs)
    assert shared["prefix_ids"].tolist() == [SHARED]
    loss, gradients = loss_and_gradients(model, batches.collate(pairs), tmp_path)
    ours, of_shared = loss_and_gradients(model, shared, tmp_path)
    assert ours == pytest.approx(loss, rel=1e-6)
    for name, gradient in gradients.items():
        torch.testing.assert_close(of_shared[name], gradient, rtol=1e-5, atol=1e-7)


def test_what_bears_weight_is_never_part_of_the_prefix():
    """All of these samples are the same: they share their responses, too."""
    pairs = part(1) * 4
    micro_batch, whole = prefix.collate(pairs), batches.collate(pairs)
    width = micro_batch["prefix_ids"].shape[1]
    assert width == pairs[0][0].response - 1
    for name in ("input_ids", "labels", "weights"):
        assert same_rows(micro_batch[name], whole[name][:, width:])
    assert not whole["weights"][:, :width].any()


@pytest.mark.parametrize("pairs", [[], part(1), part(6, shared=[]), samples(6)])
def test_rows_that_share_too_little_stay_whole(pairs):
    micro_batch, whole = prefix.collate(pairs), batches.collate(pairs)
    assert micro_batch.keys() == whole.keys()
    assert all(torch.equal(micro_batch[name], whole[name]) for name in ("input_ids", "labels", "weights"))


def test_which_models_and_ways_to_tune_it_works_for():
    tuning = Tuning(learning_rate=1e-3, max_steps=1)
    assert prefix.works(small("Llama"), tuning, 1)
    assert prefix.works(small("Qwen3"), tuning, 2)
    assert not prefix.works(small("Mistral"), tuning, 1)  # its window is narrow
    assert not prefix.works(small("Gemma2"), tuning, 1)
    assert not prefix.works(small("Gemma3"), tuning, 1)
    for change in ({"gradient_checkpointing": True}, {"compile": True}):
        assert not prefix.works(small("Llama"), tuning.model_copy(update=change), 1)
    in_parts = tuning.model_copy(update={"parallel": "fsdp"})
    assert prefix.works(small("Llama"), in_parts, 1)
    assert not prefix.works(small("Llama"), in_parts, 2)


def test_the_log_counts_the_tokens_of_whole_rows_without_padding(tmp_path):
    arguments = TrainingArguments(output_dir=str(tmp_path), use_cpu=True, report_to="none", max_steps=1)
    counted = []
    for collate in (batches.collate, prefix.collate):
        trainer = SignedTrainer(model=small("Llama").float(), args=arguments)
        trainer.create_optimizer_and_scheduler(1)
        trainer.training_step(trainer.model, [collate(part())])
        counted.append(trainer.take_noted()["tokens"][0])
    assert counted == [sum(len(encoded.ids) - 1 for encoded, _ in part())] * 2


def test_a_random_part_keeps_every_token():
    draw = random.Random(3)
    for _ in range(20):
        pairs = part(draw.randint(2, 6), [*SHARED, *range(11, 31)][: draw.randint(0, 28)])
        micro_batch, whole = prefix.collate(pairs), batches.collate(pairs)
        ids = micro_batch["input_ids"]
        if "prefix_ids" in micro_batch:
            assert ids.shape[1] % 8 == 0
            ids = torch.cat([micro_batch["prefix_ids"].expand(len(ids), -1), ids], dim=1)
        assert same_rows(ids, whole["input_ids"])


def same_rows(one, other):
    """Whether rows are the same up to the padding behind them."""
    width = max(one.shape[1], other.shape[1])
    return torch.equal(*(pad(rows, (0, width - rows.shape[1])) for rows in (one, other)))


def test_parts_are_cut_by_what_follows_the_prefix(monkeypatch):
    """Whole rows are padded to 40 and 48 tokens, but all to 8 behind a prefix of 36."""
    monkeypatch.setattr(batches, "_tokens_of_a_pass", lambda: 4)
    tokens = [[*range(36), *[100 + n] * (5 + n % 2 * 4)] for n in range(12)]
    rows = [(Encoded(ids, len(ids) - 1, [1.0], 1), [1.0]) for ids in tokens]
    assert [len(part) for part in batches.by_length(rows, 10_000)] == [6, 6]
    assert [len(part) for part in prefix.by_length(rows, 10_000)] == [12]
