"""What a recipe's system becomes."""

from pathlib import Path

import pytest
from tests.pipeline.conftest import fake_recipe

from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.pipeline.execution.systems import system_called, system_of, without_texts
from ontarget.pipeline.planning.inputs import load_corpus
from ontarget.prompts.template import PromptTemplate
from ontarget.settings.decoding import AntiLanguageModel, Boosting, Contrast, Decoding, Prior
from ontarget.translation.system import System


def test_target_languages_without_prompt_texts_are_named() -> None:
    recipe = fake_recipe(languages=["en", "it", "sv", "de-AT", "fi"])
    plain = PromptTemplate.load("plain")
    assert without_texts(recipe, System("ptl", plain, prompt_in_target=True)) == ["Finnish", "Swedish"]
    assert without_texts(recipe, System("mt", plain)) == []


def test_a_system_has_what_its_settings_say_and_lines_to_learn_from(corpus_files: Path) -> None:
    recipe = fake_recipe(
        systems={
            "mt": {},
            "contrastive": {"contrast": {"against": ["pivot", "others"]}},
            "language-prior": {"prior": {"weight": 2}},
            "anti-lm": {},
            "adaptive-boosting": {},
        }
    )
    corpus = load_corpus(recipe)
    mt, contrastive, prior, anti_lm, boosting = (system_of(recipe, name, corpus) for name in recipe.systems)
    assert (mt.contrast, mt.prior, mt.boosting, mt.anti_lm, mt.text) == (None,) * 5
    assert contrastive.contrast == Contrast(against=tuple(map(Language, ("en", "it", "nl"))))
    assert prior.prior == Prior(2.0)
    assert anti_lm.anti_lm == AntiLanguageModel(0.3)
    assert boosting.boosting == Boosting(1000.0, 0.8)
    for system in (prior, boosting):
        assert system.text is not None
        assert list(system.text.lines) == list(recipe.languages)


def test_reranking_asks_the_identifier_of_all_scores(corpus_files: Path) -> None:
    recipe = fake_recipe(systems=["mt", "reranked", "retried"])
    corpus = load_corpus(recipe)
    mt, reranked, retried = (system_of(recipe, name, corpus).rerank for name in recipe.systems)
    assert mt is None
    assert reranked.retry is None
    assert retried.retry == Language("en")
    texts = ["De hond slaapt in de tuin van de buren.", "The dog sleeps in the neighbours' garden.", ""]
    directions = list(map(Direction.parse, ("en-nl", "it-nl", "it-nl")))
    assert reranked.on_target(texts, directions) == [True, False, False]
    assert reranked.on_target(texts[1:2], [Direction.parse("it-en")]) == [True]


def test_a_language_that_cannot_be_identified_is_told_before_anything_is_asked() -> None:
    with pytest.raises(UserError, match="tlh"):
        system_called(
            "reranked", PromptTemplate.load("plain"), [Language("de")], [Language("tlh")], {}, Decoding(2)
        )
