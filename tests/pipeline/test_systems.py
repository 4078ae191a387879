"""What a recipe's system becomes."""

from tests.pipeline.conftest import fake_recipe

from ontarget.pipeline.systems import without_texts
from ontarget.prompts.template import PromptTemplate
from ontarget.translation.system import System


def test_target_languages_without_prompt_texts_are_named() -> None:
    recipe = fake_recipe(languages=["en", "it", "sv", "de-AT", "fi"])
    plain = PromptTemplate.load("plain")
    assert without_texts(recipe, System("ptl", plain, prompt_in_target=True)) == ["Finnish", "Swedish"]
    assert without_texts(recipe, System("mt", plain)) == []
