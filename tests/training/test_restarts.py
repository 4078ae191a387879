"""kill -9 at ten random moments: the parameters are those of a run that nothing happened to."""

import json
import multiprocessing
import random
import time
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from tests.training.small import run_stage, small_base  # noqa: E402

STEPS, KILLS, SECONDS = 60, 10, 120


def attempt(base: Path, folder: Path, save_minutes: float) -> None:
    torch.set_num_threads(1)
    torch.save(run_stage(base, folder, steps=STEPS, save_minutes=save_minutes), folder / "parameters.pt")


def steps_done(folder: Path) -> int:
    log = folder / "work" / "log.jsonl"
    lines = log.read_text().splitlines(keepends=True) if log.exists() else []
    return max((json.loads(line)["step"] for line in lines if line.endswith("\n")), default=0)


@pytest.mark.slow
def test_ten_kills_change_nothing(tmp_path: Path) -> None:
    """Each attempt is forked from a server that has torch loaded already, and has not used it."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.training.small"])
    base, moments = small_base(tmp_path / "base"), random.Random(9)
    for name, kills, save_minutes in (("unbroken", 0, 5.0), ("killed", KILLS, 1e-9)):
        folder = tmp_path / name
        folder.mkdir()
        for _ in range(kills):
            process = context.Process(target=attempt, args=(base, folder, save_minutes))
            process.start()
            kill_after(process, folder, steps_done(folder) + moments.randrange(2, 5), moments.random())
        process = context.Process(target=attempt, args=(base, folder, save_minutes))
        process.start()
        process.join(SECONDS)
        assert process.exitcode == 0
        log = (folder / "model" / "log.jsonl").read_text().splitlines()
        assert [json.loads(line)["step"] for line in log] == list(range(1, STEPS + 1))
    unbroken, killed = (torch.load(tmp_path / name / "parameters.pt") for name in ("unbroken", "killed"))
    assert unbroken
    assert all(torch.equal(unbroken[name], killed[name]) for name in unbroken)


def kill_after(process: Any, folder: Path, step: int, share: float) -> None:
    """Kills this share of a step's time after a step was logged: while it saves, or in the next."""
    deadline, changed, took, seen = time.monotonic() + SECONDS, time.monotonic(), 0.0, steps_done(folder)
    while seen < step:
        assert process.is_alive(), "it ended before it was killed"
        assert time.monotonic() < deadline
        time.sleep(0.001)
        if (done := steps_done(folder)) != seen:
            now = time.monotonic()
            seen, took, changed = done, now - changed, now
    time.sleep(share * took)
    process.kill()
    process.join()
