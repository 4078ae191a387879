"""What a process keeps in memory."""

import gc
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("torch")

from ontarget.hardware import release_memory
from ontarget.pipeline.execution import systems
from ontarget.translation.engines import loading


class Stage:
    """Refers to itself, as a trainer and its callbacks do."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def finished() -> Iterator[weakref.ref[Stage]]:
    """A stage that has ended, and that Python has not yet found."""
    gc.disable()
    yield weakref.ref(Stage())
    gc.enable()


def test_models_in_cycles_are_freed(finished: weakref.ref[Stage]) -> None:
    assert finished() is not None
    release_memory()
    assert finished() is None


def test_a_finished_stage_is_freed_before_a_model_is_loaded(
    finished: weakref.ref[Stage], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(loading, "load_engine", lambda *_, **__: [finished()])
    assert systems.load_engine(tmp_path, "fp32") == [None]
