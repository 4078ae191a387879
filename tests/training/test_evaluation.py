"""A stage that is evaluated while it trains, by made-up scores."""

import json
import os
import random
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from tests.training import test_stage  # noqa: E402

from ontarget.settings.tuning import Lora, Tuning  # noqa: E402
from ontarget.training.evaluation import Evaluation, undisturbed  # noqa: E402
from ontarget.training.saving import last_checkpoint  # noqa: E402
from ontarget.training.stage import train_stage  # noqa: E402

DATA, base, same, tuned = test_stage.DATA, test_stage.base, test_stage.same, test_stage.tuned
DROPOUT = Lora(rank=4, dropout=0.3)  # so that a random state which was touched is seen


def settings(steps, **changes):
    return Tuning(learning_rate=1e-2, max_steps=steps, global_batch_size=4, precision="fp32", **changes)


def made_up(scores, every=1, disturb=False, **options):
    """An evaluation that finds the given scores, step by step, and remembers its steps."""
    asked = []

    def evaluate(model, step):
        asked.append(step)
        assert not model.training
        assert not torch.is_grad_enabled()
        if disturb:
            torch.rand(3), random.random(), np.random.rand()
        return {"zero_shot_otr": scores[step]}

    evaluation = Evaluation(evaluate, every, lower_is_better=True, **options)
    return evaluation, asked


def records(folder):
    found = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return [(record["step"], record["zero_shot_otr"]) for record in found if "zero_shot_otr" in record]


def test_a_stage_is_evaluated_every_few_steps_and_at_its_end(base, tmp_path):
    evaluation, asked = made_up({3: 30.0, 6: 20.0, 7: 10.0}, every=3)
    told = []
    tuned(
        base,
        tmp_path,
        tuning=settings(7),
        evaluation=evaluation,
        progress=lambda step, steps, record: told.append(record),
    )
    assert asked == [3, 6, 7]
    assert records(tmp_path / "out") == [(3, 30.0), (6, 20.0), (7, 10.0)]
    assert [record["zero_shot_otr"] for record in told if "zero_shot_otr" in record] == [30.0, 20.0, 10.0]


def test_parameters_are_the_same_with_and_without(base, tmp_path):
    tuning = settings(6, lora=DROPOUT)
    without, _ = tuned(base, tmp_path, "without", tuning=tuning)
    evaluation, _ = made_up(dict.fromkeys(range(7), 1.0), disturb=True)
    evaluated, _ = tuned(base, tmp_path, "evaluated", tuning=tuning, evaluation=evaluation)
    assert same(without, evaluated)


@pytest.mark.parametrize("changes", [{}, {"lora": DROPOUT}], ids=["full", "lora"])
def test_the_weights_of_the_best_step_are_saved(base, tmp_path, changes):
    """They are those of a stage that had ended there: with a constant rate, its length changes no step."""
    tuning = {"lr_scheduler_type": "constant_with_warmup", "warmup_ratio": 0.0, **changes}
    until_4, _ = tuned(base, tmp_path, "until_4", tuning=settings(4, **tuning))
    scores = {1: 50.0, 2: 40.0, 3: 45.0, 4: 10.0, 5: 10.0, 6: 30.0}
    evaluation, _ = made_up(scores, best="zero_shot_otr")
    best, result = tuned(base, tmp_path, "best", tuning=settings(6, **tuning), evaluation=evaluation)
    assert (result.steps, result.kept) == (6, 4)
    assert same(best, until_4)


def test_a_stage_stops_when_nothing_better_was_found_for_long(base, tmp_path):
    scores = {1: 50.0, 2: 40.0, 3: 45.0, 4: 40.0, 5: 1.0}
    evaluation, asked = made_up(scores, best="zero_shot_otr", patience=2)
    _, result = tuned(base, tmp_path, tuning=settings(6), evaluation=evaluation)
    assert asked == [1, 2, 3, 4]
    assert (result.steps, result.kept) == (4, 2)


def test_the_loss_of_the_last_steps_is_logged_where_a_stage_ends_early(base, tmp_path):
    evaluation = made_up({2: 1.0, 4: 2.0}, best="zero_shot_otr", patience=1)[0]
    evaluation = replace(evaluation, every=2)
    output = tmp_path / "early"
    output.mkdir()
    where = {"output": output, "work": tmp_path / "work2"}
    result = train_stage(base, DATA, settings(300), evaluation=evaluation, **where)
    logged = [json.loads(line) for line in (output / "log.jsonl").read_text().splitlines()]
    assert [record["step"] for record in logged if "likelihood" in record] == [3, 4]
    assert (result.steps, result.kept) == (4, 2)


@pytest.mark.parametrize("cut_at", [2, 3, 4])
def test_an_evaluated_stage_that_was_cut_off_ends_in_the_same_model(base, tmp_path, cut_at):
    """Cut off before, at and after its best step; what was known then is not lost, nor found twice."""
    scores = {1: 50.0, 2: 40.0, 3: 20.0, 4: 30.0, 5: 35.0, 6: 1.0}
    tuning = settings(6, lora=DROPOUT, save_minutes=1e-9)
    options = {"best": "zero_shot_otr", "patience": 2}
    unbroken, _ = tuned(base, tmp_path, "unbroken", tuning=tuning, evaluation=made_up(scores, **options)[0])

    def cut(step, steps, record):
        if step == cut_at and "zero_shot_otr" in record:
            raise InterruptedError

    (tmp_path / "broken").mkdir()
    where = {"output": tmp_path / "broken", "work": tmp_path / "work2"}
    with pytest.raises(InterruptedError):
        train_stage(base, DATA, tuning, progress=cut, evaluation=made_up(scores, **options)[0], **where)
    assert last_checkpoint(tmp_path / "work2") is not None
    result = train_stage(base, DATA, tuning, evaluation=made_up(scores, **options)[0], **where)
    assert result.kept == 3
    assert records(tmp_path / "broken") == [(step, scores[step]) for step in (1, 2, 3, 4, 5)]
    logged = [json.loads(line) for line in (tmp_path / "broken" / "log.jsonl").read_text().splitlines()]
    seconds = [record["seconds"] for record in logged if "seconds" in record]
    assert seconds == sorted(seconds), "the clock goes on where it was stopped"
    assert result.seconds >= seconds[-1]
    resumed = test_stage.AutoModelForCausalLM.from_pretrained(tmp_path / "broken").state_dict()
    assert same(unbroken, resumed)


@pytest.mark.parametrize("keep", [None, 0, 0.5])
def test_best_weights_that_are_damaged_begin_the_stage_anew(base, tmp_path, keep):
    """They are beside the checkpoint, which is whole: without them it would end in another model."""
    scores = {1: 50.0, 2: 20.0, 3: 45.0, 4: 30.0, 5: 35.0, 6: 22.0}
    tuning = settings(6, lora=DROPOUT, save_minutes=1e-9)
    unbroken, _ = tuned(
        base, tmp_path, "unbroken", tuning=tuning, evaluation=made_up(scores, best="zero_shot_otr")[0]
    )

    def cut(step, steps, record):
        if step == 4 and "zero_shot_otr" in record:
            raise InterruptedError

    (tmp_path / "broken").mkdir()
    where = {"output": tmp_path / "broken", "work": tmp_path / "work2"}
    with pytest.raises(InterruptedError):
        train_stage(
            base, DATA, tuning, progress=cut, evaluation=made_up(scores, best="zero_shot_otr")[0], **where
        )
    best = tmp_path / "work2" / "best.safetensors"
    if keep is None:
        best.unlink()
    else:
        os.truncate(best, int(best.stat().st_size * keep))
    told = []
    evaluation, asked = made_up(scores, best="zero_shot_otr")
    result = train_stage(
        base, DATA, tuning, progress=lambda *record: told.append(record[2]), evaluation=evaluation, **where
    )
    reason = "best.safetensors cannot be read"
    assert told[0] == {
        "notice": f"the checkpoint of step 3 is damaged ({reason}); training starts again from the beginning"
    }
    assert asked == [1, 2, 3, 4, 5, 6]
    assert result.kept == 2
    assert same(unbroken, test_stage.AutoModelForCausalLM.from_pretrained(tmp_path / "broken").state_dict())


def test_a_stage_cut_off_between_its_last_step_and_saving_takes_no_further_step(base, tmp_path, monkeypatch):
    from ontarget.training import adapters

    scores = {1: 10.0, 2: 40.0, 3: 45.0}
    tuning = settings(6, lora=DROPOUT, save_minutes=1e-9)
    where = {"output": tmp_path / "out", "work": tmp_path / "work2"}
    evaluation, asked = made_up(scores, best="zero_shot_otr", patience=2)
    (tmp_path / "out").mkdir()
    merged = adapters.merged
    monkeypatch.setattr(adapters, "merged", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        train_stage(base, DATA, tuning, evaluation=evaluation, **where)
    monkeypatch.setattr(adapters, "merged", merged)
    train_stage(base, DATA, tuning, evaluation=evaluation, **where)
    assert asked[:3] == [1, 2, 3]
    assert set(asked[3:]) <= {3}  # asked again only where no checkpoint had been written since
    assert records(tmp_path / "out") == list(scores.items())


def test_undisturbed_puts_everything_back(model):
    model.train()
    torch.manual_seed(1), random.seed(1), np.random.seed(1)
    expected = torch.rand(2).tolist(), random.random(), np.random.rand()
    torch.manual_seed(1), random.seed(1), np.random.seed(1)
    with undisturbed(model):
        assert not model.training
        torch.rand(5), random.random(), np.random.rand()
    assert model.training
    assert (torch.rand(2).tolist(), random.random(), np.random.rand()) == expected
