from ontarget.corpora.corpus import Translation
from ontarget.corpora.instructions import Instruction
from ontarget.languages import Direction, Language
from ontarget.prompts.segment import text_of
from ontarget.prompts.template import PromptTemplate
from ontarget.samples.conflict import Conflict
from ontarget.samples.groups import document_groups, language_aware_groups, translation_groups, with_general

LANGUAGES = [Language(code) for code in ("en", "it", "nl")]
SUPERVISED = [Direction.parse(text) for text in ("en-it", "it-en", "en-nl", "nl-en")]
TRANSLATIONS = [Translation("uno", "one", Direction.parse("it-en")), Translation("one", "een", SUPERVISED[2])]
PLAIN = PromptTemplate.load("plain")


def test_a_document_has_no_prompt():
    [[sample]] = document_groups(lambda pass_number: [f"text {pass_number}"])(3)
    assert (sample.prompt, sample.response, sample.sign, sample.weighting.tokens) == ((), "text 3", 1, "all")


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


def test_wordings_are_mixed_in_stage_1_anew_in_each_pass():
    wordings = {"plain": 1, "{source} into {target}:": 1}
    draw = translation_groups(TRANSLATIONS * 50, PLAIN, wordings=wordings, seed=1)
    first, second = ([text_of(sample.prompt) for [sample] in draw(number)] for number in (0, 1))
    beginnings = {"Translate from Italian to English.", "Translate from English to Dutch."}
    assert {text.split("\n")[0] for text in first} == beginnings | {
        "Italian into English:",
        "English into Dutch:",
    }
    assert first != second
    assert first == [text_of(sample.prompt) for [sample] in draw(0)]


def test_twins_share_their_words():
    wordings = {"plain": 1, "{source} into {target}:": 1}
    draw = language_aware_groups(TRANSLATIONS * 20, PLAIN, Conflict(), LANGUAGES, SUPERVISED, 1, wordings)
    worded = [[text_of(sample.prompt).startswith("Translate") for sample in group] for group in draw(0)]
    assert all(positive == negative for positive, negative in worded)
    assert {positive for positive, _ in worded} == {True, False}


def test_a_translation_without_a_conflict_is_learnt_alone():
    conflict = Conflict("confusion", counts={"nl": {"en": 1}})
    groups = language_aware_groups(TRANSLATIONS, PLAIN, conflict, LANGUAGES, SUPERVISED, seed=1)(0)
    assert [[sample.sign for sample in group] for group in groups] == [[1, -1], [1]]


def test_general_instructions_are_positives_alone_in_either_stage():
    instructions = [Instruction("Say a.", "", "a"), Instruction("Say b.", "", "b")]
    stage_2 = language_aware_groups(TRANSLATIONS, PLAIN, Conflict(), LANGUAGES, SUPERVISED, seed=1)
    for draw, signs in ((translation_groups(TRANSLATIONS, PLAIN), [1]), (stage_2, [1, -1])):
        groups = with_general(draw, instructions, 0.5, PLAIN, seed=1)(0)
        assert [[sample.sign for sample in group] for group in groups] == [signs, signs, [1], [1]]
        assert {group[0].response for group in groups[2:]} == {"a", "b"}
        assert groups[:2] == list(draw(0))


def test_a_stage_of_post_instruction_has_it_in_both_of_a_group() -> None:
    def prompts(after: bool) -> list[str]:
        draw = language_aware_groups(
            TRANSLATIONS, PLAIN, Conflict(), LANGUAGES, SUPERVISED, 1, post_instruction=after
        )
        return [text_of(sample.prompt) for group in draw(0) for sample in group]

    for first, last in zip(prompts(False), prompts(True), strict=True):
        assert first.startswith("Translate")
        assert not last.startswith("Translate")
        assert "Translate" in last
