from collections import Counter

import pytest

from ontarget.corpora.instructions import Instruction
from ontarget.prompts.segment import text_of
from ontarget.prompts.template import PromptTemplate
from ontarget.samples.general import draw_instructions, general_sample, how_many

TEN = [Instruction(f"Say {number}.", "", str(number)) for number in range(10)]


@pytest.mark.parametrize(("translations", "ratio", "wanted"), [(80, 0.2, 20), (3, 0.5, 3), (100, 0.01, 1)])
def test_the_ratio_is_the_share_of_all_samples(translations: int, ratio: float, wanted: int) -> None:
    assert how_many(translations, ratio) == wanted
    assert wanted / (translations + wanted) == pytest.approx(ratio, abs=0.005)


def test_none_is_drawn_twice_before_all_are_drawn_once() -> None:
    counts = Counter(draw_instructions(TEN, 23, seed=1, pass_number=0))
    assert sorted(counts.values()) == [2] * 7 + [3] * 3


def test_drawn_anew_in_each_pass_and_alike_for_one_seed() -> None:
    assert draw_instructions(TEN, 5, 1, 0) == draw_instructions(TEN, 5, 1, 0)
    assert draw_instructions(TEN, 5, 1, 0) != draw_instructions(TEN, 5, 1, 1)
    assert draw_instructions(TEN, 5, 1, 0) != draw_instructions(TEN, 5, 2, 0)


def test_alpaca_with_an_input_and_without_one() -> None:
    alpaca = PromptTemplate.load("alpaca")
    plain, given = (general_sample(Instruction("Do it.", i, "Done."), alpaca) for i in ("", "This </s>"))
    assert text_of(plain.prompt) == (
        "Below is an instruction that describes a task. "
        "Write a response that appropriately completes the request.\n\n"
        "### Instruction:\nDo it.\n\n### Response:"
    )
    assert text_of(given.prompt) == (
        "Below is an instruction that describes a task, paired with an input that provides further context. "
        "Write a response that appropriately completes the request.\n\n"
        "### Instruction:\nDo it.\n\n### Input:\nThis </s>\n\n### Response:"
    )
    assert [segment.text for segment in given.prompt if not segment.trusted] == ["Do it.", "This </s>"]
    assert (given.response, given.sign, given.weighting.tokens, given.eos, given.asked) == (
        "Done.",
        1,
        "all",
        True,
        None,
    )


def test_plain_asks_them_too() -> None:
    prompt = PromptTemplate.load("plain").render_general("Add {text}.", "1 {from}")
    assert text_of(prompt) == "Add {text}.\n1 {from}\n"
