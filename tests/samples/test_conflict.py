import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ontarget.corpora.corpus import Translation
from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.prompts.segment import text_of
from ontarget.prompts.template import PromptTemplate
from ontarget.samples.conflict import (
    Conflict,
    check_conflicts,
    conflicting_instructions,
    conflicting_sample,
    right_targets,
)
from ontarget.samples.draw import directions_of, supervised_directions
from ontarget.samples.weighting import ALL

LANGUAGES = [Language(code) for code in ("en", "it", "nl", "ro")]
SUPERVISED = supervised_directions(LANGUAGES, LANGUAGES[0])
TRANSLATIONS = [Translation("x", "y", direction) for direction in SUPERVISED] * 200
PAPER = Conflict(policy="any-instruction", directions="seen", weighting=ALL, eos=True)


def instructions(conflict, pass_number=0, translations=TRANSLATIONS):
    return conflicting_instructions(
        directions_of(translations), conflict, LANGUAGES, SUPERVISED, 1, pass_number
    )


def test_fault_3_a_wrong_target_never_asks_for_the_right_language():
    for named in ("seen", "any"):
        drawn = instructions(Conflict(policy="wrong-target", directions=named))
        for instruction, translation in zip(drawn, TRANSLATIONS, strict=True):
            assert instruction.target not in (translation.direction.source, translation.direction.target)


def test_fault_3_the_papers_policy_asks_for_the_right_language_in_a_fifth_of_its_samples():
    drawn = instructions(PAPER)
    right = [d.target == t.direction.target for d, t in zip(drawn, TRANSLATIONS, strict=True)]
    # X->En has two other X->En instructions among the five left, En->X none: (3 * 2/5 + 3 * 0) / 6 = 20 %.
    assert sum(right) / len(right) == pytest.approx(0.2, abs=0.03)
    assert all(
        t.direction.target == LANGUAGES[0] for t, same in zip(TRANSLATIONS, right, strict=True) if same
    )
    assert all(d != t.direction for d, t in zip(drawn, TRANSLATIONS, strict=True))


def test_seen_names_no_unseen_direction_and_any_does():
    assert set(instructions(Conflict(directions="seen"))) <= set(SUPERVISED)
    assert not set(instructions(Conflict(directions="any"))) <= set(SUPERVISED)


def test_any_keeps_the_source_language():
    drawn = instructions(Conflict(directions="any"))
    assert all(d.source == t.direction.source for d, t in zip(drawn, TRANSLATIONS, strict=True))


def test_every_allowed_instruction_is_drawn_about_equally():
    translation = Translation("x", "y", Direction.parse("en-it"))
    drawn = instructions(Conflict(directions="seen"), translations=[translation] * 5000)
    counts = {direction: drawn.count(direction) for direction in set(drawn)}
    allowed = {d for d in SUPERVISED if str(d.target) in ("nl", "ro")}
    assert counts.keys() == allowed
    assert max(counts.values()) < 1.2 * min(counts.values())


def test_redrawn_in_every_pass_unless_fixed():
    assert instructions(Conflict(redraw=True), 0) != instructions(Conflict(redraw=True), 1)
    assert instructions(Conflict(redraw=False), 0) == instructions(Conflict(redraw=False), 1)


def test_fault_3_one_direction_data_is_an_error_and_no_endless_loop():
    one = [Direction.parse("en-it")]
    translations = [Translation("x", "y", one[0])]
    with pytest.raises(UserError, match="no instruction conflicts with en-it"):
        conflicting_instructions(directions_of(translations), PAPER, LANGUAGES, one, 1, 0)


@given(st.integers(0, 1000))
def test_the_pool_is_not_changed_while_it_is_drawn_from(seed):
    pairs = list(itertools.islice(itertools.cycle(TRANSLATIONS[:6]), 60))
    drawn = conflicting_instructions(directions_of(pairs), PAPER, LANGUAGES, SUPERVISED, seed, 0)
    assert len(drawn) == 60
    assert set(drawn) <= set(SUPERVISED)


def test_a_conflicting_sample_keeps_input_and_output():
    translation = Translation("Il gatto dorme.", "The cat sleeps.", Direction.parse("it-en"))
    sample = conflicting_sample(
        translation, Direction.parse("it-nl"), Conflict(), PromptTemplate.load("alpaca")
    )
    text = text_of(sample.prompt)
    assert "from Italian to Dutch" in text
    assert "Il gatto dorme." in text
    assert (sample.response, sample.sign, sample.asked) == ("The cat sleeps.", -1, Language("nl"))
    assert (sample.weighting.tokens, sample.eos) == ("first", False)


def test_reversed_asks_for_the_way_back_and_needs_no_third_language():
    two = [Direction.parse("en-it"), Direction.parse("it-en")]
    translations = [Translation("x", "y", direction) for direction in two]
    drawn = conflicting_instructions(
        directions_of(translations), Conflict("reversed"), LANGUAGES[:2], two, 1, 0
    )
    assert drawn == [two[1], two[0]]
    assert right_targets(directions_of(translations), drawn) == 0


def test_a_copied_source_is_unlearnt_under_the_right_instruction():
    translation = Translation("Anna dorme.", "Anna sleeps.", Direction.parse("it-en"))
    copy = Conflict("source-copy")
    [instruction] = conflicting_instructions(
        [translation.direction], copy, LANGUAGES[:2], [translation.direction], 1, 0
    )
    assert instruction == translation.direction
    assert right_targets([translation.direction], [instruction]) == 1
    sample = conflicting_sample(translation, instruction, copy, PromptTemplate.load("plain"))
    assert text_of(sample.prompt) == "Translate from Italian to English.\nAnna dorme.\n"
    assert (sample.response, sample.sign) == ("Anna dorme.", -1)
    assert (sample.asked, sample.produced) == (Language("en"), Language("it"))
    assert sample.source == "Anna sleeps."  # so that `Anna` is not taken for a sign of a copy


def test_confusion_is_drawn_as_often_as_it_was_counted():
    counts = {"nl": {"en": 300, "nl": 50}, "ro": {"en": 100, "it": 7}, "en": {"it": 1000}, "it": {"it": 9}}
    conflict = Conflict("confusion", counts=counts)
    translation = Translation("x", "y", Direction.parse("it-en"))
    drawn = instructions(conflict, translations=[translation] * 4000)
    asked = [str(direction) for direction in drawn]
    assert set(asked) == {"it-nl", "it-ro"}  # never what is right, nor the language of the text
    assert asked.count("it-nl") / 4000 == pytest.approx(0.75, abs=0.03)
    assert right_targets([translation.direction] * 4000, drawn) == 0


def test_what_was_never_produced_in_error_has_no_conflicting_sample():
    conflict = Conflict("confusion", counts={"nl": {"en": 3}, "ro": {"nl": 1}})
    translations = [Translation("x", "y", Direction.parse(text)) for text in ("it-en", "en-it", "en-nl")]
    drawn = instructions(conflict, translations=translations)
    assert [direction and str(direction) for direction in drawn] == ["it-nl", None, "en-ro"]
    assert right_targets(directions_of(translations), drawn) == right_targets([], []) == 0


def test_counts_without_confusion_among_the_languages_are_an_error():
    counts = {"nl": {"nl": 10, "sv": 4}, "de": {"en": 5}}
    with pytest.raises(UserError, match="contain no outputs in a wrong language among en, it"):
        check_conflicts(Conflict("confusion", counts=counts), LANGUAGES, SUPERVISED)
    check_conflicts(Conflict("confusion", counts={"nl": {"en": 1}}), LANGUAGES, SUPERVISED)


@pytest.mark.parametrize("policy", ["wrong-target", "confusion", "any-instruction"])
def test_one_direction_is_found_before_training_with_what_to_do(policy):
    two = [Direction.parse("en-it"), Direction.parse("it-en")]
    with pytest.raises(UserError, match=r"no instruction conflicts with en-it.*'reversed' or 'source-copy'"):
        check_conflicts(Conflict(policy), LANGUAGES[:2], two)
    for works in ("reversed", "source-copy"):
        check_conflicts(Conflict(works), LANGUAGES[:2], two[:1])


def test_the_remedy_for_an_empty_pool_is_one_that_helps():
    # Only it-en is supervised: over three languages `any` adds it-nl, over two it adds nothing.
    one = [Direction.parse("it-en")]
    with pytest.raises(
        UserError, match=r"'wrong-target' and `directions: seen`; use `directions: any`, or use the policy"
    ):
        check_conflicts(Conflict(directions="seen"), LANGUAGES[:3], one)
    check_conflicts(Conflict(directions="any"), LANGUAGES[:3], one)
    for named in ("seen", "any"):
        with pytest.raises(UserError, match=r"'wrong-target'; add a language to `languages`, or") as caught:
            check_conflicts(Conflict(directions=named), LANGUAGES[:2], one)
        assert "directions:" not in str(caught.value)


def test_the_share_that_keeps_the_right_target_is_a_fifth_in_the_papers_policy():
    assert right_targets(directions_of(TRANSLATIONS), instructions(PAPER)) == pytest.approx(0.2, abs=0.03)
    assert right_targets(directions_of(TRANSLATIONS), instructions(Conflict())) == 0


def test_a_twin_is_asked_for_in_the_words_of_its_positive():
    translation = Translation("Il gatto dorme.", "The cat sleeps.", Direction.parse("it-en"))
    asked = Direction.parse("it-nl")
    worded = "Give the {target} of this {source}"
    sample = conflicting_sample(translation, asked, Conflict(), PromptTemplate.load("plain"), worded)
    assert text_of(sample.prompt) == "Give the Dutch of this Italian\nIl gatto dorme.\n"
