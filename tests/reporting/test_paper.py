from typing import Any

import pytest

from ontarget.recipes.loading import load
from ontarget.recipes.sweep import points
from ontarget.reporting.paper import Paper


def _recipe(name: str, model: str) -> dict[str, Any]:
    return {"name": name, "stages": {"mt": {"from": model}}}


WMT_7B = _recipe("paper-wmt", "meta-llama/Llama-2-7b-hf")
IWSLT_8B = _recipe("paper-iwslt17", "/models/Meta-Llama-3-8B/")
ALPACA_7B = _recipe("paper-figure5", "meta-llama/Llama-2-7b-hf")
ALPACA_13B = _recipe("paper-figure5-13b", "meta-llama/Llama-2-13b-hf")
IWSLT_13B = _recipe("paper-iwslt17-13b", "meta-llama/Llama-2-13b-hf")


@pytest.mark.parametrize(
    ("recipe", "title", "place", "value"),
    [
        (WMT_7B, "Table 1 and 4, LLaMA 2 7B", ("mt", "bleu", "zero-shot", "en-cs"), 18.2),
        (WMT_7B, "Table 1 and 4, LLaMA 2 7B", ("lat", "bleu", "supervised", "avg"), 27.1),
        (IWSLT_8B, "Table 2 and 4, LLaMA 3 8B", ("mt", "bleu", "supervised", "avg"), 29.5),
        (IWSLT_13B, "Table 3, LLaMA 2 13B", ("lat", "otr", "zero-shot", "avg"), 2.9),
        (ALPACA_7B, "Figure 5a, LLaMA 2 7B", ("mt", "bleu", "zero-shot", "avg"), 10.9),  # not MT's 5.0
        (ALPACA_7B, "Figure 5a, LLaMA 2 7B", ("lat", "otr", "zero-shot", "avg"), 3.1),
        (ALPACA_13B, "Figure 5a, LLaMA 2 13B", ("mt", "otr", "zero-shot", "avg"), 24.7),
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
    recipes += [load("paper-figure5"), load("paper-figure5", {"model": "x/Llama-2-13b-hf"})]
    found = [Paper.of(recipe.settings()) for recipe in recipes]
    assert [paper and paper.title for paper in found] == [
        "Table 2 and 4, LLaMA 2 7B",
        "Table 1 and 4, LLaMA 2 7B",
        "Table 2 and 4, LLaMA 2 7B",
        "Table 3, LLaMA 2 13B",
        "Figure 5a, LLaMA 2 7B",
        "Figure 5a, LLaMA 2 13B",
    ]


@pytest.mark.parametrize("name", ["paper-figure3-alpha", "paper-figure3-steps", "paper-figure4"])
def test_of_a_sweep_the_point_with_the_settings_of_table_2_has_its_figures(name: str) -> None:
    """The others are not printed."""
    whole = load("paper-iwslt17")
    found = {point.label: Paper.of(point.recipe.settings()) for point in points(name)}
    [label] = [label for label, paper in found.items() if paper]
    assert label in ("alpha=0.05", "step=100", "samples=12000")
    [point] = [point.recipe for point in points(name) if point.label == label]
    for stage in ("mt", "lat"):
        theirs, here = (of.stages[stage].model_dump() for of in (whole, point))
        for one in (theirs, here):
            one["tuning"].pop("checkpoint_steps", None)
        assert theirs == here
    paper = found[label]
    assert paper is not None
    assert paper.value("lat", "otr", "zero-shot", "avg") == 2.6


def test_what_is_called_otherwise_is_said() -> None:
    names = [paper and paper.beside for paper in (Paper.of(IWSLT_13B), Paper.of(ALPACA_7B))]
    assert names == ["“Ours” beside LAT", "“Alpaca-MT” beside MT, “Ours” beside LAT"]


def test_ontargets_own_systems_are_not_in_it() -> None:
    paper = Paper.of(_recipe("paper-iwslt17", "meta-llama/Llama-2-7b-hf"))
    assert paper is not None
    assert paper.value("ontarget", "bleu", "zero-shot", "avg") is None
    assert {paper.value(s, "otr", "zero-shot", "avg") is None for s in ("base", "mt", "5-shot", "lat")} == {
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
