"""A whole `ontarget run`, seconds-sized: killed in the middle of a stage and run again, with
several workers, it ends the same.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("torch")

TINY = {
    "corpus.phrasebook.tuples": 120,
    "test_lines": 2,
    "stages.base.model": {"vocabulary": 600, "hidden": 32, "layers": 1, "heads": 2, "intermediate": 64},
    "stages.base.tuning": {"max_steps": 10, "global_batch_size": 8, "learning_rate": 1e-2},
    "stages.mt.tuning": {
        "max_steps": 60,
        "global_batch_size": 8,
        "learning_rate": 1e-2,
        "save_minutes": 1e-6,
    },
    "stages.mt.samples": 64,
    "stages.post-ins": None,
    "stages.lat": None,
    "systems": ["mt", "contrastive", "ontarget", "ontarget-any", "pivot"],
    "decoding": {"num_beams": 2, "max_new_tokens": 8},
} | {
    f"stages.{stage}.{key}": value
    for stage in ("ontarget-any", "ontarget")
    for key, value in (("samples", 8), ("tuning.max_steps", 2), ("tuning.global_batch_size", 4))
}
SECONDS = 300


def start(folder: Path, *more: str) -> subprocess.Popen[bytes]:
    overrides = [f"{key}={json.dumps(value)}" for key, value in TINY.items()]
    command = [
        sys.executable,
        "-m",
        "ontarget",
        "run",
        "phrasebook-tiny",
        "--directory",
        str(folder),
        *more,
        *overrides,
    ]
    return subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ | {"OMP_NUM_THREADS": "1"})


def finish(process: subprocess.Popen[bytes]) -> str:
    output, _ = process.communicate(timeout=SECONDS)
    assert process.returncode == 0
    return output.decode("utf-8")


def kill_in_stage(process: subprocess.Popen[bytes], folder: Path, stage: str) -> None:
    """Kills the run, without a chance to tidy up, once the stage has a checkpoint to go on from."""
    pattern = f"models/.{stage}.progress-*/checkpoint-*/trainer_state.json"
    deadline = time.monotonic() + SECONDS
    while not any(folder.glob(pattern)):
        assert process.poll() is None, f"the run ended before {stage} had a checkpoint"
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()


def texts(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text(encoding="utf-8")
        for test in (folder, folder / "everyday")
        for path in [*test.glob("outputs/*/*.jsonl"), test / "scores.json"]
    }


@pytest.mark.slow
def test_a_killed_run_of_two_workers_ends_in_the_scores_of_an_unbroken_one(tmp_path: Path) -> None:
    unbroken, killed = tmp_path / "unbroken", tmp_path / "killed"
    table = finish(start(unbroken))
    assert "ontarget-any" in table
    assert len(texts(unbroken)) == 5 * 12 + 1 + 5 * 6 + 1
    assert "Second test, everyday sentences" in table
    size = 600 * 32 + 4 * 32**2 + 3 * 32 * 64 + 3 * 32  # embeddings, attention, MLP and norms
    assert f"Base model: {size:,} parameters." in table
    assert 'id="second"' in (unbroken / "report.html").read_text(encoding="utf-8")
    assert (unbroken / "report.html").stat().st_size > 10_000

    process = start(killed, "--workers", "2")
    kill_in_stage(process, killed, "mt")
    assert (killed / "models" / "base").is_dir()
    assert not (killed / "models" / "mt").exists()
    finish(start(killed, "--workers", "2"))
    assert texts(killed) == texts(unbroken)
    assert not list(killed.glob("models/.*"))
    for record in ("models/mt", "models/ontarget"):  # so that `--plan` learns from it
        work = json.loads((killed / record / "ontarget.json").read_text())["work"]
        assert work["machine"].endswith(", 1 threads")

    before = {path: path.stat().st_mtime_ns for path in killed.rglob("*") if path.name != ".lock"}
    assert finish(start(killed)) == table.replace(str(unbroken), str(killed))
    assert {path: path.stat().st_mtime_ns for path in killed.rglob("*") if path.name != ".lock"} == before
