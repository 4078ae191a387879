"""A model's own answers in a wrong language."""

from ontarget.corpora.corpus import Translation
from ontarget.languages import Direction, Language
from ontarget.prompts.segment import text_of
from ontarget.prompts.template import PromptTemplate
from ontarget.samples.groups import translation_groups
from ontarget.samples.wrong import WrongOutput, with_wrong_outputs, wrong_output_sample

PLAIN = PromptTemplate.load("plain")
IT_NL = Direction.parse("it-nl")
EN, IT, NL = Language("en"), Language("it"), Language("nl")


def wrong(text: str, language: Language | None) -> WrongOutput:
    return WrongOutput(Translation("il gatto di Anna", text, IT_NL), language)


def test_it_is_unlearnt_where_it_tells_the_language_under_the_instruction_that_was_given() -> None:
    sample = wrong_output_sample(wrong("Anna's cat", EN), PLAIN)
    assert "Dutch" in text_of(sample.prompt)
    assert (sample.sign, sample.weighting.tokens, sample.eos) == (-1, "first", False)
    assert (sample.asked, sample.produced) == (NL, EN)
    assert sample.source == "il gatto di Anna"  # from which `Anna` may be copied


def test_in_the_language_of_the_source_no_word_counts_as_a_name() -> None:
    assert wrong_output_sample(wrong("il gatto", IT), PLAIN).source == ""


def test_each_stands_beside_a_translation_in_every_pass() -> None:
    right = [Translation(str(number), "x", IT_NL) for number in range(3)]
    answers = [wrong(f"cat {number}", EN) for number in range(5)]
    draw = with_wrong_outputs(translation_groups(right, PLAIN), answers, PLAIN, seed=1)
    for groups in (draw(0), draw(1)):
        assert [len(group) for group in groups] == [3, 3, 2]
        assert all(group[0].sign == 1 and all(s.sign == -1 for s in group[1:]) for group in groups)
        assert sorted(s.response for group in groups for s in group[1:]) == [
            w.translation.target for w in answers
        ]
    assert draw(0) != draw(1)
    assert draw(1) == draw(1)
