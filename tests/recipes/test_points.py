"""Points that ship: each is one that its recipe still has, as it is now, or nobody would ever read it."""

from pathlib import Path

import pytest

from ontarget.pipeline.execution import shipped_points
from ontarget.pipeline.execution.sweep import make_sweep, shipped
from ontarget.pipeline.planning import plan as planning
from ontarget.pipeline.planning import served
from ontarget.recipes.loading import load
from ontarget.recipes.loading import shipped as recipes

NAMES = shipped_points.names()
_SMOLLM2 = "729748f3ac411069e3cff83c4e80928ea39ffeac31d185279704917247a9f5f9"  # the .Q4_1.gguf, as converted
OF_A_FILE = {name: _SMOLLM2 for name in NAMES if name.startswith("smollm2-")}
"""Recipe -> the identity of the model whose points ship, where its default model is on the Hub."""

UNFINISHED = set(OF_A_FILE)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_point_that_ships_is_planned_and_done(
    name: str, tmp_path: Path, shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONTARGET_DATA", str(shared_data))
    if name in OF_A_FILE:
        for module in (planning, served):
            monkeypatch.setattr(module, "identity", lambda model: OF_A_FILE[name])
    sweep = make_sweep(name, directory=tmp_path)
    done = {point.file.stem for point in sweep.planned if point.shipped}
    assert done == shipped(name).keys(), (
        "another default, or another form of a fingerprint, has left them behind"
    )
    if name not in UNFINISHED:
        assert len(done) == len(sweep.planned), "which is not at its end"


def test_there_are_points_and_they_are_small() -> None:
    assert {"multi30k-study", "multi30k-final"} < set(NAMES)
    assert sum(path.stat().st_size for path in shipped_points.SHIPPED.iterdir()) < 1_000_000


@pytest.mark.parametrize("name", sorted({*NAMES} - {*OF_A_FILE}))
def test_an_old_recipe_with_points_counts_as_they_were_counted(name: str) -> None:
    """By the paper's rules: there were no others."""
    assert load(name).otr == "paper"
    signatures = {
        row["signature"]
        for point in shipped(name).values()
        for row in point["scores"]
        if row["metric"] == "otr"
    }
    assert all("case:mixed|norm:none" in signature for signature in signatures)


def test_recipes_of_the_paper_count_as_it_does_and_the_first_one_by_our_rules() -> None:
    assert {load(name).otr for name in recipes() if name.startswith("paper-")} == {"paper"}
    assert load("phrasebook-tiny").otr == "robust"
