"""From a sweep to its points; what they are made of is in tests/pipeline/test_sweep.py."""

import pytest

from ontarget.errors import UserError
from ontarget.recipes.load import load
from ontarget.recipes.sweep import _word, points


def test_a_recipe_that_does_not_sweep_has_no_points() -> None:
    assert points("phrasebook-tiny") == []


def test_any_recipe_sweeps_by_an_override() -> None:
    sweep = "sweep={stages.lat.alpha: [0.1, 0.3], seed: [1, 2]}"
    found = points("phrasebook-tiny", ["test_lines=7", sweep])
    assert [(p.label, p.recipe.name) for p in found] == [
        (f"alpha={alpha},seed={seed}", f"phrasebook-tiny-alpha-{alpha}-seed-{seed}")
        for alpha in (0.1, 0.3)
        for seed in (1, 2)
    ]
    assert all(point.recipe.sweep is None and point.recipe.test_lines == 7 for point in found)
    assert found[3].recipe == load(
        "phrasebook-tiny",
        ["test_lines=7", "stages.lat.alpha=0.3", "seed=2", "name=phrasebook-tiny-alpha-0.3-seed-2"],
    )


def test_presets_are_filled_in_at_the_point() -> None:
    """A point is overridden before it is filled in: what the preset does not say itself comes anew."""
    found = points("phrasebook-tiny", {"sweep": {"stages.ontarget.preset": ["paper", "ontarget"]}})
    assert [point.recipe.stages["ontarget"].alpha for point in found] == [0.05, 1.0]


@pytest.mark.parametrize(
    ("value", "word"),
    [
        ("meta-llama/Llama-2-7b-hf", "Llama-2-7b-hf"),
        ("runs/x/models/mt/", "mt"),
        (-0.5, "-0.5"),
        ([1, "a b"], "1-a-b"),
        ({"a": 1}, "a-1"),
    ],
)
def test_a_value_becomes_part_of_a_folders_name(value: object, word: str) -> None:
    assert _word(value) == word


def test_two_values_must_not_share_a_folder() -> None:
    with pytest.raises(UserError, match="two points of its sweep would both be called model=x"):
        points("diagnose", {"sweep": {"model": ["a/x", "b/x"]}})
