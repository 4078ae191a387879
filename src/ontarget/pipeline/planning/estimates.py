"""The costs of the steps of plans on this machine, for some number of workers."""

from collections.abc import Sequence
from functools import cache, partial

from ontarget.pipeline.planning.cost import Cost, Estimator
from ontarget.pipeline.planning.pace import paces
from ontarget.pipeline.planning.plan import Plan
from ontarget.pipeline.planning.probe import probe
from ontarget.pipeline.planning.schedule import without_company
from ontarget.pipeline.planning.shelf import Shelf
from ontarget.pipeline.planning.step import Step
from ontarget.training.distributed.processes import gpus, threads_of_each


class Estimates:
    """Estimates costs.

    Args:
        there: artifacts of other runs, whose times correct the estimates.
        workers: the number of processes that make steps at the same time, with a share of the cores each.

    Attributes:
        at_full_speed: how many of these processes have a core or a GPU of their own.
    """

    def __init__(self, there: Shelf, workers: int) -> None:
        self.at_full_speed = min(workers, len(gpus()) or threads_of_each(1))
        self._workers = workers
        self._paces = cache(partial(paces, there))

    def costs(self, plan: Plan, steps: Sequence[Step]) -> dict[str, Cost]:
        """The cost of each step of a plan, by its id. A step that is made alone has all cores."""
        todo = [step for step in steps if step.todo]
        workers = min(self._workers, len(todo))  # a run starts no more
        share = threads_of_each(workers) if workers > 1 else None
        alone = without_company(todo)
        estimators = {
            threads: Estimator(plan, probe, self._paces(threads), threads) for threads in {None, share}
        }
        return {step.id: estimators[None if step.id in alone else share].cost(step) for step in steps}
