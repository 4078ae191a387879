"""When the steps of a run are made, and what they cost together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ontarget.pipeline.planning.cost import Cost
from ontarget.pipeline.planning.schedule import Total, timetable, total, without_company
from ontarget.pipeline.planning.step import Step

NEEDS = {"base": (), "mt": ("base",), "lat": ("mt",), "post-ins": ("base",), "scores": ("lat", "post-ins")}
SECONDS = {"base": 10.0, "mt": 5.0, "lat": 3.0, "post-ins": 6.0, "scores": 1.0}


def steps(needs: dict[str, tuple[str, ...]]) -> list[Step]:
    ids = {name: tuple(f"model/{need}" for need in of) for name, of in needs.items()}
    return [Step("model", name, {}, ("all",), {}, of) for name, of in ids.items()]


def costs(seconds: dict[str, float], memory: float = 2.0) -> dict[str, Cost]:
    return {f"model/{name}": Cost(taken, memory, 1.0) for name, taken in seconds.items()}


def test_a_step_begins_when_its_needs_are_made_and_a_worker_is_idle() -> None:
    times = timetable(steps(NEEDS), {f"model/{name}": s for name, s in SECONDS.items()}, 2)
    assert times == {
        "model/base": (0.0, 10.0),
        "model/mt": (10.0, 15.0),
        "model/post-ins": (10.0, 16.0),
        "model/lat": (15.0, 18.0),
        "model/scores": (18.0, 19.0),
    }


@pytest.mark.parametrize(("workers", "seconds", "memory"), [(1, 25.0, 2.0), (2, 19.0, 4.0), (9, 19.0, 4.0)])
def test_steps_at_the_same_time_take_less_time_and_more_memory(
    workers: int, seconds: float, memory: float
) -> None:
    assert total(steps(NEEDS), costs(SECONDS), workers) == Total(seconds, memory, 5.0, complete=True)


def test_workers_beyond_the_cores_need_memory_and_save_no_time() -> None:
    assert total(steps(NEEDS), costs(SECONDS), 2, 1) == Total(25.0, 4.0, 5.0, complete=True)


def test_a_step_of_unknown_cost_leaves_the_total_open() -> None:
    known = costs(SECONDS) | {"model/lat": Cost(None, None, None)}
    assert total(steps(NEEDS), known, 1) == Total(22.0, 2.0, 4.0, complete=False)
    assert total([], {}, 2) == Total()


def test_what_comes_after_adds_its_time_and_needs_its_own_memory() -> None:
    both = Total(5.0, 3.0, 1.0).then(Total(2.0, 7.0, 1.0, complete=False))
    assert both == Total(7.0, 7.0, 2.0, complete=False)


def test_steps_that_all_others_wait_for_have_no_company() -> None:
    assert without_company(steps(NEEDS)) == {"model/base", "model/scores"}
    assert without_company(steps({"mt": ("base",), "lat": ("base",)})) == set()  # base is made already


@given(
    needs=st.lists(st.sets(st.integers(0, 9)), min_size=1, max_size=10),
    seconds=st.lists(st.integers(0, 20), min_size=10, max_size=10),
    workers=st.integers(1, 4),
)
def test_no_worker_makes_two_steps_and_none_waits_without_need(
    needs: list[set[int]], seconds: list[int], workers: int
) -> None:
    """A schedule by a list takes at most twice as long as the best one (Graham 1966)."""
    earlier = {str(n): tuple(str(of) for of in some if of < n) for n, some in enumerate(needs)}
    todo, taken = steps(earlier), {f"model/{n}": float(s) for n, s in enumerate(seconds)}
    times = timetable(todo, taken, workers)
    assert {id: end - begin for id, (begin, end) in times.items()} == {s.id: taken[s.id] for s in todo}
    for step in todo:
        begin, _ = times[step.id]
        assert all(times[need][1] <= begin for need in step.needs)
        assert sum(b <= begin < e for b, e in times.values()) <= workers
    longest = dict[str, float]()
    for step in todo:
        longest[step.id] = taken[step.id] + max((longest[need] for need in step.needs), default=0.0)
    bound = max(max(longest.values()), sum(taken[step.id] for step in todo) / workers)
    assert bound <= max(end for _, end in times.values()) <= (2 - 1 / workers) * bound
