"""Checkpoints are whole or not there, and the one before stays until the next is whole."""

import errno
import json
import os
import signal

import pytest

torch = pytest.importorskip("torch")

from tests.training.small import run_stage, small_base  # noqa: E402
from transformers import TrainerControl, TrainerState  # noqa: E402

from ontarget.signals import StopRequest, Terminated  # noqa: E402
from ontarget.training import saving, trainer  # noqa: E402
from ontarget.training.saving import Saving, last_checkpoint  # noqa: E402


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return small_base(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="module")
def unbroken(base, tmp_path_factory):
    return run_stage(base, tmp_path_factory.mktemp("unbroken"))


def same(left, right):
    return all(torch.equal(left[name], right[name]) for name in right)


def checkpoint(work, step, state=None):
    folder = work / f"checkpoint-{step}"
    folder.mkdir(parents=True)
    (folder / "trainer_state.json").write_text(state or json.dumps({"global_step": step}))
    return folder


def names(work):
    return sorted(path.name for path in work.iterdir())


def test_the_newest_whole_checkpoint_is_gone_on_from(tmp_path):
    checkpoint(tmp_path, 9)
    checkpoint(tmp_path, 10)
    checkpoint(tmp_path, 20, '{"global_st')
    (tmp_path / "checkpoint-30").mkdir()
    assert last_checkpoint(tmp_path).name == "checkpoint-10"


def test_an_unfinished_checkpoint_is_not_seen(tmp_path):
    checkpoint(saving.unfinished(tmp_path), 7)
    assert last_checkpoint(tmp_path) is None


def test_a_written_checkpoint_takes_its_place_and_only_then_the_old_one_goes(tmp_path, monkeypatch):
    checkpoint(tmp_path, 5)
    checkpoint(saving.unfinished(tmp_path), 7)
    seen = []
    remove = saving.shutil.rmtree
    monkeypatch.setattr(
        saving.shutil, "rmtree", lambda path, **kind: (seen.append(names(tmp_path)), remove(path, **kind))
    )
    saving.settle(tmp_path)
    assert seen[0] == [".saving", "checkpoint-5", "checkpoint-7"]
    assert names(tmp_path) == ["checkpoint-7"]


def test_a_stage_cut_off_while_it_saves_goes_on_from_the_checkpoint_before(
    base, unbroken, tmp_path, monkeypatch
):
    """Whatever was being written when it happened."""
    step = 8
    for victim in ("_save_optimizer_and_scheduler", "_save_rng_state", "store_flos"):

        def cut(self, *arguments, victim=victim, **_):
            if self.state.global_step == step:
                raise MemoryError
            return getattr(trainer.Trainer, victim)(self, *arguments)

        folder = tmp_path / victim
        with monkeypatch.context() as patch:
            patch.setattr(trainer.SignedTrainer, victim, cut, raising=False)
            with pytest.raises(MemoryError):
                run_stage(base, folder, save_minutes=1e-9)
        assert names(folder / "work") == [f"checkpoint-{step - 1}", "log.jsonl"]
        assert same(run_stage(base, folder), unbroken)


def test_random_states_are_part_of_a_checkpoint(base, unbroken, tmp_path):
    """Without them the dropout of the steps after it is another: so the tests here would notice."""

    def stop(step, steps, record):
        if step == 4:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        run_stage(base, tmp_path / "broken", progress=stop)
    (tmp_path / "broken" / "work" / "checkpoint-4" / "rng_state.pth").unlink()
    assert not same(run_stage(base, tmp_path / "broken"), unbroken)


@pytest.mark.parametrize(
    ("number", "kind", "at"), [(signal.SIGINT, KeyboardInterrupt, 4), (signal.SIGTERM, Terminated, 12)]
)
def test_a_stage_that_is_asked_to_stop_saves_and_goes_on_to_the_same_model(
    base, unbroken, tmp_path, number, kind, at
):
    """Also at its last step (12): the request is not lost, and neither is the work."""

    def ask(step, steps, record):
        if step == at:
            os.kill(os.getpid(), number)

    with pytest.raises(KeyboardInterrupt) as caught:
        run_stage(base, tmp_path / "broken", progress=ask)
    assert caught.type is kind
    assert last_checkpoint(tmp_path / "broken" / "work").name == f"checkpoint-{at}"
    assert not list((tmp_path / "broken" / "model").iterdir())
    assert same(run_stage(base, tmp_path / "broken"), unbroken)


def test_a_second_request_stops_at_once(base, tmp_path):
    def ask(step, steps, record):
        if step == 4:
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
            raise AssertionError("still here")

    with pytest.raises(KeyboardInterrupt):
        run_stage(base, tmp_path, progress=ask)
    assert last_checkpoint(tmp_path / "work") is None


def test_one_process_that_is_asked_stops_all_of_them_at_the_same_step():
    ours, control = StopRequest(), TrainerControl()
    state = TrainerState(global_step=3, max_steps=9)
    Saving(5.0, ours, agree=lambda votes: votes).on_step_end(None, state, control)
    assert not control.should_save
    assert not control.should_training_stop
    Saving(5.0, ours, agree=lambda votes: [votes[0], votes[1] + 1, votes[2]]).on_step_end(
        None, state, control
    )
    assert control.should_save
    assert control.should_training_stop
    with pytest.raises(Terminated):
        ours.obey()


def test_a_full_disk_leaves_the_last_checkpoint_and_nothing_half_written(base, tmp_path, monkeypatch):
    save = torch.save

    def full(value, path, **kind):
        if "checkpoint-6" in str(path) and "optimizer" in str(path):
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        save(value, path, **kind)

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(OSError, match="No space left"):
        run_stage(base, tmp_path, save_minutes=1e-9)
    assert names(tmp_path / "work") == ["checkpoint-5", "log.jsonl"]
