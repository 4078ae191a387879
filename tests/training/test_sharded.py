"""Adapters of a model that processes hold in parts."""

import pytest

torch = pytest.importorskip("torch")

from safetensors.torch import load_file  # noqa: E402
from tests.training.small import ZERO3, close, losses, parameters, run_stage, small_base, together  # noqa: E402
from transformers import AutoModelForCausalLM  # noqa: E402

from ontarget.training.saving import kept  # noqa: E402
from ontarget.training.tuning import Lora  # noqa: E402

ADAPTERS = {"lora": Lora(rank=4), "learning_rate": 1e-2}
STOP = 5


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return small_base(tmp_path_factory.mktemp("base"), dropout=0.0)


@pytest.fixture(scope="module")
def alone(base, tmp_path_factory):
    folder = tmp_path_factory.mktemp("alone")
    run_stage(base, folder, **ADAPTERS, keep_steps=(STOP,))
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
    settings = {**ADAPTERS, "parallel": parallel, "keep_steps": (STOP,), "micro_batch_tokens": 60}
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
    ("first", "then"), [((2, "fsdp"), (1, "ddp")), ((1, "ddp"), (2, "fsdp")), ((2, "fsdp"), (2, "fsdp"))]
)
def test_a_stage_goes_on_with_another_number_of_processes(base, alone, tmp_path, first, then):
    together(first[0], base, tmp_path, **ADAPTERS, parallel=first[1], stop_at=STOP)
    saved = load_file(tmp_path / "work" / f"checkpoint-{STOP}" / "adapter_model.safetensors")
    assert len(saved) == 2 * 2 * 7  # two for each of seven linear layers, twice; nothing that does not learn
    assert close(together(then[0], base, tmp_path, **ADAPTERS, parallel=then[1]), parameters(alone))
    assert_same_losses(alone, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("parallel", [ZERO3])
def test_a_stage_in_parts_of_deepspeed_goes_on_with_as_many(base, alone, tmp_path, parallel):
    together(2, base, tmp_path, **ADAPTERS, parallel=parallel, stop_at=STOP)
    assert close(together(2, base, tmp_path, **ADAPTERS, parallel=parallel), parameters(alone))


@pytest.mark.slow
@pytest.mark.parametrize("parallel", ["fsdp", ZERO3])
def test_weights_that_stay_are_in_bf16_and_adapters_learn_in_fp32(base, tmp_path, parallel):
    """Weights of samples are not rounded to bf16: the first loss, of the model as it was, says so."""
    run_stage(base, tmp_path / "one", **ADAPTERS, precision="bf16")
    settings = {**ADAPTERS, "precision": "bf16", "parallel": parallel, "micro_batch_tokens": 60}
    together(2, base, tmp_path / "two", **settings, stop_at=STOP)
    together(2, base, tmp_path / "two", **settings)
    assert losses(tmp_path / "two")[0] == pytest.approx(losses(tmp_path / "one")[0], abs=5e-4)
    assert_same_losses(tmp_path / "one", tmp_path / "two", 5e-3)
