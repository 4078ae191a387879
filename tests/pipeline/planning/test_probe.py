"""The probe of a machine's speed: what it computes, and how it extrapolates."""

import pytest
import torch

from ontarget.pipeline.planning import probe as module
from ontarget.pipeline.planning.model_size import ModelSize
from ontarget.pipeline.planning.probe import Speeds, probe

TINY = ModelSize(layers=2, hidden=32, heads=2, keys=1, intermediate=64, vocabulary=100)


def test_layers_are_extrapolated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[int, int]] = []

    def measured(size: ModelSize, layers: int, num_beams: int, precision: str) -> list[float]:
        asked.append((layers, num_beams))
        return [1.0 + layers, 2.0 + layers, 0.5 * layers, 9.0]

    monkeypatch.setattr(module, "_measured", measured)
    monkeypatch.setattr(module, "_optimizer", lambda parameters: 7.0)
    probe.cache_clear()
    deep = ModelSize(layers=30, hidden=32, heads=2, keys=1, intermediate=64, vocabulary=100)
    assert probe(deep, 4, "fp32") == Speeds(trained=31.0, step=7.0, read=32.0, written=15.0, passed=9.0)
    assert asked == [(1, 4), (4, 4)]
    probe.cache_clear()


def test_a_real_probe_leaves_the_random_state_alone() -> None:
    before = torch.get_rng_state()
    probe.cache_clear()
    found = probe(TINY, 2, "bf16")
    assert found is not None
    assert min(found.trained, found.step, found.read, found.written) > 0
    assert torch.equal(torch.get_rng_state(), before)


def test_a_model_too_large_to_try_is_estimated_by_its_operations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_seconds", lambda work: 1024.0**3 * 1e-9)  # a nanosecond for 2 operations
    huge = ModelSize(layers=32, hidden=4096, heads=32, keys=8, intermediate=14336, vocabulary=128256)
    probe.cache_clear()
    found = probe(huge, 4, "auto")
    if torch.cuda.is_available():
        return
    assert found is not None
    assert found.trained == pytest.approx(3e-9 * huge.parameters / 0.3)
    assert found.written == pytest.approx(1e-9 * huge.parameters / 0.05)
