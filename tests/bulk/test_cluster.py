"""Bulk translation on a local Ray cluster of two machines."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.bulk.conftest import DIRECTION, Bench, Upper

from ontarget.bulk.cluster import on_ray
from ontarget.bulk.local import Translate
from ontarget.bulk.translate import BulkResult, translate_files
from ontarget.checked.verdict import Checked, Verdict
from ontarget.errors import UserError
from ontarget.translation.hypothesis import Hypothesis

pytestmark = pytest.mark.slow


def empty(texts: Sequence[str]) -> list[Checked]:
    verdict = Verdict("unsure", "", 0.0, "failed", {"empty": ()})
    return [Checked(text, DIRECTION, Hypothesis("", "stop", 0.0, 0), verdict) for text in texts]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two machines with one CPU each, as far as Ray can tell."""
    ray = pytest.importorskip("ray", reason="comes with the extra `ray`, which is large")
    from ray.cluster_utils import Cluster

    # Workers do not have the modules of tests.
    for module in ("tests.bulk.conftest", __name__):
        ray.cloudpickle.register_pickle_by_value(sys.modules[module])
    os.environ["RAY_agent_register_timeout_ms"] = "120000"  # noqa: SIM112  (helpers start slowly if busy)
    of_each = {"num_cpus": 1, "object_store_memory": 80_000_000}
    try:
        found = Cluster(initialize_head=True, head_node_args={**of_each, "include_dashboard": False})
        found.second = found.add_node(**of_each)
    except Exception as error:  # Ray raises just this
        if "timed out during startup" not in str(error):
            raise
        pytest.skip("the processes of Ray did not start within 30 seconds: this machine is too busy")
    ray.init(found.address, log_to_driver=False)
    yield found
    ray.shutdown()
    found.shutdown()


def run(bench: Bench, make: Callable[[], Translate], *names: str) -> BulkResult:
    return translate_files(bench.job(*names), lambda _: on_ray(None, make, empty), bench.reporter)


def signed(folder: Path, wait: float = 0.0) -> Callable[[], Translate]:
    """Workers that leave a file with their number for each shard, and take a while."""

    def make() -> Translate:
        upper = Upper()

        def translate(texts: Sequence[str], *, progress: Any = None) -> list[Checked]:
            (folder / f"{texts[0]} {os.getpid()}").touch()
            time.sleep(wait)
            return upper(texts)

        return translate

    return make


def test_two_workers_translate_in_order(
    cluster: Any, bench: Bench, small_shards: Callable[[int], None]
) -> None:
    small_shards(5)
    (bench.folder / "seen").mkdir()
    bench.write(text="".join(f"line {number}\n" for number in range(100)))
    result = run(bench, signed(bench.folder / "seen", 0.2), "text")
    assert bench.read("out") == "".join(f"LINE {number}\n" for number in range(100))
    assert (result.summary.n, result.failed) == (100, 0)
    assert len({path.name.split()[-1] for path in (bench.folder / "seen").iterdir()}) == 2


def test_a_worker_that_is_killed_costs_no_line(
    cluster: Any, bench: Bench, small_shards: Callable[[int], None]
) -> None:
    small_shards(5)
    bench.write(text="".join(f"line {number}\n" for number in range(60)))
    killed = bench.folder / "killed"

    def make() -> Translate:
        upper = Upper()

        def translate(texts: Sequence[str], *, progress: Any = None) -> list[Checked]:
            if texts[0] == "line 20" and not killed.exists():
                killed.touch()
                os.kill(os.getpid(), signal.SIGKILL)
            return upper(texts)

        return translate

    result = run(bench, make, "text")
    assert killed.exists()
    assert bench.read("out") == "".join(f"LINE {number}\n" for number in range(60))
    assert (result.summary.n, result.failed) == (60, 0)


def test_a_shard_that_fails_twice_is_empty_and_does_not_stop_the_job(
    cluster: Any, bench: Bench, small_shards: Callable[[int], None]
) -> None:
    small_shards(2)
    bench.write(text="a\nb\nbad\nd\ne\n")
    job = bench.job("text", report=bench.folder / "report")
    result = translate_files(
        job, lambda _: on_ray(None, lambda: Upper("bad", RuntimeError), empty), bench.reporter
    )
    assert bench.read("out") == "A\nB\n\n\nE\n"
    assert (result.failed, result.summary.n) == (2, 5)
    assert bench.read("report").count('"error": "stopped here"') == 2


def test_a_mistake_of_the_user_stops_the_job(
    cluster: Any, bench: Bench, small_shards: Callable[[int], None]
) -> None:
    small_shards(1)
    bench.write(text="a\nb\n")
    with pytest.raises(UserError, match="stopped here"):
        run(bench, lambda: Upper("b", UserError), "text")


def test_a_mistake_while_the_model_is_loaded_stops_the_job(cluster: Any, bench: Bench) -> None:
    bench.write(text="a\n")

    def make() -> Translate:
        raise UserError("there is no model 'm'")

    with pytest.raises(UserError, match="there is no model 'm'"):
        run(bench, make, "text")


def test_a_machine_that_goes_away_costs_no_line(
    cluster: Any, bench: Bench, small_shards: Callable[[int], None]
) -> None:
    """This one comes last: the second machine does not come back."""
    small_shards(5)
    bench.write(text="".join(f"line {number}\n" for number in range(100)))
    (bench.folder / "seen").mkdir()
    make = signed(bench.folder / "seen", 0.3)
    removed = []

    class Remover:
        def say(self, line: str) -> None: ...

        def advance(self, done: int, total: int) -> None:
            if done >= 20 and not removed:
                removed.append(done)
                cluster.remove_node(cluster.second, allow_graceful=False)

    result = translate_files(bench.job("text"), lambda _: on_ray(None, make, empty), Remover())
    assert removed
    assert bench.read("out") == "".join(f"LINE {number}\n" for number in range(100))
    assert (result.summary.n, result.failed) == (100, 0)
