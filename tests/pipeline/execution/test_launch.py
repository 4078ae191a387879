"""Processes of a stage: what starts them, what they say, how they end. Mostly with a stand-in for them."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ontarget.errors import UserError
from ontarget.pipeline.execution import launch
from ontarget.pipeline.execution.launch import Launch
from ontarget.pipeline.run import make_plan, train
from ontarget.signals import Terminated

COUNTS = {"steps": 3}


def run(program: str, update=lambda *_: None) -> dict[str, int]:
    """`program` speaks for the workers."""
    says = "import json, os, sys, time\ndef say(*x): print(json.dumps({'ontarget': x}), flush=True)\n"
    return launch._run([sys.executable, "-c", says + program], dict(os.environ), update)


def test_progress_is_passed_on_and_counts_come_back() -> None:
    seen: list[object] = []
    program = f"say('progress', [1, 3, {{'likelihood': 2.5}}])\nprint('noise')\nsay('counts', {COUNTS})"
    assert run(program, lambda *progress: seen.append(progress)) == COUNTS
    assert seen == [(1, 3, {"likelihood": 2.5})]


def test_a_users_mistake_is_the_first_one_said() -> None:
    with pytest.raises(UserError, match=r"^no such model$"):
        run("say('error', 'no such model')\nsay('error', 'another')\nsys.exit(1)")


def test_a_failure_shows_what_was_written() -> None:
    with pytest.raises(RuntimeError, match=r"(?s)processes failed.*ZeroDivisionError"):
        run("1 / 0")
    with pytest.raises(RuntimeError, match="processes failed"):
        run("pass")  # ended well, and said nothing


@pytest.mark.parametrize(
    ("number", "kind"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated)]
)
def test_a_request_to_stop_reaches_the_workers_which_take_their_time(number: int, kind: type) -> None:
    program = "say('progress', [1, 3, {}])\nn = int(sys.stdin.readline())\nsay('stopped', n)\nsys.exit(1)"
    with pytest.raises(KeyboardInterrupt) as caught:
        run(program, lambda *_: os.kill(os.getpid(), number))
    assert caught.type is kind


def test_a_second_ctrl_c_does_not_wait_and_leaves_no_one_behind(tmp_path: Path) -> None:
    program = f"open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))\nsay('progress', [1, 3, {{}}])\n"
    program += "time.sleep(600)"

    def twice(*_: object) -> None:
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        run(program, twice)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_threads_are_shared_out_unless_the_user_did(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(16)), raising=False)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert Launch(4).environment()["OMP_NUM_THREADS"] == "4"
    assert Launch(32).environment()["OMP_NUM_THREADS"] == "1"
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    assert Launch(4).environment()["OMP_NUM_THREADS"] == "7"


def test_the_command_is_torchruns() -> None:
    here = Launch(2).command(Path("job.json"))
    assert here[:3] == [sys.executable, "-m", "torch.distributed.run"]
    assert {"--nproc-per-node=2", "--standalone"} <= set(here)
    assert here[-3:] == ["-m", "ontarget.pipeline.execution.worker", "job.json"]
    there = Launch(8, machines=2, machine_rank=1, main_address="node0:29500").command(Path("job.json"))
    assert {"--nnodes=2", "--node-rank=1", "--master-addr=node0", "--master-port=29500"} <= set(there)
    assert "--standalone" not in there


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"machines": 2, "machine_rank": 2, "main_address": "a:1"}, "ranks count from 0"),
        ({"machine_rank": 1}, "ranks count from 0"),
        ({"machines": 2}, "need --main-address HOST:PORT"),
        ({"machines": 2, "main_address": "node0"}, "need --main-address HOST:PORT"),
        ({"machines": 2, "main_address": "node0:port"}, "need --main-address HOST:PORT"),
    ],
)
def test_numbers_that_do_not_belong_together(settings: dict[str, object], message: str) -> None:
    with pytest.raises(UserError, match=message):
        Launch(**settings)


def test_one_process_is_not_launched() -> None:
    assert Launch().alone
    assert not Launch(2).alone
    assert not Launch(1, machines=2, main_address="a:1").alone


TINY = {
    "corpus.phrasebook.tuples": 120,
    "languages": ["en", "it", "nl"],
    "stages.base.model": {"vocabulary": 600, "hidden": 32, "layers": 1, "heads": 2, "intermediate": 64},
    "stages.base.tuning": {
        "max_steps": 6,
        "global_batch_size": 8,
        "learning_rate": 1e-2,
        "precision": "fp32",
    },
}


def command(folder: Path, stage: str = "base", **changes: object) -> list[str]:
    overrides = [f"{key}={json.dumps(value)}" for key, value in (TINY | changes).items()]
    begin = [sys.executable, "-m", "ontarget", "train", "phrasebook-tiny", stage, "--processes", "2"]
    return [*begin, "--directory", str(folder), *overrides]


def logged(folder: Path, stage: str, name: str) -> list[float]:
    log = (folder / "models" / stage / "log.jsonl").read_text().splitlines()
    return [record[name] for line in log if name in (record := json.loads(line))]


@pytest.mark.slow
def test_two_processes_of_the_command_line_do_what_one_does(tmp_path: Path) -> None:
    """The whole way through torchrun; one process is here."""
    pytest.importorskip("torch")
    from safetensors.torch import load_file

    one, two = tmp_path / "one", tmp_path / "two"
    done = subprocess.run(command(two), capture_output=True, encoding="utf-8", timeout=600, check=False)
    assert (done.returncode, done.stdout) == (0, f"{two}/models/base\n"), done.stderr
    assert "training base: done" in done.stderr
    train(make_plan("phrasebook-tiny", TINY, one), "base")
    ours, theirs = (logged(folder, "base", "likelihood") for folder in (one, two))
    assert theirs == pytest.approx(ours, abs=1e-4)
    weights = [load_file(folder / "models" / "base" / "model.safetensors") for folder in (one, two)]
    # Adam turns a rounding error in a gradient that is almost zero into a part of the learning rate, 1e-2.
    assert all((weights[0][name] - weights[1][name]).abs().max() < 2e-4 for name in weights[0])
    assert json.loads((two / "models" / "base" / "ontarget.json").read_text())["steps"] == 6


@pytest.mark.slow
def test_two_processes_judge_a_stage_as_one_does(tmp_path: Path) -> None:
    """The first of them asks the model, the others wait for what it found; both keep the same step."""
    pytest.importorskip("torch")
    judged = {
        "stages.mt.samples": 24,
        "stages.mt.tuning": TINY["stages.base.tuning"],
        "stages.mt.evaluation": {"every": 3, "lines": 2, "best": "supervised_bleu"},
        "decoding.max_new_tokens": 8,
    }
    one, two = tmp_path / "one", tmp_path / "two"
    both = command(two, "mt", **judged)
    done = subprocess.run(both, capture_output=True, encoding="utf-8", timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    train(make_plan("phrasebook-tiny", TINY | judged, one), "mt")
    for name in ("zero_shot_otr", "supervised_bleu"):
        ours, theirs = (logged(folder, "mt", name) for folder in (one, two))
        assert len(ours) == 2
        assert theirs == pytest.approx(ours, abs=1e-4)
    kept = [
        json.loads((folder / "models" / "mt" / "ontarget.json").read_text())["kept"] for folder in (one, two)
    ]
    assert kept[0] == kept[1]


@pytest.mark.slow
def test_ctrl_c_ends_all_processes_with_a_checkpoint(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    tuning = {"max_steps": 2_000, "global_batch_size": 8, "learning_rate": 1e-2, "precision": "fp32"}
    endless = command(tmp_path, **{"stages.base.tuning": tuning})
    with subprocess.Popen(endless, stderr=subprocess.PIPE, encoding="utf-8") as process:
        deadline = time.monotonic() + 600
        # It has a record once a step was taken; before that there is nothing to save.
        while not any(log.stat().st_size for log in tmp_path.glob("models/.base.progress-*/log.jsonl")):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=600)
    assert process.returncode == 130, errors
    assert "run the same command again to resume" in errors
    assert len(list(tmp_path.glob("models/.base.progress-*/checkpoint-*/trainer_state.json"))) == 1
