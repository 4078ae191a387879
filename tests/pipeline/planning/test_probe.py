"""The probe of a machine's speed: what it computes, and how it extrapolates."""

import itertools
import math

import pytest
import torch

from ontarget import hardware
from ontarget.pipeline.planning import probe as module
from ontarget.pipeline.planning.model_size import ModelSize
from ontarget.pipeline.planning.probe import Speeds, probe

TINY = ModelSize(layers=2, hidden=32, heads=2, keys=1, intermediate=64, vocabulary=100)


@pytest.fixture(autouse=True)
def forgotten() -> None:
    for cached in (module._training, module._reading, module._writing):
        cached.cache_clear()


def test_layers_are_extrapolated_and_each_part_is_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[tuple[object, ...]] = []

    def trained(size: ModelSize, layers: int, *, bf16: bool) -> float:
        tried.append(("trained", layers))
        return 1.0 + layers

    def read(size: ModelSize, layers: int, precision: str) -> float:
        tried.append(("read", layers, precision))
        return 2.0 + layers

    def written(size: ModelSize, layers: int, num_beams: int, precision: str) -> list[float]:
        tried.append(("written", layers, num_beams, precision))
        return [0.5 * layers, 9.0, 0.25 * layers]

    monkeypatch.setattr(module, "_trained", trained)
    monkeypatch.setattr(module, "_read", read)
    monkeypatch.setattr(module, "_written", written)
    monkeypatch.setattr(module, "_optimizer", lambda parameters: 7.0)
    deep = ModelSize(layers=30, hidden=32, heads=2, keys=1, intermediate=64, vocabulary=100)
    whole = Speeds(trained=31.0, step=7.0, read=32.0, written=15.0, passed=9.0, attended=7.5)
    assert probe(deep, 4, "fp32", trains=False) == Speeds(0.0, 0.0, 32.0, 15.0, 9.0, 7.5)
    assert not [one for one in tried if one[0] == "trained"]
    assert [probe(deep, beams, "fp32") for beams in (4, 1, 4)] == [whole] * 3
    expected = [("read", "fp32"), ("written", 4, "fp32"), ("trained",), ("written", 1, "fp32")]
    assert tried == [(name, layers, *rest) for name, *rest in expected for layers in (1, 4)]


def test_a_real_probe_leaves_the_random_state_alone() -> None:
    before = torch.get_rng_state()
    found = probe(TINY, 2, "bf16")
    assert found is not None
    assert min(found.trained, found.step, found.read, found.written) > 0
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU is not shared by the threads of a product")
@pytest.mark.parametrize(
    ("disturbed", "together", "expected"),
    [
        (False, 3.5, 3.5),  # an idle machine: as measured
        (True, 3.5, 4.0 / math.sqrt(2)),  # at most the mean of what one thread takes and half of it
        (True, 2.0, 2.0),  # it can only have been faster without the other program
    ],
)
def test_threads_that_wait_for_one_another_do_not_count_as_work(
    monkeypatch: pytest.MonkeyPatch, disturbed: bool, together: float, expected: float
) -> None:
    now, taken, threads = [0.0], itertools.count(), [2]

    def work() -> None:
        now[0] += 4.0 if threads[0] == 1 else together

    monkeypatch.setattr(torch, "get_num_threads", lambda: threads[0])
    monkeypatch.setattr(torch, "set_num_threads", lambda number: threads.__setitem__(0, number))
    monkeypatch.setattr(hardware, "busy_seconds", lambda: now[0])
    monkeypatch.setattr(module, "_taken_away", lambda: next(taken) if disturbed else 0)
    assert module._seconds(work) == pytest.approx(expected)
    assert threads == [2]


def test_a_model_too_large_to_try_is_estimated_by_its_operations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_seconds", lambda work: 1024.0**3 * 1e-9)  # a nanosecond for 2 operations
    huge = ModelSize(layers=32, hidden=4096, heads=32, keys=8, intermediate=14336, vocabulary=128256)
    found = probe(huge, 4, "auto")
    if torch.cuda.is_available():
        return
    assert found is not None
    assert found.trained == pytest.approx(3e-9 * huge.parameters / 0.3)
    assert found.written == pytest.approx(1e-9 * huge.parameters / 0.05)
