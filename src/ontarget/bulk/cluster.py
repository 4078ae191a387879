"""Translates shards on the machines of a Ray cluster.

Ray's actors, and not Ray Data: shards arrive in their order, so they go into the same journal as on one
machine, and a job may begin on a cluster and end on a laptop. Data between the stages of a pipeline, which
Ray Data holds, does not exist here.
"""

import logging
import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from ontarget.bulk.local import Advance, Translate, Workers
from ontarget.bulk.shards import Shard, TranslatedShard
from ontarget.checked.verdict import Checked
from ontarget.errors import UserError, counted

Failed = Callable[[Sequence[str]], Sequence[Checked]]
"""Makes the results for the texts of a shard that was given up: empty translations."""

_LOG = logging.getLogger(__name__)

_TRIES = 2  # of a shard
_STARTS = 4  # of a worker
_AHEAD = 4  # finished shards for each worker that may wait in memory for an earlier one


def on_ray(address: str | None, make: Callable[[], Translate], failed: Failed) -> Workers:
    """Workers on a Ray cluster: one for each GPU or, on machines without GPUs, one for each machine.

    A worker that dies is started again, unless its machine is gone, and its shard goes to the next worker
    that is free. A shard that fails twice is given up, so that one bad line does not stop a night's work.

    Args:
        address: of the cluster, such as `ray://head:10001`; None for `$RAY_ADDRESS` or this machine alone.
        make: makes the function that translates, for example loads a model, in the process of a worker.
        failed: makes the results of a shard that was given up.
    Raises:
        UserError: Ray is not installed, or there is no such cluster. While translating: all workers are
            gone, or a worker finds a mistake of the user.
    """
    ray = _ray()

    def work(shards: Iterator[Shard], progress: Advance) -> Iterator[TranslatedShard]:
        with _connected(ray, address):
            yield from _Pool(ray, _workers(ray, make), failed).translated(shards)

    return work


def _ray() -> Any:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is sent anywhere
    try:
        import ray
    except ModuleNotFoundError:
        raise UserError("--on ray needs Ray: pip install 'ontarget[ray]'") from None
    return ray


@contextmanager
def _connected(ray: Any, address: str | None) -> Iterator[None]:
    own = not ray.is_initialized()
    if own:
        try:
            dashboard = False if address is None else None
            ray.init(address, include_dashboard=dashboard, log_to_driver=False, logging_level=logging.ERROR)
        except (ConnectionError, ValueError, RuntimeError) as error:
            reason = str(error).strip().split("\n")[0]
            raise UserError(f"there is no Ray cluster at '{address or 'ray'}': {reason}") from None
    try:
        yield
    finally:
        if own:
            ray.shutdown()


class _Translator:
    """Runs in a process of its own, with a model of its own."""

    def __init__(self, make: Callable[[], Translate]) -> None:
        self._make = make

    def load(self) -> None:
        """Loads the model."""
        self._translate = self._make()

    def run(self, texts: Sequence[str]) -> tuple[Sequence[Checked], float]:
        """The translations, and the seconds that they took."""
        began = time.monotonic()
        results = self._translate(texts)
        return results, time.monotonic() - began


@dataclass(slots=True, eq=False)
class _Worker:
    """A place on a machine for a process that translates."""

    start: Callable[[], Any]  # starts the process, and returns its actor
    actor: Any = None
    starts: int = 0


def _workers(ray: Any, make: Callable[[], Translate]) -> list[_Worker]:
    """A worker for each GPU, and one for each machine that has only CPUs."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    workers = []
    for node in ray.nodes():
        gpus, cpus = int(node["Resources"].get("GPU", 0)), int(node["Resources"].get("CPU", 0))
        if not node["Alive"] or not (gpus or cpus):
            continue
        place = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
        options = {"num_gpus": 1, "num_cpus": 0} if gpus else {"num_cpus": cpus}
        actor = ray.remote(scheduling_strategy=place, **options)(_Translator)
        workers += [_Worker(partial(actor.remote, make)) for _ in range(gpus or 1)]
    if not workers:
        raise UserError("the Ray cluster has neither GPUs nor CPUs; start a worker with ray start")
    return workers


@dataclass(slots=True)
class _Task:
    """A shard, with its place in the order."""

    place: int
    shard: Shard
    tries: int = 0


class _Pool:
    """Workers, each with one shard at a time, and the order of the shards."""

    def __init__(self, ray: Any, workers: Sequence[_Worker], failed: Failed) -> None:
        self._ray, self._failed = ray, failed
        self._idle: list[_Worker] = []
        self._running: dict[Any, tuple[_Worker, _Task | None]] = {}  # None: it loads its model
        self._again: deque[_Task] = deque()
        self._done: dict[int, TranslatedShard] = {}
        self._ahead = _AHEAD * len(workers)
        for worker in workers:
            self._start(worker)

    def translated(self, shards: Iterator[Shard]) -> Iterator[TranslatedShard]:
        """The translated shards in order."""
        new = (_Task(place, shard) for place, shard in enumerate(shards))
        waiting: _Task | None = next(new, None)
        place = 0
        while waiting is not None or self._again or self._done or self._is_translating:
            while self._idle and self._again:
                self._give(self._again.popleft())
            while self._idle and waiting is not None and waiting.place < place + self._ahead:
                self._give(waiting)
                waiting = next(new, None)
            if place in self._done:
                yield self._done.pop(place)
                place += 1
            elif self._running:
                self._collect()
            else:
                raise UserError("all workers of the Ray cluster are gone; look at its log, and start others")

    @property
    def _is_translating(self) -> bool:
        return any(task is not None for _, task in self._running.values())

    def _start(self, worker: _Worker) -> None:
        worker.starts += 1
        worker.actor = worker.start()
        self._running[worker.actor.load.remote()] = (worker, None)

    def _give(self, task: _Task) -> None:
        worker = self._idle.pop(0)
        self._running[worker.actor.run.remote(task.shard.texts)] = (worker, task)

    def _collect(self) -> None:
        """Waits for a worker, and takes its results, or gives its shard to another one."""
        (finished, *_), _ = self._ray.wait(list(self._running), num_returns=1)
        worker, task = self._running.pop(finished)
        errors = self._ray.exceptions
        try:
            found = self._ray.get(finished)
        except errors.RayActorError as error:
            _LOG.warning("a worker of the Ray cluster died")
            if worker.starts < _STARTS:  # on a machine that is gone, it fails again, without a shard
                self._start(worker)
            self._retry(task, error)
        except errors.RayError as error:
            if isinstance(cause := getattr(error, "cause", None), UserError):
                raise cause from None
            if task is None:
                raise UserError(
                    f"a worker of the Ray cluster cannot load the model: {_reason(error)}"
                ) from None
            self._idle.append(worker)
            self._retry(task, error)
        else:
            self._idle.append(worker)
            if task is not None:
                self._done[task.place] = TranslatedShard(task.shard, *found)

    def _retry(self, task: _Task | None, error: Exception) -> None:
        if task is None:
            return
        task.tries += 1
        if task.tries < _TRIES:
            self._again.append(task)
            return
        reason = _reason(error)
        _LOG.warning("%s failed twice and are empty: %s", counted(len(task.shard.texts), "line"), reason)
        self._done[task.place] = TranslatedShard(task.shard, self._failed(task.shard.texts), 0.0, reason)


def _reason(error: Exception) -> str:
    return str(getattr(error, "cause", None) or error).strip().split("\n")[-1]
