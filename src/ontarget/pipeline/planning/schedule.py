"""When the steps of a run are made, if several workers make them: for the totals of `--plan`.

`execution/workers.py` makes them in the same order, except that it prefers a worker that has loaded a model.
"""

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ontarget.pipeline.planning.cost import Cost
from ontarget.pipeline.planning.step import Step


@dataclass(frozen=True, slots=True)
class Total:
    """The cost of several steps.

    Attributes:
        seconds: elapsed time of the steps whose time is known.
        memory: maximum memory, in bytes, of the steps that are made at the same time.
        disk: bytes that the steps add.
        complete: whether the cost of each step is known.
    """

    seconds: float = 0.0
    memory: float = 0.0
    disk: float = 0.0
    complete: bool = True

    def then(self, other: "Total") -> "Total":
        """The cost of these steps, and of others after them."""
        return Total(
            self.seconds + other.seconds,
            max(self.memory, other.memory),
            self.disk + other.disk,
            self.complete and other.complete,
        )


def total(
    todo: Sequence[Step], costs: Mapping[str, Cost], workers: int, at_full_speed: int | None = None
) -> Total:
    """The cost of steps that a number of workers make.

    Args:
        todo: the steps, in an order in which they can be made.
        costs: the cost of each, by its id.
        workers: the number of workers.
        at_full_speed: how many of them have a core or a GPU of their own; default: all. More of them need
            more memory, but no less time.
    """
    seconds = {step.id: costs[step.id].seconds or 0.0 for step in todo}
    ends = [end for _, end in timetable(todo, seconds, min(workers, at_full_speed or workers)).values()]
    times = timetable(todo, seconds, workers)
    at_once = (
        sum(costs[id].memory or 0.0 for id, (begin, end) in times.items() if begin <= moment < end)
        for moment, _ in times.values()
    )
    return Total(
        max(ends, default=0.0),
        max(at_once, default=0.0),
        sum(costs[step.id].disk or 0.0 for step in todo),
        all(None not in (costs[step.id].seconds, costs[step.id].disk) for step in todo),
    )


def timetable(
    todo: Sequence[Step], seconds: Mapping[str, float], workers: int
) -> dict[str, tuple[float, float]]:
    """The id of each step -> when it begins and ends, in seconds.

    A worker that is idle takes the first step whose needs are made.
    """
    waiting, running = list(todo), list[tuple[float, str]]()
    times, unmade, now = dict[str, tuple[float, float]](), {step.id for step in todo}, 0.0
    while waiting or running:
        for step in [step for step in waiting if not unmade.intersection(step.needs)]:
            if len(running) == workers:
                break
            waiting.remove(step)
            times[step.id] = now, now + seconds[step.id]
            heapq.heappush(running, (now + seconds[step.id], step.id))
        now, made = heapq.heappop(running)
        unmade.remove(made)
    return times


def without_company(todo: Sequence[Step]) -> set[str]:
    """The ids of steps that all others come before or after, so that they have all cores."""
    before = dict[str, set[str]]()
    for step in todo:
        before[step.id] = {step.id}.union(*(before[need] for need in step.needs if need in before))
    return {
        step.id
        for step in todo
        if all(other.id in before[step.id] or step.id in before[other.id] for other in todo)
    }
