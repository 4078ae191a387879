"""A worker lives as long as whoever started it, and does what it is told."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.pipeline.conftest import Workshop, fake_recipe

from ontarget.errors import UserError
from ontarget.pipeline.execution import worker
from ontarget.signals import Terminated

WATCH = "from ontarget.pipeline.execution.worker import _obey\nprint('here', flush=True)\n_obey({reads})"


def watching(reads: bool) -> subprocess.Popen[str]:
    program = WATCH.format(reads=reads)
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "here\n"
    return process


@pytest.mark.parametrize("reads", [True, False])
def test_a_worker_ends_when_its_standard_input_does(reads: bool) -> None:
    process = watching(reads)
    assert process.poll() is None
    process.communicate(timeout=60)
    assert process.returncode == 1


def test_a_number_on_standard_input_is_a_signal() -> None:
    process = watching(reads=True)
    process.communicate(f"{int(signal.SIGTERM)}\n", timeout=60)
    assert process.returncode == -signal.SIGTERM


@pytest.fixture
def job(corpus_files: Path, workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of the first process of two; what torch would do is done by the workshop."""
    monkeypatch.setattr(worker.threading.Thread, "start", lambda self: None)
    monkeypatch.setenv("LOCAL_RANK", "0")
    path = corpus_files / "job.json"
    folders = {name: str(corpus_files / name) for name in ("folder", "work", "directory")}
    job = {"recipe": fake_recipe().settings(), "stage": "base", "start": None, **folders}
    path.write_text(json.dumps(job))
    (corpus_files / "folder").mkdir()
    monkeypatch.setattr(sys, "argv", ["worker", str(path)])
    return path


def told(capfd: pytest.CaptureFixture[str]) -> list[list[object]]:
    return [json.loads(line)["ontarget"] for line in capfd.readouterr().out.splitlines()]


def test_it_makes_the_model_and_tells_how_it_gets_on(
    job: Path, workshop: Workshop, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    torch = pytest.importorskip("torch")
    monkeypatch.setattr(torch.distributed, "destroy_process_group", lambda: None)
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "2")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    worker.main()
    assert workshop.trained == ["base"]
    (progress, [step, steps, record]), (counts, values) = told(capfd)
    assert (progress, step, steps, counts) == ("progress", 1, 1, "counts")
    assert record["likelihood"] == 1.5
    assert values["dropped"] == 3


def test_more_processes_than_gpus_are_refused(job: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "3")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with pytest.raises(UserError, match="--processes is 3, but this machine has 2 GPUs"):
        worker._train({})


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (UserError("no such model"), ["error", "no such model"]),
        (KeyboardInterrupt(), ["stopped", 2]),
        (Terminated(), ["stopped", 15]),
    ],
)
def test_what_ends_it_is_told(
    job: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    message: list[object],
) -> None:
    def fail(job: object) -> None:
        raise error

    monkeypatch.setattr(worker, "_train", fail)
    with pytest.raises(SystemExit) as left:
        worker.main()
    assert left.value.code == 1
    assert told(capfd) == [message]
