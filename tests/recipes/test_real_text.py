"""The recipes that ship, on the text that they name: they can be planned, or they say what to download."""

from pathlib import Path

import pytest

from ontarget.corpora.catalogue.folder import NotFetched
from ontarget.pipeline.run import make_plan
from ontarget.recipes.loading import load, shipped


@pytest.mark.parametrize("name", shipped())
def test_a_shipped_recipe_can_be_planned(
    name: str, shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONTARGET_DATA", str(shared_data))
    recipe = load(name)
    overrides: dict[str, object] = {"sweep": None} if recipe.sweep else {}
    if not recipe.stages:
        overrides |= {"model": "owner/name", "template": "alpaca"}
    if recipe.corpus.catalogue and "flores200:dev" in str(recipe.corpus.catalogue.validation):
        overrides["corpus.catalogue.validation"] = "flores200:devtest"  # which there is
    try:
        plan = make_plan(name, overrides, tmp_path)
    except NotFetched as error:
        pytest.skip(str(error))
    for direction in plan.recipe.supervised + plan.recipe.zero_shot:
        assert plan.texts[""].pairs(direction)
