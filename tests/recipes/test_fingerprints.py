"""Fingerprints of the recipes that ship, as version 0.1.0 computed them.

A fingerprint that changes makes every model, translation and shipped point of its recipe again. These golden
values are from commit 72b195b, the last one before keys of recipes got their present names; later recipes
have those of the commit that added them.
"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ontarget.corpora.corpus import Corpus
from ontarget.pipeline.planning import inputs
from ontarget.pipeline.planning import plan as planning
from ontarget.pipeline.planning.artifacts import Store
from ontarget.pipeline.planning.plan import Plan
from ontarget.recipes.loading import load, shipped
from ontarget.recipes.schema.recipe import Recipe
from ontarget.recipes.sweep import points

GOLDEN = json.loads(Path(__file__).with_name("fingerprints.json").read_text(encoding="utf-8"))


class Identifier:
    """In place of the real one, whose signature may change."""

    signature = "lid"


def corpus_of(recipe: Recipe) -> Corpus:
    """Ten lines a language and split, so that no recipe needs a download."""
    splits = {
        split: {code: [f"{code} {split} {number}" for number in range(10)] for code in recipe.languages}
        for split in ("train", "validation", "test")
    }
    return Corpus("toy", splits)


def variants(name: str) -> Iterator[Recipe]:
    """The recipe, or the recipe of each point of its sweep."""
    # A template that was chosen for a model makes what the same template makes when it is named.
    overrides = ["model=owner/name", "template=alpaca"] if not load(name).stages else []
    recipe = load(name, overrides)
    yield from (point.recipe for point in points(name, overrides)) if recipe.sweep else [recipe]


def fingerprints(name: str, folder: Path) -> dict[str, str]:
    """Kind of artifact -> SHA-256 of the fingerprints of all such artifacts of a recipe."""
    models, outputs = list[str](), list[str]()
    for recipe in variants(name):
        plan = Plan(recipe, corpus_of(recipe), Store(folder))
        models += plan.stages.values()
        outputs += [found for by_direction in plan.outputs.values() for found in by_direction.values()]
        models += [found for texts in plan._fingerprints[1].values() for found in texts.values()]
    return {kind: digest(found) for kind, found in {"models": models, "outputs": outputs}.items()}


def digest(found: list[str]) -> str:
    return hashlib.sha256(" ".join(sorted(found)).encode()).hexdigest()[:16]


@pytest.mark.parametrize("name", shipped())
def test_a_shipped_recipe_keeps_its_fingerprints(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planning, "default_identifier", Identifier)
    monkeypatch.setattr(inputs, "read_instructions", lambda path: [])
    assert fingerprints(name, tmp_path) == GOLDEN[name]
