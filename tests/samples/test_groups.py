from ontarget.corpora.corpus import Translation
from ontarget.languages import Direction, Language
from ontarget.prompts.template import PromptTemplate
from ontarget.samples.conflict import Conflict
from ontarget.samples.groups import document_groups, language_aware_groups, translation_groups

LANGUAGES = [Language(code) for code in ("en", "it", "nl")]
SUPERVISED = [Direction.parse(text) for text in ("en-it", "it-en", "en-nl", "nl-en")]
TRANSLATIONS = [Translation("uno", "one", Direction.parse("it-en")), Translation("one", "een", SUPERVISED[2])]
PLAIN = PromptTemplate.load("plain")


def test_a_document_has_no_prompt():
    [[sample]] = document_groups(lambda pass_number: [f"text {pass_number}"])(3)
    assert (sample.prompt, sample.response, sample.sign, sample.tokens) == ((), "text 3", 1, "all")


def test_stage_1_is_positive_samples_alone():
    groups = translation_groups(TRANSLATIONS, PLAIN)(0)
    assert [[s.sign for s in group] for group in groups] == [[1], [1]]


def test_stage_2_pairs_each_translation_with_its_conflicting_twin():
    groups = language_aware_groups(TRANSLATIONS, PLAIN, Conflict(), LANGUAGES, SUPERVISED, seed=1)(0)
    for translation, (positive, negative) in zip(TRANSLATIONS, groups, strict=True):
        assert (positive.sign, negative.sign) == (1, -1)
        assert positive.response == negative.response == translation.target
        assert positive.asked == translation.direction.target != negative.asked
        assert positive.prompt != negative.prompt
