"""From a sweep to its points; what they are made of is in tests/pipeline/execution/test_sweep.py."""

import pytest

from ontarget.errors import UserError
from ontarget.recipes.loading import load
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
        [
            "test_lines=7",
            "stages.lat.alpha=0.3",
            "seed=2",
            "second_test=null",
            "name=phrasebook-tiny-alpha-0.3-seed-2",
        ],
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
    with pytest.raises(UserError, match="two points of its sweep have the same name model=x"):
        points("diagnose", {"sweep": {"model": ["a/x", "b/x"]}})


VARIANTS = {
    "untuned": {"stages.lat": None, "systems": ["mt"]},
    "strong": {"stages.lat.alpha": 1.0},
    "new": {"stages.more": {"kind": "sft", "from": "mt", "tuning": {"max_steps": 1}}},
}


def test_variants_are_points_by_name_and_seeds_change_slowest_over_all_grids() -> None:
    grids = [{"variants": VARIANTS, "seeds": [1, 2]}, {"stages.lat.alpha": [0.1], "seeds": [1, 2, 3]}]
    found = points("phrasebook-tiny", {"sweep": grids})
    names = [*VARIANTS, "alpha=0.1"]
    assert [p.label for p in found] == [
        *(f"{name},seed={seed}" for seed in (1, 2) for name in names),
        "alpha=0.1,seed=3",
    ]
    assert [p.values for p in found[3:5]] == [
        {"stages.lat.alpha": 0.1, "seed": 1},
        {"variant": "untuned", "seed": 2},
    ]
    untuned, strong, new = (p.recipe for p in found[4:7])
    assert "lat" not in untuned.stages
    assert list(untuned.systems) == ["mt"]
    assert strong.stages["lat"].alpha == 1.0
    assert new.stages["more"].seed == 2


def test_a_seed_is_that_of_every_stage_but_the_base() -> None:
    (point,) = points("phrasebook-tiny", {"sweep": {"variants": {"x": {}}, "seeds": [7]}})
    assert point.recipe.seed == 1
    seeds = {name: stage.seed for name, stage in point.recipe.stages.items()}
    assert seeds.pop("base") is None
    assert set(seeds.values()) == {7}


def test_seeds_alone_are_a_sweep() -> None:
    assert [p.label for p in points("phrasebook-tiny", ["sweep={seeds: [1, 2]}"])] == ["seed=1", "seed=2"]


def test_a_variant_of_two_grids_would_be_two_points_of_one_name() -> None:
    twice = [{"variants": {"x": {}}}, {"variants": {"x": {"seed": 2}}}]
    with pytest.raises(UserError, match="two points of its sweep have the same name x"):
        points("phrasebook-tiny", {"sweep": twice})


@pytest.mark.parametrize(
    ("sweep", "message"),
    [
        ({"variants": [1, 2]}, "`sweep.variants` should be a mapping of names to overrides"),
        ({"stages.lat.alpha": {"a": {}}}, "`sweep.stages.lat.alpha` should be a list of values"),
        ({"seeds": ["one"]}, "`sweep.seeds` should be a list of whole numbers"),
        ({"variants": {"x": {"stages.lta.alpha": 1}}}, "there is no 'stages.lta'; did you mean 'lat'"),
        ({"variants": {"x": {}}, "reference": ["x"]}, "`sweep.reference` should be the name of a variant"),
        ({"stages.lat.alpha": "x"}, "`sweep.stages.lat.alpha` should be a list of values"),
        ({"variants": {"seen": {}}, "reference": "sen"}, "no variant 'sen'; did you mean 'seen'"),
        ([{"variants": {"x": {}}}, {"reference": "x"}], "`sweep.reference` needs points"),
        ([], "'sweep' is"),
    ],
)
def test_a_wrong_grid_is_said(sweep: object, message: str) -> None:
    with pytest.raises(UserError, match=message):
        points("phrasebook-tiny", {"sweep": sweep})


def test_a_reference_is_of_its_grid_and_no_point_of_its_own() -> None:
    grids = [
        {"variants": VARIANTS, "seeds": [1]},
        {"stages.lat.alpha": [0.1], "reference": "strong"},
    ]
    found = points("phrasebook-tiny", {"sweep": grids})
    assert [(p.label, p.reference) for p in found] == [
        *((f"{name},seed=1", None) for name in VARIANTS),
        ("alpha=0.1", "strong"),
    ]
    assert found[-1].values == {"stages.lat.alpha": 0.1}
