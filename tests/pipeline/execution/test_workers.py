"""Steps in several processes, with a stand-in for these: which begin when, where, and how they end."""

import json
import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ontarget.errors import UserError
from ontarget.pipeline.execution import workers
from ontarget.pipeline.execution.progress import Advance
from ontarget.pipeline.execution.workers import make_together
from ontarget.pipeline.planning.step import Step
from ontarget.signals import Terminated

STEPS = {
    "model/base": (),
    "model/mt": ("model/base",),
    "model/post-ins": ("model/base",),
    "outputs/mt": ("model/mt",),
    "outputs/ptl": ("model/mt",),
    "outputs/post-ins": ("model/post-ins",),
    "scores/scores.json": ("outputs/mt", "outputs/ptl", "outputs/post-ins"),
    "report/report.html": ("scores/scores.json",),
}
STAND_IN = """
import json, os, sys, time
def say(*words): print(json.dumps({"ontarget": words}), flush=True)
def note(what):
    with open(log, "a") as file:
        file.write(json.dumps([what, os.getpid(), threads, os.environ.get("CUDA_VISIBLE_DEVICES")]) + "\\n")
def noted(what): return os.path.exists(log) and f'["{what}"' in open(log).read()
log = os.path.join(json.load(open(sys.argv[1]))["directory"], "log")
for line in sys.stdin:
    order = json.loads(line)
    if "signal" in order:
        say("stopped", None)
        continue
    step, threads = order["step"]["kind"] + "/" + order["step"]["name"], order["threads"]
    note(f"begin {step}")
    say("task", step)
"""
MADE = """
    say("advance", [1, 2, "half"])
    note(f"end {step}")
    say("task done", None)
    say("made", None)
"""


class Listener:
    """Keeps what is said, from several threads."""

    def __init__(self) -> None:
        self.said: list[Any] = []
        self.at_end: list[str] = []

    def say(self, line: str) -> None:
        self.said.append(line)

    @contextmanager
    def task(self, what: str) -> Iterator[Advance]:
        yield lambda *progress: self.said.append(progress)
        self.at_end.append(what)


def step(id: str, needs: tuple[str, ...] = ()) -> Step:
    kind: Any
    kind, name = id.split("/")
    return Step(kind, name, {}, ("all",), {}, needs)


class Bench:
    """Makes `STEPS`, each by a program of the stand-in."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.patch, self.listener = folder, monkeypatch, Listener()

    def make(self, program: str = MADE, count: int = 2) -> list[str]:
        self.patch.setattr(workers, "_COMMAND", [sys.executable, "-c", STAND_IN + program])
        models = {"ptl": "mt"}
        recipe = SimpleNamespace(settings=dict, model_of=lambda system: models.get(system, system))
        plan: Any = SimpleNamespace(recipe=recipe, store=SimpleNamespace(directory=self.folder))
        todo = [step(id, needs) for id, needs in STEPS.items()]
        return [made.id for made in make_together(plan, todo, count, self.listener)]

    def log(self) -> list[tuple[str, int, int | None, str | None]]:
        return [tuple(json.loads(line)) for line in (self.folder / "log").read_text().splitlines()]


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setenv("OMP_NUM_THREADS", "6")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return Bench(tmp_path, monkeypatch)


def test_each_step_begins_after_those_that_it_needs(bench: Bench) -> None:
    made = bench.make()
    assert sorted(made) == sorted(STEPS)
    events = [what for what, *_ in bench.log()]
    for step, needs in STEPS.items():
        for need in needs:
            assert events.index(f"end {need}") < events.index(f"begin {step}")
            assert made.index(need) < made.index(step)
    assert bench.listener.said == [(1, 2, "half")] * len(STEPS)
    assert sorted(bench.listener.at_end) == sorted(STEPS)


def test_independent_steps_are_made_at_the_same_time_with_a_share_of_the_cores(bench: Bench) -> None:
    meet = """
    other = {"model/mt": "model/post-ins", "model/post-ins": "model/mt"}.get(step)
    while other and not noted(f"begin {other}"):
        time.sleep(0.01)
"""
    bench.make(meet + MADE)
    threads = {what.removeprefix("begin "): count for what, _, count, _ in bench.log() if "begin" in what}
    assert threads == dict.fromkeys(STEPS, 3) | dict.fromkeys(
        ("model/base", "scores/scores.json", "report/report.html")  # None: as many as torch takes
    )


def test_a_loaded_model_translates_again_but_training_comes_first() -> None:
    plan: Any = SimpleNamespace(recipe=SimpleNamespace(model_of=lambda system: system.partition("-")[0]))
    idle: Any = [SimpleNamespace(model=None), SimpleNamespace(model="mt"), SimpleNamespace(model="base")]
    lat, base, mt = step("model/lat"), step("outputs/base-2"), step("outputs/mt-2")
    assert workers._match(plan, idle, [base, mt]) == (idle[1], mt)
    assert workers._match(plan, idle[::2], [base, mt]) == (idle[2], base)
    assert workers._match(plan, idle[:1], [base, mt]) == (idle[0], base)
    assert workers._match(plan, idle, [lat, base, mt]) == (idle[0], lat)


def test_each_process_has_a_gpu_of_its_own(bench: Bench) -> None:
    pytest.importorskip("torch")
    bench.patch.setattr("ontarget.hardware.gpu_count", lambda: 3)
    bench.make()
    assert {gpu for *_, gpu in bench.log()} == {"0", "1"}
    (bench.folder / "log").unlink()
    bench.patch.setenv("CUDA_VISIBLE_DEVICES", "5")
    bench.make()
    assert {gpu for *_, gpu in bench.log()} == {"5"}


def test_after_a_mistake_nothing_begins_and_the_others_stop(bench: Bench) -> None:
    fail = """
    if step == "model/post-ins":
        while not noted("begin model/mt"):
            time.sleep(0.01)
        say("error", "no such model")
        continue
    if step == "model/mt":
        continue  # until it is told to stop
"""
    with pytest.raises(UserError, match=r"^no such model$"):
        bench.make(fail + MADE)
    begun = Counter(what for what, *_ in bench.log() if "begin" in what)
    assert set(begun) == {"begin model/base", "begin model/mt", "begin model/post-ins"}
    assert bench.listener.at_end == ["model/base"]


def test_a_killed_process_is_one_sentence(bench: Bench) -> None:
    with pytest.raises(
        UserError, match=r"the process that made model/base has ended \(SIGKILL\); .*--workers"
    ):
        bench.make("    os.kill(os.getpid(), 9)\n")
    with pytest.raises(UserError, match=r"\(exit code 1\)"):
        bench.make("    1 / 0\n")


def when_begun(bench: Bench, step: str, *numbers: int) -> None:
    """Sends signals to this process when a step has begun."""

    def send() -> None:
        deadline = time.monotonic() + 60
        log = bench.folder / "log"
        while not (log.exists() and f"begin {step}" in log.read_text()) and time.monotonic() < deadline:
            time.sleep(0.01)
        for number in numbers:
            os.kill(os.getpid(), number)
            time.sleep(0.1)

    threading.Thread(target=send, daemon=True).start()


@pytest.mark.parametrize(
    ("number", "kind"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated)]
)
def test_a_request_to_stop_reaches_the_processes_which_take_their_time(
    bench: Bench, number: int, kind: type
) -> None:
    when_begun(bench, "model/base", number)
    with pytest.raises(KeyboardInterrupt) as caught:
        bench.make("    continue\n")
    assert caught.type is kind
    assert len(bench.log()) == 1


def test_a_second_ctrl_c_does_not_wait_and_leaves_no_one_behind(bench: Bench) -> None:
    when_begun(bench, "model/base", signal.SIGINT, signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        bench.make("    time.sleep(600)\n")
    with pytest.raises(ProcessLookupError):
        os.kill(bench.log()[0][1], 0)
