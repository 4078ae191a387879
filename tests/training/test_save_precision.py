"""A stage saves in the precision of what it started from, or in the one given; training is the same."""

import json
import logging
import math
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")

from safetensors.torch import load_file, save_file  # noqa: E402
from tests.training.small import DATA, small_base  # noqa: E402
from transformers import AutoModelForCausalLM  # noqa: E402

from ontarget.settings.tuning import Lora, Tuning  # noqa: E402
from ontarget.training.save_precision import convert, rounding_error  # noqa: E402
from ontarget.training.stage import train_stage  # noqa: E402

TUNING = {
    "learning_rate": 1e-2,
    "max_steps": 3,
    "global_batch_size": 8,
    "precision": "fp32",
    "checkpoint_steps": (0,),
}


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A model in bf16."""
    folder = small_base(tmp_path / "base")
    AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16).save_pretrained(folder)
    assert json.loads((folder / "config.json").read_text())["dtype"] == "bfloat16"
    return folder


def tuned(base: Path, folder: Path, **settings: object) -> dict[str, torch.Tensor]:
    folder.mkdir()
    train_stage(
        base, DATA, Tuning(**TUNING | settings), output=folder, work=folder.with_suffix(".work"), seed=1
    )
    return load_file(folder / "model.safetensors")


def test_a_bf16_model_is_saved_as_bf16_and_trained_as_before(base: Path, tmp_path: Path) -> None:
    found = tuned(base, tmp_path / "auto")
    exact = tuned(base, tmp_path / "fp32", save_precision="fp32")
    assert {weight.dtype for weight in exact.values()} == {torch.float32}
    assert found.keys() == exact.keys()
    assert all(torch.equal(found[name], exact[name].bfloat16()) for name in exact)  # rounded once, at the end
    sizes = [(tmp_path / name / "model.safetensors").stat().st_size for name in ("auto", "fp32")]
    assert sizes[0] < 0.6 * sizes[1]
    assert AutoModelForCausalLM.from_pretrained(tmp_path / "auto").dtype == torch.bfloat16
    kept, start = (load_file(at / "model.safetensors") for at in (tmp_path / "auto" / "step-0", base))
    assert all(torch.equal(kept[name], start[name]) for name in start)


def test_an_fp32_model_is_saved_as_it_is_or_as_it_is_told(tmp_path: Path) -> None:
    base = small_base(tmp_path / "base")
    assert {weight.dtype for weight in tuned(base, tmp_path / "auto").values()} == {torch.float32}
    halved = tuned(base, tmp_path / "fp16", save_precision="fp16")
    assert {weight.dtype for weight in halved.values()} == {torch.float16}
    assert json.loads((tmp_path / "fp16" / "config.json").read_text())["dtype"] == "float16"


def test_adapters_are_merged_into_the_precision_of_the_base(base: Path, tmp_path: Path) -> None:
    pytest.importorskip("peft", reason="needs the extra `train`")
    found = tuned(base, tmp_path / "lora", lora=Lora(rank=2))
    assert {weight.dtype for weight in found.values()} == {torch.bfloat16}


def test_a_stage_that_rounding_would_undo_is_saved_in_fp32(
    base: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    small = {"learning_rate": 1e-6, "max_steps": 1, "checkpoint_steps": ()}
    found = tuned(base, tmp_path / "auto", **small)
    assert {weight.dtype for weight in found.values()} == {torch.float32}
    start = load_file(base / "model.safetensors")
    assert any(not torch.equal(weight, start[name].float()) for name, weight in found.items())
    [record] = caplog.records
    assert record.levelno == logging.WARNING
    assert "saved in fp32: rounding to bfloat16 would undo" in record.getMessage()
    caplog.clear()
    rounded = tuned(base, tmp_path / "bf16", save_precision="bf16", **small)
    assert {weight.dtype for weight in rounded.values()} == {torch.bfloat16}
    assert "use save_precision: fp32" in caplog.text


def test_the_rounding_error_is_relative_to_what_the_stage_changed(tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    for folder in (before, after):
        folder.mkdir()
        (folder / "config.json").write_text("{}")
    save_file({"a": torch.ones(2, dtype=torch.bfloat16), "b": torch.ones(1)}, before / "model.safetensors")
    # Next to 1, numbers of bf16 are 2^-7 apart: the first value is rounded to 1 and the second to 1 + 2^-6.
    a = torch.tensor([1 + 2**-9, 1 + 2**-6 + 2**-10])
    save_file({"a": a, "c": torch.ones(3)}, after / "model.safetensors")
    expected = math.sqrt((2**-9) ** 2 + (2**-10) ** 2) / math.sqrt((2**-9) ** 2 + (2**-6 + 2**-10) ** 2)
    assert rounding_error(after, before, torch.bfloat16) == pytest.approx(expected)
    assert rounding_error(after, before, torch.float32) == 0
    assert rounding_error(before, before, torch.bfloat16) == 0
    assert rounding_error(after, "owner/not-here", torch.bfloat16) == 0
    assert rounding_error(after, tmp_path / "moved", torch.bfloat16) == 0
    (before / "model.safetensors").unlink()
    assert rounding_error(after, before, torch.bfloat16) == 0


def test_shards_and_their_index_are_converted(tmp_path: Path) -> None:
    folder = small_base(tmp_path / "base")
    model = AutoModelForCausalLM.from_pretrained(folder)
    (folder / "model.safetensors").unlink()
    model.save_pretrained(folder, max_shard_size="10KB")
    shards = list(folder.glob("*.safetensors"))
    assert len(shards) > 1
    convert(folder, torch.bfloat16)
    size = sum(weight.nbytes for shard in shards for weight in load_file(shard).values())
    index = json.loads((folder / "model.safetensors.index.json").read_text())
    assert index["metadata"]["total_size"] == size
    loaded = AutoModelForCausalLM.from_pretrained(folder)
    assert loaded.dtype == torch.bfloat16
    before = model.state_dict()
    assert all(torch.equal(weight, before[name].bfloat16()) for name, weight in loaded.state_dict().items())


def test_recipes_of_before_are_known_by_the_same_settings() -> None:
    assert "save_precision" not in Tuning(max_steps=1).model_dump()
    assert Tuning(max_steps=1, save_precision="fp32").model_dump()["save_precision"] == "fp32"
