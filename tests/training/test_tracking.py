"""What trackers are told."""

import os
from importlib.util import find_spec
from types import SimpleNamespace

import pytest

pytest.importorskip("torch")

from tests.training import test_stage

from ontarget.settings.tuning import Tuning
from ontarget.training.tracking import Tracked, told, tracking_arguments

base, tuned = test_stage.base, test_stage.tuned


def test_names_are_the_recipes_and_nothing_is_published(tmp_path, monkeypatch):
    monkeypatch.setenv("WANDB_PROJECT", "of-the-user")
    monkeypatch.setenv("TENSORBOARD_LOGGING_DIR", "")
    monkeypatch.setenv("WANDB_DIR", "")
    tracked = Tracked("recipe", "mt", tmp_path / "tracking")
    made = tracking_arguments(Tuning(max_steps=1, tracking=("wandb", "trackio")), tracked)
    assert made["report_to"] == ["wandb", "trackio"]
    assert (made["project"], made["run_name"]) == ("recipe", "mt")
    assert made["trackio_static_space_id"] is False
    assert os.environ["WANDB_PROJECT"] == "of-the-user"
    assert os.environ["TENSORBOARD_LOGGING_DIR"] == str(tmp_path / "tracking" / "mt")


def test_nothing_is_tracked_that_nobody_asked_for(tmp_path):
    tracked = Tracked("recipe", "mt", tmp_path)
    assert tracking_arguments(Tuning(max_steps=1), tracked) == {"report_to": []}
    assert tracking_arguments(Tuning(max_steps=1, tracking=("wandb",)), None) == {"report_to": []}


def test_trackers_and_the_progress_bar_are_told_the_same():
    logged, shown = [], []
    trainer = SimpleNamespace(args=SimpleNamespace(report_to=["x"]), log=logged.append)
    tell = told(trainer, lambda *record: shown.append(record), "eval_")
    tell(3, 9, {"step": 3, "steps": 9, "otr": 4.0})
    assert logged == [{"eval_otr": 4.0}]
    assert shown == [(3, 9, {"step": 3, "steps": 9, "otr": 4.0})]
    trainer.args.report_to = []
    told(trainer, None)(3, 9, {"otr": 4.0})
    assert len(logged) == 1


@pytest.mark.skipif(not find_spec("tensorboard"), reason="tensorboard is not installed")
def test_tensorboard_gets_every_record(base, tmp_path, monkeypatch):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    monkeypatch.setenv("TENSORBOARD_LOGGING_DIR", "")
    tuning = Tuning(max_steps=3, global_batch_size=4, precision="fp32", tracking=("tensorboard",))
    tuned(base, tmp_path, tuning=tuning, tracked=Tracked("recipe", "mt", tmp_path / "tracking"))
    events = EventAccumulator(str(tmp_path / "tracking" / "mt"))
    events.Reload()
    assert [event.step for event in events.Scalars("train/likelihood")] == [1, 2, 3]


@pytest.mark.skipif(not find_spec("wandb"), reason="wandb is not installed")
def test_wandb_offline_writes_a_run_into_the_stages_folder(base, tmp_path, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "offline")
    for name in ("WANDB_DIR", "WANDB_PROJECT", "TENSORBOARD_LOGGING_DIR"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    tuning = Tuning(max_steps=3, global_batch_size=4, precision="fp32", tracking=("wandb",))
    tuned(base, tmp_path, tuning=tuning, tracked=Tracked("recipe", "mt", tmp_path / "tracking"))
    [run] = (tmp_path / "tracking" / "wandb").glob("offline-run-*/run-*.wandb")
    assert b"likelihood" in run.read_bytes()


@pytest.mark.skipif(not find_spec("trackio"), reason="trackio is not installed")
def test_trackio_keeps_every_record_on_this_machine(base, tmp_path, monkeypatch):
    monkeypatch.setenv("TRACKIO_DIR", str(tmp_path / "trackio"))
    monkeypatch.setenv("TENSORBOARD_LOGGING_DIR", "")
    tuning = Tuning(max_steps=3, global_batch_size=4, precision="fp32", tracking=("trackio",))
    tuned(base, tmp_path, tuning=tuning, tracked=Tracked("recipe", "mt", tmp_path / "tracking"))
    assert list((tmp_path / "trackio").glob("recipe*.db"))
