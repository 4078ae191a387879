"""What a stage of a recipe learns from."""

from tests.pipeline.conftest import RECIPE, fake_recipe

from ontarget.corpora.corpus import Corpus
from ontarget.languages import Language
from ontarget.pipeline.stages import translation_draw
from ontarget.prompts.segment import text_of
from ontarget.prompts.template import PromptTemplate
from ontarget.recipes.stages import LanguageAware, Likelihood
from ontarget.samples.groups import Group

EN = Language("en")


def groups(corpus: Corpus, stage: str, **changes: object) -> list[Group]:
    recipe = fake_recipe(stages=RECIPE["stages"] | {stage: RECIPE["stages"][stage] | changes})
    settings = recipe.stages[stage]
    assert isinstance(settings, Likelihood | LanguageAware)
    return list(translation_draw(recipe, settings, corpus, PromptTemplate.load(recipe.template))(0))


def test_stage_1_learns_supervised_directions_alike(fake_corpus: Corpus) -> None:
    drawn = groups(fake_corpus, "mt", samples=8)
    assert len(drawn) == 8
    assert all(len(group) == 1 and group[0].sign == 1 for group in drawn)
    sides = [{group[0].asked, group[0].produced} for group in drawn]
    assert (
        sum(EN in side for side in sides) == 4
    )  # two of en-it, it-en, en-nl, nl-en each: half are into English


def test_all_samples_are_every_line_of_every_direction(fake_corpus: Corpus) -> None:
    assert len(groups(fake_corpus, "mt", samples="all")) == 3 * 4


def test_post_instruction_puts_the_instruction_after_the_input(fake_corpus: Corpus) -> None:
    [before, *_] = groups(fake_corpus, "mt", samples=4)
    [after, *_] = groups(fake_corpus, "mt", samples=4, post_instruction=True)
    source = before[0].source
    assert text_of(before[0].prompt).index("Translate") < text_of(before[0].prompt).index(source)
    assert text_of(after[0].prompt).index("Translate") > text_of(after[0].prompt).index(source)


def test_stage_2_pairs_each_sample_with_a_conflicting_one(fake_corpus: Corpus) -> None:
    for right, wrong in groups(fake_corpus, "ontarget", samples=8):
        assert (right.sign, wrong.sign) == (1, -1)
        assert right.response == wrong.response
        assert right.source == wrong.source
        assert wrong.asked != right.asked
        assert (wrong.tokens, wrong.eos) == ("first", False)


def test_the_papers_stage_2_unlearns_every_token(fake_corpus: Corpus) -> None:
    for _, wrong in groups(fake_corpus, "lat", samples=8):
        assert (wrong.tokens, wrong.eos) == ("all", True)
