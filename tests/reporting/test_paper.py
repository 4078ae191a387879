from typing import Any

import pytest

from ontarget.recipes.load import load
from ontarget.recipes.sweep import points
from ontarget.reporting.paper import Paper


def _recipe(name: str, model: str) -> dict[str, Any]:
    return {"name": name, "stages": {"mt": {"from": model}}}


WMT_7B = _recipe("paper-wmt", "meta-llama/Llama-2-7b-hf")
IWSLT_8B = _recipe("paper-iwslt17", "/models/Meta-Llama-3-8B/")
IWSLT_13B = _recipe("paper-iwslt17-13b", "meta-llama/Llama-2-13b-hf")


@pytest.mark.parametrize(
    ("recipe", "title", "place", "value"),
    [
        (WMT_7B, "Table 1 and 4, LLaMA 2 7B", ("mt", "bleu", "zero-shot", "en-cs"), 18.2),
        (WMT_7B, "Table 1 and 4, LLaMA 2 7B", ("lat", "bleu", "supervised", "avg"), 27.1),
        (IWSLT_8B, "Table 2 and 4, LLaMA 3 8B", ("mt", "bleu", "supervised", "avg"), 29.5),
        (IWSLT_13B, "Table 3, LLaMA 2 13B", ("lat", "otr", "zero-shot", "avg"), 2.9),
    ],
)
def test_figures_of_each_table(
    recipe: dict[str, Any], title: str, place: tuple[str, str, str, str], value: float
) -> None:
    paper = Paper.of(recipe)
    assert paper is not None
    assert paper.title == title
    assert paper.value(*place) == value


def test_the_recipes_themselves_have_figures() -> None:
    """As a run writes them, in which `model` has gone to where stages start from."""
    recipes = [load("paper-iwslt17"), load("paper-wmt"), *(point.recipe for point in points("paper-table3"))]
    found = [Paper.of(recipe.settings()) for recipe in recipes]
    assert [paper and paper.title for paper in found] == [
        "Table 2 and 4, LLaMA 2 7B",
        "Table 1 and 4, LLaMA 2 7B",
        "Table 2 and 4, LLaMA 2 7B",
        "Table 3, LLaMA 2 13B",
    ]


def test_ontargets_own_systems_are_not_in_it() -> None:
    paper = Paper.of(_recipe("paper-iwslt17", "meta-llama/Llama-2-7b-hf"))
    assert paper is not None
    assert paper.value("ontarget", "bleu", "zero-shot", "avg") is None
    assert {paper.value(s, "otr", "zero-shot", "avg") is None for s in ("llama", "mt", "5-shot", "lat")} == {
        False
    }


@pytest.mark.parametrize(
    "recipe",
    [
        {},
        {"name": "paper-wmt", "stages": None},
        _recipe("multi30k-tiny", "meta-llama/Llama-2-7b-hf"),
        _recipe("paper-iwslt17", "Qwen/Qwen3-4B-Base"),
        _recipe("paper-wmt", "meta-llama/Llama-2-13b-hf"),  # only on IWSLT
    ],
)
def test_another_experiment_has_no_figures_of_the_paper(recipe: dict[str, Any]) -> None:
    assert Paper.of(recipe) is None
