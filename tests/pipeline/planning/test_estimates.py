"""The share of the cores with which each step is estimated."""

from pathlib import Path

import pytest
from tests.pipeline.conftest import fake_recipe

from ontarget.corpora.corpus import Corpus
from ontarget.pipeline.planning import estimates as estimates_module
from ontarget.pipeline.planning.artifacts import Store
from ontarget.pipeline.planning.cost import Cost
from ontarget.pipeline.planning.estimates import Estimates
from ontarget.pipeline.planning.plan import Plan
from ontarget.pipeline.planning.shelf import EMPTY


@pytest.mark.parametrize(
    ("workers", "steps", "share"), [(1, 4, None), (2, 4, 8), (8, 4, 4), (8, 2, 8), (8, 1, None)]
)
def test_each_of_as_many_workers_as_a_run_starts_has_its_share(
    fake_corpus: Corpus, monkeypatch: pytest.MonkeyPatch, workers: int, steps: int, share: int | None
) -> None:
    """Sixteen cores: eight workers for four steps have four each."""

    class Told:
        def __init__(self, plan, probe, known, threads: int | None) -> None:
            self.threads = threads

        def cost(self, step) -> Cost:
            return Cost(None if self.threads is None else float(self.threads), None, None)

    monkeypatch.setattr(estimates_module, "Estimator", Told)
    monkeypatch.setattr(estimates_module, "threads_of_each", lambda processes: 16 // processes)
    monkeypatch.setattr(estimates_module, "gpus", list)
    plan = Plan(fake_recipe(), fake_corpus, Store(Path("runs/fake")))
    outputs = [step for step in plan.everything() if step.kind == "outputs"][:steps]
    found = Estimates(EMPTY, workers).costs(plan, outputs)
    assert {cost.seconds for cost in found.values()} == {share}
