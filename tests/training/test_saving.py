"""Checkpoints are whole or not there, and the one before stays until the next is whole."""

import errno
import json
import os
import shutil
import signal

import pytest

torch = pytest.importorskip("torch")

from safetensors.torch import save_file  # noqa: E402
from tests.training.small import STEPS, run_stage, small_base  # noqa: E402
from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerControl, TrainerState  # noqa: E402

from ontarget.errors import UserError  # noqa: E402
from ontarget.settings.tuning import Lora  # noqa: E402
from ontarget.signals import StopRequest, Terminated  # noqa: E402
from ontarget.training import saving, trainer  # noqa: E402
from ontarget.training.saving import Saving, last_checkpoint, resume  # noqa: E402
from ontarget.training.sealing import SEAL, seal  # noqa: E402


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
    for step in (9, 10, 20, 30):
        seal(checkpoint(tmp_path, step))
    (tmp_path / "checkpoint-20" / "trainer_state.json").write_text('{"global_st')
    (tmp_path / "checkpoint-30" / "trainer_state.json").unlink()
    found = resume(tmp_path)
    assert found.checkpoint.name == "checkpoint-10"
    assert found.notice == (
        "the checkpoint of step 30 is damaged (trainer_state.json is missing) and the checkpoint of step 20 "
        "is damaged (trainer_state.json is not as it was written); training resumes from step 10"
    )
    assert names(tmp_path) == ["checkpoint-10", "checkpoint-9"]
    assert resume(tmp_path).notice == ""


def test_an_unfinished_checkpoint_is_not_seen(tmp_path):
    checkpoint(saving.unfinished(tmp_path), 7)
    assert resume(tmp_path).checkpoint is None


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
    saved = tmp_path / "broken" / "work" / "checkpoint-4"
    (saved / "rng_state.pth").unlink()
    seal(saved)
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


def stop_at(last):
    return lambda step, *_: step == last and os.kill(os.getpid(), signal.SIGINT)


def cut_in_half(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flipped(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


DAMAGE = {
    "cut": cut_in_half,
    "emptied": lambda path: path.write_bytes(b""),
    "removed": lambda path: path.unlink(),
    "a pointer": lambda path: path.write_text("version https://git-lfs.github.com/spec/v1\n"),
    "flipped": flipped,
}
FILES = (
    "model.safetensors",
    "optimizer.pt",
    "scheduler.pt",
    "rng_state.pth",
    "trainer_state.json",
    "training_args.bin",
    "config.json",
    "log.jsonl",
    SEAL,
)


@pytest.fixture(scope="module")
def stopped(base, tmp_path_factory):
    """At step 4."""
    folder = tmp_path_factory.mktemp("stopped")
    with pytest.raises(KeyboardInterrupt):
        run_stage(base, folder, progress=stop_at(4))
    assert set(names(folder / "work" / "checkpoint-4")) >= set(FILES)
    return folder


class TestADamagedCheckpoint:
    """Any file of it, damaged in any way: the stage says so, and makes what it makes undamaged."""

    @pytest.mark.parametrize("sealed", [True, False])
    @pytest.mark.parametrize("kind", DAMAGE)
    @pytest.mark.parametrize("file", FILES)
    def test_is_found(self, stopped, tmp_path, file, kind, sealed):
        work = tmp_path / "work"
        shutil.copytree(stopped / "work", work)
        DAMAGE[kind](work / "checkpoint-4" / file)
        if not sealed:  # as an older version left it: as far as the form of a file shows
            (work / "checkpoint-4" / SEAL).unlink(missing_ok=True)
        found = resume(work)
        harmless = file == SEAL and (kind == "removed" or not sealed)
        unseen = not sealed and (
            kind == "flipped"
            or (kind == "removed" and file in ("training_args.bin", "config.json"))
            or file == "log.jsonl"
        )
        if harmless or unseen:
            assert found.checkpoint == work / "checkpoint-4" or kind == "flipped"
        else:
            assert found.checkpoint is None
            assert found.notice.startswith("the checkpoint of step 4 is damaged (")
            assert found.notice.endswith("; training starts again from the beginning")
            named = (file, "rng_state*", "*.safetensors", "not as it was written" if file == SEAL else file)
            assert any(name in found.notice for name in named)

    @pytest.mark.parametrize(("file", "kind"), [("optimizer.pt", "cut"), (SEAL, "emptied")])
    def test_and_none_before_it_is_begun_anew(self, base, unbroken, stopped, tmp_path, file, kind):
        shutil.copytree(stopped / "work", tmp_path / "work")
        DAMAGE[kind](tmp_path / "work" / "checkpoint-4" / file)
        told = []
        assert same(run_stage(base, tmp_path, progress=lambda *record: told.append(record)), unbroken)
        assert (told[0][0], list(told[0][2])) == (0, ["notice"])
        assert [record["step"] for _, _, record in told[1:]] == list(range(1, STEPS + 1))
        steps = [json.loads(line)["step"] for line in (tmp_path / "model" / "log.jsonl").open()]
        assert steps == list(range(1, STEPS + 1))

    def test_gives_way_to_the_one_before_it(self, base, unbroken, stopped, tmp_path):
        shutil.copytree(stopped / "work", tmp_path / "work")
        with pytest.raises(KeyboardInterrupt):
            run_stage(base, tmp_path, progress=stop_at(7))
        shutil.copytree(stopped / "work" / "checkpoint-4", tmp_path / "work" / "checkpoint-4")
        cut_in_half(tmp_path / "work" / "checkpoint-7" / "optimizer.pt")
        told = []
        assert same(run_stage(base, tmp_path, progress=lambda *record: told.append(record[2])), unbroken)
        assert told[0]["notice"].endswith("training resumes from step 4")
        assert told[1]["step"] == 5

    @pytest.mark.parametrize(
        ("file", "by", "said"),
        [
            ("optimizer.pt", "scheduler.pt", "does not fit the stage .*param_groups"),
            ("rng_state.pth", "scheduler.pt", "does not fit the stage .*python"),
            ("model.safetensors", None, "does not fit the stage .*it has weights called other"),
        ],
    )
    def test_of_an_older_version_with_files_of_something_else_is_a_sentence(
        self, base, stopped, tmp_path, file, by, said
    ):
        """Each has the form of its kind, and there are no checksums."""
        shutil.copytree(stopped / "work", tmp_path / "work")
        saved = tmp_path / "work" / "checkpoint-4"
        (saved / SEAL).unlink()
        if by:
            shutil.copy(saved / by, saved / file)
        else:
            save_file({"other": torch.zeros(2)}, saved / file)
        with pytest.raises(UserError, match=said) as caught:
            run_stage(base, tmp_path)
        assert str(saved) in str(caught.value)

    def test_what_is_in_the_way_of_a_new_one_goes(self, base, unbroken, stopped, tmp_path):
        shutil.copytree(stopped / "work", tmp_path / "work")
        saving.unfinished(tmp_path / "work").write_text("a file")
        assert same(run_stage(base, tmp_path, save_minutes=1e-9), unbroken)

    def test_a_log_beside_it_that_is_damaged_is_made_whole(self, base, unbroken, stopped, tmp_path):
        """The checkpoint has what was logged before it."""
        shutil.copytree(stopped / "work", tmp_path / "work")
        cut_in_half(tmp_path / "work" / "log.jsonl")
        assert same(run_stage(base, tmp_path), unbroken)
        steps = [json.loads(line)["step"] for line in (tmp_path / "model" / "log.jsonl").open()]
        assert steps == list(range(1, STEPS + 1))

    @pytest.mark.parametrize("kind", DAMAGE)
    def test_a_kept_model_beside_it_counts_as_well(self, base, unbroken, tmp_path, kind):
        with pytest.raises(KeyboardInterrupt):
            run_stage(base, tmp_path, checkpoint_steps=(2, 9), progress=stop_at(4))
        kept = saving.kept(tmp_path / "work", 2)
        assert resume(tmp_path / "work", (2, 9)).checkpoint is not None
        DAMAGE[kind](kept / "model.safetensors")
        told = []
        last = run_stage(
            base, tmp_path, checkpoint_steps=(2, 9), progress=lambda *record: told.append(record[2])
        )
        assert same(last, unbroken)
        assert "damaged (step-2: model.safetensors " in told[0]["notice"]
        assert not same(state(saving.kept(tmp_path / "model", 2)), unbroken)
        assert SEAL not in names(saving.kept(tmp_path / "model", 2))


class TestKeptSteps:
    """A model with dropout: were the random states disturbed, the last parameters would differ."""

    def test_are_the_model_of_that_step_and_change_nothing(self, base, unbroken, tmp_path):
        last = run_stage(base, tmp_path, checkpoint_steps=(0, 5, STEPS))
        assert same(last, unbroken)
        model = tmp_path / "model"
        assert sorted(path.name for path in model.iterdir() if path.is_dir()) == [
            "step-0",
            "step-12",
            "step-5",
        ]
        kept = {step: state(saving.kept(model, step)) for step in (0, 5, STEPS)}
        assert same(kept[0], state(base))
        assert same(kept[STEPS], last)
        assert not same(kept[5], kept[0])
        assert not same(kept[5], last)
        assert AutoTokenizer.from_pretrained(saving.kept(model, 5)).get_vocab()

    def test_outlive_a_kill(self, base, unbroken, tmp_path):
        whole, cut = tmp_path / "whole", tmp_path / "cut"
        run_stage(base, whole, checkpoint_steps=(2, 9))
        with pytest.raises(Terminated):
            run_stage(
                base,
                cut,
                checkpoint_steps=(2, 9),
                progress=lambda step, *_: step == 5 and os.kill(os.getpid(), signal.SIGTERM),
            )
        assert "step-2" in names(cut / "work")
        assert same(run_stage(base, cut, checkpoint_steps=(2, 9)), unbroken)
        for step in (2, 9):
            assert same(state(saving.kept(cut / "model", step)), state(saving.kept(whole / "model", step)))

    def test_of_adapters_are_whole_models(self, base, tmp_path):
        last = run_stage(base, tmp_path / "kept", checkpoint_steps=(0, STEPS), lora=Lora(rank=2, dropout=0.1))
        assert same(state(saving.kept(tmp_path / "kept" / "model", 0)), state(base))
        assert same(state(saving.kept(tmp_path / "kept" / "model", STEPS)), last)
        assert same(run_stage(base, tmp_path / "plain", lora=Lora(rank=2, dropout=0.1)), last)

    def test_that_the_stage_does_not_take_are_refused(self, base, tmp_path):
        with pytest.raises(UserError, match="checkpoint_steps has 99, but the stage takes 3 steps"):
            run_stage(base, tmp_path, steps=None, epochs=1, checkpoint_steps=(99,))


def state(folder):
    return AutoModelForCausalLM.from_pretrained(folder).state_dict()
