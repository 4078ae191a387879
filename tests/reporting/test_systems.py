from typing import Any

import pytest

from ontarget.reporting.systems import base_model_name, in_table_order


def test_own_systems_follow_those_of_the_table_and_references_come_last() -> None:
    assert in_table_order(["mine", "reference", "pivot", "mt", "also-mine", "mt"]) == (
        "mt",
        "pivot",
        "mine",
        "also-mine",
        "reference",
    )


@pytest.mark.parametrize(
    ("recipe", "name"),
    [
        ({"stages": {"base": {}, "mt": {"from": "base"}}, "systems": {"base": {"model": "base"}}}, ""),
        ({"stages": {"mt": {}}, "systems": {"base": {"model": "meta-llama/Llama-2-7b-hf"}}}, "Llama-2-7b-hf"),
        ({"stages": {"mt": {}}, "systems": {"base": {"model": "~/models/small/"}}}, "small"),
        ({"model": ".", "systems": {"base": {}}}, ""),
        ({"model": "owner/name", "systems": {"base": {}, "ptl": {}}}, "name"),
        ({"model": "owner/name", "systems": {"base": None}}, "name"),
        ({"model": "http://localhost:8000/v1", "served": {"name": "owner/tower"}, "systems": {}}, "tower"),
        ({"model": "http://localhost:8000/v1", "served": "tower:7b"}, "tower:7b"),
        ({"systems": ["base", "mt"]}, ""),
        ({}, ""),
    ],
)
def test_the_base_model_has_the_name_that_the_recipe_gives_it(recipe: dict[str, Any], name: str) -> None:
    assert base_model_name(recipe) == name
