"""What the trainer refuses, and what it leaves behind when it does."""

import ast
import inspect
import json
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from tests.training.small import TRANSLATIONS, run_stage, small_base  # noqa: E402
from transformers import Trainer  # noqa: E402

from ontarget.errors import UserError  # noqa: E402
from ontarget.training import trainer  # noqa: E402
from ontarget.training.saving import last_checkpoint  # noqa: E402
from ontarget.training.trainer import PRIVATE_METHODS, SignedTrainer  # noqa: E402


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return small_base(tmp_path_factory.mktemp("base"))


def finite(folder):
    return all(value.isfinite().all() for value in trainer_state(folder).values())


def trainer_state(folder):
    from safetensors.torch import load_file

    return load_file(last_checkpoint(folder / "work") / "model.safetensors")


def test_a_loss_that_is_not_finite_names_its_samples_and_leaves_the_last_checkpoint(
    base, tmp_path, monkeypatch
):
    """Those of its micro-batch alone, with the language that they ask for."""
    loss, micro_batches = trainer.SignedTrainer.compute_loss, []

    def breaks_once(self, *given):
        micro_batches.append(1)
        return loss(self, *given) + (float("inf") if len(micro_batches) == 5 * 16 - 1 else 0.0)

    monkeypatch.setattr(trainer.SignedTrainer, "compute_loss", breaks_once)
    # One sample in each micro-batch: 8 translations and their twins in a step; the fifth step's last but one.
    with pytest.raises(UserError) as caught:
        run_stage(base, tmp_path, save_minutes=1e-9, max_tokens_per_micro_batch=1)
    said = str(caught.value)
    assert "the loss is inf at step 5, with the samples 'casa" in said
    assert said.count("'casa") == 1
    assert any(f"'{t.source}" in said for t in TRANSLATIONS)
    assert "run again" in said
    assert last_checkpoint(tmp_path / "work").name == "checkpoint-4"
    assert finite(tmp_path)


def test_a_gradient_that_is_not_finite_never_reaches_the_parameters(base, tmp_path, monkeypatch):
    class Breaks(torch.autograd.Function):
        @staticmethod
        def forward(ctx, loss):
            return loss.clone()

        @staticmethod
        def backward(ctx, gradient):
            return gradient * float("nan")

    compute = trainer.SignedTrainer.compute_loss

    def breaks(self, *given):
        loss = compute(self, *given)
        return Breaks.apply(loss) if self.state.global_step == 6 else loss

    monkeypatch.setattr(trainer.SignedTrainer, "compute_loss", breaks)
    with pytest.raises(
        UserError,
        match=r"gradient is not finite at step 7, with .* and \d+ more; the last checkpoint is kept",
    ):
        run_stage(base, tmp_path, save_minutes=1e-9)
    assert last_checkpoint(tmp_path / "work").name == "checkpoint-6"
    assert finite(tmp_path)
    records = [json.loads(line) for line in (tmp_path / "work" / "log.jsonl").read_text().splitlines()]
    assert [record["step"] for record in records] == [1, 2, 3, 4, 5, 6]


def test_no_checkpoint_is_promised_where_none_was_written(base, tmp_path):
    with pytest.raises(
        UserError, match=r"is not finite at step \d+, with [^;]*; check the samples"
    ) as caught:
        run_stage(base, tmp_path, learning_rate=1e30, warmup_ratio=0.0)
    assert "checkpoint" not in str(caught.value)
    assert last_checkpoint(tmp_path / "work") is None


def test_several_gpus_in_one_process_are_one(base, tmp_path):
    """DataParallel would hand each of them a part of a list of micro-batches."""
    from transformers import AutoModelForCausalLM, TrainingArguments

    arguments = TrainingArguments(output_dir=str(tmp_path), use_cpu=True, per_device_train_batch_size=1)
    assert arguments.n_gpu in (0, 1)
    arguments._n_gpu = 4
    made = SignedTrainer(model=AutoModelForCausalLM.from_pretrained(base), args=arguments)
    assert made.args.n_gpu == 1
    assert made.args.train_batch_size == 1


@pytest.mark.parametrize("name", PRIVATE_METHODS)
def test_private_methods_of_trainer_are_as_this_version_expects(name):
    """If this fails after an update of transformers, read the new method before changing the table."""
    assert hasattr(Trainer, name), f"transformers' Trainer has no {name} any more"
    _, *parameters = inspect.signature(getattr(Trainer, name)).parameters
    assert tuple(parameters) == PRIVATE_METHODS[name]


@pytest.mark.parametrize("name", sorted(set(PRIVATE_METHODS) & set(vars(SignedTrainer))))
def test_trainer_still_calls_the_private_methods_that_are_overridden(name):
    assert f"self.{name}(" in inspect.getsource(Trainer), f"an override of {name} would have no effect"


def test_the_table_of_private_methods_is_complete():
    """Every private name of Trainer that is defined, or used of a trainer, anywhere in the package."""
    private = {name for name in dir(Trainer) if name.startswith("_") and not name.startswith("__")}
    used = private & set(vars(SignedTrainer))
    for file in Path(trainer.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in private:
                used.add(node.attr)
    assert used == set(PRIVATE_METHODS)
