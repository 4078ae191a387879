"""Rounds are stages; decoding is greedy where nothing else is said."""

from typing import Any

import pytest
from tests.pipeline.conftest import RECIPE, synthetic_recipe

from ontarget.errors import UserError
from ontarget.recipes.loading import check
from ontarget.recipes.schema.synthetic import Synthetic
from ontarget.recipes.schema.systems import DecodingSettings


def stage(name: str, **changes: Any) -> Synthetic:
    found = synthetic_recipe(**{name: changes}).stages[name]
    assert isinstance(found, Synthetic)
    return found


def test_rounds_are_stages_each_from_the_one_before() -> None:
    recipe = synthetic_recipe(st={"rounds": 3, "mix": 0.5})
    names = ["st-1", "st-2", "st"]
    assert [name for name in recipe.stage_order() if name.startswith("st")] == names
    assert [recipe.stages[name].start for name in names] == ["ontarget", "st-1", "st-2"]
    assert {recipe.stages[name].mix for name in names} == {0.5}  # type: ignore[union-attr]
    assert check(recipe.settings(), "again").settings() == recipe.settings()


def test_a_round_takes_no_ones_name() -> None:
    taken = RECIPE["stages"]["lat"]
    with pytest.raises(UserError, match=r"'stages\.st' has 2 rounds, but 'st-1' already exists"):
        synthetic_recipe(**{"st": {"rounds": 2}, "st-1": taken})


@pytest.mark.parametrize("rounds", [0, "many"])
def test_rounds_are_a_number(rounds: object) -> None:
    with pytest.raises(UserError, match=r"stages\.st\.rounds"):
        synthetic_recipe(st={"rounds": rounds})


def test_a_teacher_is_a_model_and_no_circle() -> None:
    with pytest.raises(UserError, match=r"'stages\.st\.teacher' is 'onttarget'.*did you mean 'ontarget'"):
        synthetic_recipe(st={"teacher": "onttarget"})
    with pytest.raises(UserError, match="is circular: st -> st"):
        synthetic_recipe(st={"teacher": "st"})


def test_decoding_is_greedy_where_neither_stage_nor_beam_say_otherwise() -> None:
    usual = DecodingSettings(num_beams=4, max_new_tokens=100)
    assert stage("st").decoding_from(usual) == DecodingSettings(num_beams=1, max_new_tokens=100)
    assert stage("st", decoding={"max_new_tokens": 9}).decoding_from(usual).num_beams == 1
    assert stage("st", decoding={"num_beams": 2}).decoding_from(usual) == DecodingSettings(
        num_beams=2, max_new_tokens=100
    )


def test_candidates_are_the_beam_unless_a_wider_one_is_asked_for() -> None:
    usual = DecodingSettings(num_beams=4, max_new_tokens=100)
    assert stage("st", candidates=3).decoding_from(usual).num_beams == 3
    assert stage("st", candidates=3, decoding={"max_new_tokens": 9}).decoding_from(usual).num_beams == 3
    assert stage("st", candidates=3, decoding={"num_beams": 5}).decoding_from(usual).num_beams == 5
    with pytest.raises(UserError, match=r"3 `candidates` need a `decoding\.num_beams` of at least that"):
        stage("st", candidates=3, decoding={"num_beams": 2})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"select": "agreement"}, "`select: agreement` needs `candidates` of 2 or more to choose from"),
        ({"select": "nearest", "candidates": 2}, "should be 'best', 'agreement' or 'round-trip'"),
        ({"candidates": 0}, r"'stages\.st\.candidates' is 0"),
    ],
)
def test_what_cannot_be_chosen_is_said(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        stage("st", **changes)


def test_a_recipe_that_chooses_nothing_is_what_it_was() -> None:
    assert not {"candidates", "select"} & set(synthetic_recipe().settings()["stages"]["st"])
    with pytest.raises(UserError, match=r"unknown key 'stages\.pd\.candidates'"):
        stage("pd", candidates=2)


def test_only_a_pivot_has_a_source_of_pivot_text() -> None:
    assert stage("pd", pivot_source="corpus").kind == "pivot-distillation"  # type: ignore[attr-defined]
    with pytest.raises(UserError, match=r"unknown key 'stages\.st\.pivot_source'"):
        stage("st", pivot_source="corpus")
