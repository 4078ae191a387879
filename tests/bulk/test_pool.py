"""The order, deaths and retries of workers on a cluster, with a Ray that has neither processes nor time."""

import random
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.bulk.conftest import DIRECTION, Upper

from ontarget.bulk.cluster import _Pool, _Worker
from ontarget.bulk.shards import Shard
from ontarget.checked.verdict import Checked, Verdict
from ontarget.errors import UserError
from ontarget.translation.hypothesis import Hypothesis


class RayError(Exception):
    cause: Exception | None = None


class RayActorError(RayError):
    pass


class RayTaskError(RayError):
    def __init__(self, cause: Exception) -> None:
        super().__init__(f"Traceback\n{cause}")
        self.cause = cause


class FakeRay:
    """Calls of actors finish in any order: `wait` draws one."""

    exceptions = SimpleNamespace(RayError=RayError, RayActorError=RayActorError)

    def __init__(self, seed: int = 0) -> None:
        self._draw = random.Random(seed)

    def wait(self, calls: list[Any], num_returns: int) -> tuple[list[Any], list[Any]]:
        return [self._draw.choice(calls)], []

    def get(self, call: Callable[[], Any]) -> Any:
        return call()


class Actor:
    """An actor; its machine is gone once `deaths` holds -1, and its process dies `deaths[0]` times."""

    def __init__(self, translate: Upper, deaths: list[int]) -> None:
        self._translate, self._deaths, self._dead = translate, deaths, False
        self.load = SimpleNamespace(remote=lambda: self._load)
        self.run = SimpleNamespace(remote=lambda texts: lambda: self._run(texts))

    def _load(self) -> None:
        if self._deaths[0] < 0:
            raise RayActorError("the machine is gone")

    def _run(self, texts: Sequence[str]) -> tuple[Sequence[Checked], float]:
        assert not self._dead, "a dead process got a shard"
        if self._deaths[0]:
            self._dead = True
            self._deaths[0] -= self._deaths[0] > 0
            raise RayActorError("the process died")
        try:
            return self._translate(texts), 1.0
        except Exception as error:
            raise RayTaskError(error) from None


def empty(texts: Sequence[str]) -> list[Checked]:
    verdict = Verdict("unsure", "", 0.0, "failed", {"empty": ()})
    return [Checked(text, DIRECTION, Hypothesis("", "stop", 0.0, 0), verdict) for text in texts]


def pool(translate: Upper, deaths: Sequence[list[int]], seed: int = 0) -> _Pool:
    """A worker for each entry of `deaths`."""

    def worker(of_one: list[int]) -> _Worker:
        return _Worker(lambda: Actor(translate, of_one))

    return _Pool(FakeRay(seed), [worker(of_one) for of_one in deaths], empty)


def texts_of(found: _Pool, count: int) -> list[str]:
    shards = (Shard(number + 1, [f"line {number}"], {0: 1}) for number in range(count))
    return [one.results[0].text for one in found.translated(shards)]


@given(seed=st.integers(0, 10**6), workers=st.integers(1, 5), count=st.integers(0, 40))
def test_shards_come_in_order_each_once(seed: int, workers: int, count: int) -> None:
    upper = Upper()
    found = texts_of(pool(upper, [[0] for _ in range(workers)], seed), count)
    assert found == [f"LINE {number}" for number in range(count)]
    assert len(upper.shards) == count


@given(seed=st.integers(0, 10**6), workers=st.integers(2, 5))
def test_a_process_that_dies_is_started_again_and_costs_no_line(seed: int, workers: int) -> None:
    deaths = [[1], *([0] for _ in range(workers - 1))]
    assert texts_of(pool(Upper(), deaths, seed), 20) == [f"LINE {number}" for number in range(20)]


@given(seed=st.integers(0, 10**6))
def test_a_machine_that_is_gone_takes_no_shard(seed: int) -> None:
    upper = Upper()
    assert texts_of(pool(upper, [[-1], [0]], seed), 20) == [f"LINE {number}" for number in range(20)]
    assert len(upper.shards) == 20


def test_a_cluster_without_machines_is_one_sentence() -> None:
    with pytest.raises(UserError, match="all workers of the Ray cluster are gone"):
        texts_of(pool(Upper(), [[-1], [-1]]), 3)


def test_shards_are_read_only_a_little_ahead() -> None:
    read = []

    def shards() -> Any:
        for number in range(1000):
            read.append(number)
            yield Shard(number + 1, [f"line {number}"], {0: 1})

    found = pool(Upper(), [[0], [0]]).translated(shards())
    for _ in range(10):
        next(found)
    assert len(read) <= 10 + 2 * 4 + 1


def test_a_shard_that_fails_twice_is_empty_with_its_error() -> None:
    found = pool(Upper("line 1", RuntimeError), [[0], [0]])
    shards = [Shard(number + 1, [f"line {number}"], {0: 1}) for number in range(3)]
    results = list(found.translated(iter(shards)))
    assert [one.results[0].text for one in results] == ["LINE 0", "", "LINE 2"]
    assert [one.error for one in results] == ["", "stopped here", ""]


def test_a_mistake_of_the_user_is_its_sentence() -> None:
    with pytest.raises(UserError, match=r"^stopped here$"):
        texts_of(pool(Upper("line 1", UserError), [[0], [0]]), 3)
