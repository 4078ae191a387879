"""Several processes take the steps of one."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from tests.training.small import (  # noqa: E402
    DATA,
    ZERO3,
    close,
    losses,
    needs_deepspeed,
    parameters,
    run_stage,
    small_base,
    together,
)
from transformers import AutoModelForCausalLM, AutoTokenizer  # noqa: E402

from ontarget.settings.tuning import Lora, Tuning  # noqa: E402
from ontarget.training.data.batches import ROUND, Steps, collate  # noqa: E402
from ontarget.training.data.encode import Encoder  # noqa: E402
from ontarget.training.distributed.processes import Share, deal, threads_of_each  # noqa: E402
from ontarget.training.loss.log_odds import log_odds  # noqa: E402
from ontarget.training.loss.objective import signed_loss  # noqa: E402

SIZES = st.lists(st.integers(1, 500), min_size=1, max_size=60)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    """Without dropout: its draws are each process's own."""
    return small_base(tmp_path_factory.mktemp("base"), dropout=0.0)


@given(SIZES, st.integers(1, 9))
def test_every_item_is_dealt_once_and_evenly(sizes, processes):
    shares = deal(list(enumerate(sizes)), lambda item: item[1], processes)
    assert sorted(item for share in shares for item in share) == list(enumerate(sizes))
    tokens = [sum(size for _, size in share) for share in shares]
    # Whoever has most got its last, shortest item while it had least.
    assert max(tokens) - min(tokens) <= max(sizes)


@given(SIZES, st.integers(1, 9))
def test_all_processes_have_as_many_parts_and_together_all_items(sizes, processes):
    def cut(items):
        return [items[n : n + 3] for n in range(0, len(items), 3)]

    parts = [Share(rank, processes).of(sizes, lambda size: size, cut) for rank in range(processes)]
    assert len({len(of_rank) for of_rank in parts}) == 1
    assert sorted(size for of_rank in parts for part in of_rank for size in part) == sorted(sizes)


@pytest.mark.parametrize(
    ("of_user", "alone", "one_of_three"),
    [("6", 6, 2), ("4,2", 4, 1), ("", 16, 5), ("0", 16, 5), ("many", 16, 5), ("1", 1, 1)],
)
def test_processes_share_the_threads_of_the_user_or_the_cores(monkeypatch, of_user, alone, one_of_three):
    monkeypatch.setenv("OMP_NUM_THREADS", of_user)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(16)), raising=False)
    assert (threads_of_each(1), threads_of_each(3)) == (alone, one_of_three)


def test_a_process_alone_has_everything(monkeypatch):
    for name in ("RANK", "WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    assert Share.ours() == Share(0, 1)
    monkeypatch.setenv("RANK", "2")
    monkeypatch.setenv("WORLD_SIZE", "5")
    assert Share.ours() == Share(2, 5)


def gradient(model, step):
    model.zero_grad()
    for micro_batch in step:
        counts = micro_batch["weights"] != 0
        logits = model(input_ids=micro_batch["input_ids"]).logits[counts]
        signed_loss(
            log_odds(logits, micro_batch["labels"][counts]), micro_batch["weights"][counts]
        ).backward()
    return torch.cat([parameter.grad.flatten() for parameter in model.parameters()])


@pytest.mark.parametrize("processes", [2, 3, 20])
def test_the_gradients_of_all_shares_are_that_of_the_whole(base, processes):
    """Twenty have nothing to do but for a few: a part without samples has a gradient, of zeros."""
    encoder = Encoder(AutoTokenizer.from_pretrained(base), " ", 128, {})
    tuning = Tuning(max_steps=3, global_batch_size=8, max_tokens_per_micro_batch=60)
    model = AutoModelForCausalLM.from_pretrained(base).double()
    shares = [
        Steps(DATA.draw, encoder, tuning, 0.5, 1, Share(rank, processes))[1] for rank in range(processes)
    ]
    assert len({len(step) for step in shares}) == 1
    whole = gradient(model, Steps(DATA.draw, encoder, tuning, 0.5, 1)[1])
    torch.testing.assert_close(sum(gradient(model, step) for step in shares), whole, rtol=1e-9, atol=1e-12)


def test_a_part_without_samples_is_a_row_without_weight():
    empty = collate([])
    assert empty["input_ids"].shape == (1, ROUND)
    assert not empty["weights"].any()


@pytest.fixture(scope="module")
def alone(base, tmp_path_factory):
    folder = tmp_path_factory.mktemp("alone")
    run_stage(base, folder)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("parallel", ["ddp", "fsdp", ZERO3])
def test_two_processes_do_what_one_does(base, alone, tmp_path, parallel):
    """The loss of each sign at every step, and the parameters; and what they leave is a plain checkpoint."""
    one, two = (
        parameters(alone),
        together(2, base, tmp_path, parallel=parallel, max_tokens_per_micro_batch=60),
    )
    assert two.keys() == one.keys()
    assert close(one, two)
    assert not close(one, AutoModelForCausalLM.from_pretrained(base).state_dict(), 1e-2)
    for ours, theirs in zip(losses(alone), losses(tmp_path), strict=True):
        assert theirs == pytest.approx(ours, abs=1e-4)
    kept = {path.name for path in (tmp_path / "model").iterdir()}
    assert kept == {path.name for path in (alone / "model").iterdir()}
    assert "model.safetensors" in kept


@pytest.mark.slow
@pytest.mark.parametrize(
    ("first", "then"),
    [
        ((2, "ddp"), (1, "ddp")),
        ((1, "ddp"), (2, "fsdp")),
        ((2, "fsdp"), (1, "ddp")),
        pytest.param((3, "zero3"), (2, "fsdp"), marks=needs_deepspeed),
        pytest.param((2, "fsdp"), (3, "zero3"), marks=needs_deepspeed),
    ],
)
def test_a_stage_goes_on_with_another_number_of_processes(base, alone, tmp_path, first, then):
    """Stopped after step 5, where the first process alone is asked to; also held in another way."""
    together(first[0], base, tmp_path, parallel=first[1], stop_at=5)
    assert [path.name for path in (tmp_path / "work").glob("checkpoint-*")] == ["checkpoint-5"]
    result = together(then[0], base, tmp_path, parallel=then[1])
    assert close(result, parameters(alone))
    for ours, theirs in zip(losses(alone), losses(tmp_path), strict=True):
        assert theirs == pytest.approx(ours, abs=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("lora", [None, Lora(rank=4)])
def test_parts_of_a_model_whose_layers_are_compiled_and_computed_twice(tmp_path, lora):
    """With embeddings of input and output apart: the others here have them tied."""
    base = small_base(tmp_path / "base", dropout=0.0, tied=False)
    one = run_stage(base, tmp_path / "one", steps=3, lora=lora)
    settings = {"lora": lora, "parallel": "fsdp", "compile": True, "gradient_checkpointing": True}
    assert close(together(2, base, tmp_path / "two", steps=3, **settings), one)
    assert not torch.equal(one["lm_head.weight"], one["model.embed_tokens.weight"])
