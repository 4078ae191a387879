"""Adapters of a model that processes hold in parts."""

import json

import pytest

torch = pytest.importorskip("torch")

from safetensors.torch import load_file  # noqa: E402
from tests.training.small import (  # noqa: E402
    ZERO3,
    close,
    losses,
    needs_deepspeed,
    parameters,
    run_stage,
    small_base,
    together,
)
from transformers import AutoModelForCausalLM  # noqa: E402

from ontarget.settings.tuning import Lora  # noqa: E402
from ontarget.training.saving import kept  # noqa: E402

ADAPTERS = {"lora": Lora(rank=4), "learning_rate": 1e-2}
STOP = 5


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return small_base(tmp_path_factory.mktemp("base"), dropout=0.0)


@pytest.fixture(scope="module")
def alone(base, tmp_path_factory):
    folder = tmp_path_factory.mktemp("alone")
    run_stage(base, folder, **ADAPTERS, checkpoint_steps=(STOP,))
    return folder


def state(folder):
    return AutoModelForCausalLM.from_pretrained(folder).state_dict()


def assert_same_losses(one, two, tolerance=1e-4):
    for ours, theirs in zip(losses(one), losses(two), strict=True):
        assert theirs == pytest.approx(ours, abs=tolerance)


@pytest.mark.slow
@pytest.mark.parametrize("parallel", ["fsdp", ZERO3])
def test_two_processes_do_what_one_does_and_leave_one_plain_model(base, alone, tmp_path, parallel):
    """That of a step which is kept, too; the stage goes on from there as if nothing had been."""
    settings = {
        **ADAPTERS,
        "parallel": parallel,
        "checkpoint_steps": (STOP,),
        "max_tokens_per_micro_batch": 60,
    }
    one, two = parameters(alone), together(2, base, tmp_path, **settings)
    assert two.keys() == one.keys()
    assert close(one, two)
    assert not close(one, state(base), 1e-2)
    assert_same_losses(alone, tmp_path)
    halfway = kept(alone / "model", STOP)
    assert close(state(halfway), state(kept(tmp_path / "model", STOP)))
    assert not close(state(halfway), one, 1e-2)
    for folder in (alone, tmp_path):
        assert not list((folder / "model").rglob("adapter*"))
    assert {path.name for path in (tmp_path / "model").iterdir()} == {
        path.name for path in (alone / "model").iterdir()
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    ("first", "then"),
    [
        ((2, "fsdp"), (1, "ddp")),
        ((1, "ddp"), (2, "fsdp")),
        pytest.param((2, "zero3"), (1, "ddp"), marks=needs_deepspeed),
        pytest.param((1, "ddp"), (2, "zero3"), marks=needs_deepspeed),
    ],
)
def test_a_stage_goes_on_with_another_number_of_processes(base, alone, tmp_path, first, then):
    together(first[0], base, tmp_path, **ADAPTERS, parallel=first[1], stop_at=STOP)
    saved = load_file(tmp_path / "work" / f"checkpoint-{STOP}" / "adapter_model.safetensors")
    assert len(saved) == 2 * 2 * 7  # two for each of seven linear layers, twice; nothing that does not learn
    assert close(together(then[0], base, tmp_path, **ADAPTERS, parallel=then[1]), parameters(alone))
    assert_same_losses(alone, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("parallel", ["fsdp", ZERO3])
def test_weights_that_stay_are_in_bf16_and_adapters_learn_in_fp32(base, tmp_path, parallel):
    """The weights of samples are not rounded to bf16: the first loss, of the model as it was, says so."""
    settings = {**ADAPTERS, "precision": "bf16", "stop_at": 1, "max_tokens_per_micro_batch": 60}
    for name, how in (("ddp", "ddp"), ("parts", parallel)):
        together(2, base, tmp_path / name, **settings, parallel=how)
    found = [json.loads((tmp_path / name / "work" / "log.jsonl").read_text()) for name in ("ddp", "parts")]
    for loss in ("likelihood", "unlikelihood"):
        assert found[1][loss] == pytest.approx(found[0][loss], abs=5e-4)
    saved = load_file(tmp_path / "parts" / "work" / "checkpoint-1" / "adapter_model.safetensors")
    for name, weight in saved.items():
        assert weight.dtype == torch.float32
        if "lora_B" in name:  # which begins with zeros; the other half has no gradient yet
            assert not torch.equal(weight, weight.bfloat16().float())
