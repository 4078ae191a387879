"""Paces: what the records of finished steps say, whatever the run and the step are called."""

from pathlib import Path

import pytest
from tests.pipeline.conftest import fake_recipe

from ontarget.corpora.corpus import Corpus
from ontarget.hardware import machine_name
from ontarget.languages import Direction
from ontarget.pipeline.planning.artifacts import Made, Store
from ontarget.pipeline.planning.model_size import size_of
from ontarget.pipeline.planning.pace import correction, paces, work_record
from ontarget.pipeline.planning.plan import Plan
from ontarget.pipeline.planning.probe import Speeds
from ontarget.pipeline.planning.scored_text import ScoredText
from ontarget.pipeline.planning.shelf import shelf
from ontarget.pipeline.planning.work import Counter, Work
from ontarget.settings.model_shape import ModelShape

SHAPE = size_of(ModelShape())
SPEEDS = Speeds(trained=0.5, step=1.0, read=0.1, written=0.2, passed=0.0)


def record(kind: str, work: dict[str, object] | None) -> None:
    folder = Path("runs") / kind / "outputs" / "mt"
    with Store(Path("runs") / kind).writing("mt") as write:
        write("it-nl", [{"text": "x"}], Made(kind, 30.0, work=work))
    assert (folder / "ontarget.json").exists()


def test_the_record_of_a_step_teaches_another_run() -> None:
    counted = {"read": 100, "written": 50, "model": SHAPE.shape, "machine": machine_name()}
    record("one", counted)
    known = paces(shelf())
    assert known == {(False, SHAPE.shape): [(Work(read=100.0, written=50.0), 30.0)]}
    assert correction(known, "outputs", SHAPE, SPEEDS) == pytest.approx(30 / (0.1 * 100 + 0.2 * 50))
    assert correction(known, "model", SHAPE, SPEEDS) == 1.0


def test_the_time_of_a_busy_machine_does_not_count() -> None:
    counted = {"read": 100, "written": 50, "model": SHAPE.shape, "machine": machine_name(), "seconds": 20.0}
    record("one", counted)  # took 30 seconds
    assert paces(shelf()) == {(False, SHAPE.shape): [(Work(read=100.0, written=50.0), 20.0)]}


@pytest.mark.parametrize("change", [{"machine": "another"}, {"read": 0, "written": 0}])
def test_other_machines_and_empty_steps_teach_nothing(change: dict[str, object]) -> None:
    record("one", {"read": 100, "written": 50, "model": SHAPE.shape, "machine": machine_name()} | change)
    assert correction(paces(shelf()), "outputs", SHAPE, SPEEDS) == 1.0


def test_a_record_without_work_is_read_as_ever() -> None:
    record("one", None)
    assert paces(shelf()) == {}


def test_the_work_of_a_direction_looks_at_no_other(fake_corpus: Corpus) -> None:
    """It is counted for each of them, so looking at all would cost the square of their number."""
    plan = Plan(fake_recipe(), fake_corpus, Store(Path("runs/fake")))
    step = next(step for step in plan.everything() if step.id == "outputs/mt")
    work = Counter(plan).work(step, ["it-nl"])
    looked = list[Direction]()
    text = plan.texts[""]
    pairs = lambda direction: looked.append(direction) or text.pairs(direction)  # noqa: E731
    plan.__dict__["texts"] = {"": ScoredText("", {}, pairs)}
    counter = Counter(plan)
    assert (counter.work(step, ["it-nl"]), counter.lines(step, ["it-nl"])) == (work, 2)
    assert set(map(str, looked)) == {"it-nl"}


def test_the_work_of_parts_adds_up(fake_corpus: Corpus) -> None:
    plan = Plan(fake_recipe(), fake_corpus, Store(Path("runs/fake")))
    step = next(step for step in plan.everything() if step.id == "outputs/mt")
    counter = Counter(plan)
    parts = [work_record(counter, step, [part]) for part in step.todo]
    whole = work_record(counter, step, step.todo)
    assert whole is not None
    assert whole["model"] == SHAPE.shape
    for key in ("read", "written"):
        assert sum(part[key] for part in parts if part) == pytest.approx(whole[key], abs=len(parts))
