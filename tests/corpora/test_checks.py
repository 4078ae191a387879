from collections.abc import Sequence
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ontarget.corpora import checks
from ontarget.corpora.checks import STEPS, CleaningStep, Identification, InTest, check_of
from ontarget.errors import UserError
from ontarget.languages import Language

DE, FR = Language("de"), Language("fr")


def elsewhere(texts: Sequence[str], language: Language) -> list[float]:
    """The stand-in says English, as surely as the number in a text says; `0.0` is in the right language."""
    return [float(text) for text in texts]


STUB = Identification("stub", elsewhere)


def stays(step: str, limit: float | None, *rows: tuple[str, str]) -> list[bool]:
    texts = {DE: [row[0] for row in rows], FR: [row[1] for row in rows]}
    return check_of(CleaningStep.of({step: limit} if limit else step), STUB)(texts)


def test_empty_is_nothing_but_white_space_and_characters_without_width() -> None:
    assert stays("empty", None, ("a", "b"), ("a", ""), (" \t\u00a0", "b")) == [True, False, False]
    assert stays("empty", None, ("a\u200b", "b"), ("a", "\ufeff\u200b"), ("\xad", "b")) == [
        True,
        False,
        False,
    ]


def test_too_long_counts_characters() -> None:
    assert stays("too-long", 3, ("abc", "é¨x"), ("a", "abcd")) == [True, False]


def test_a_ratio_goes_both_ways() -> None:
    rows = [("abc", "a"), ("abcd", "a"), ("a", "abcd"), ("", "a"), ("", "")]
    assert stays("length-ratio", 3, *rows) == [True, False, False, False, True]


def test_source_is_target_whatever_blanks_are_around() -> None:
    assert stays("source-is-target", None, ("a", "b"), ("a", "a"), ("a ", " a")) == [True, False, False]


def test_the_wrong_language_is_what_identification_is_sure_of() -> None:
    assert stays("wrong-language", 0.5, ("0.0", "0.4"), ("0.5", "0.0"), ("0.0", "0.9")) == [
        True,
        False,
        False,
    ]


@pytest.mark.parametrize("waiting", [0, 2, checks._NEW])
@given(st.lists(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), max_size=9), max_size=6))
def test_duplicates_are_those_that_came_before(waiting: int, chunks: list[list[tuple[str, str]]]) -> None:
    with mock.patch.object(checks, "_NEW", waiting):
        _compare_with_a_set(chunks)


def _compare_with_a_set(chunks: list[list[tuple[str, str]]]) -> None:
    check = check_of(CleaningStep("duplicates"), STUB)
    seen: set[tuple[str, str]] = set()
    for rows in chunks:
        expected = []
        for row in rows:
            expected.append(row not in seen)
            seen.add(row)
        assert check({DE: [row[0] for row in rows], FR: [row[1] for row in rows]}) == expected


def test_a_duplicate_is_one_in_all_languages() -> None:
    assert stays("duplicates", None, ("ab", "c"), ("a", "bc"), ("ab", "c")) == [True, True, False]


def test_a_line_of_the_test_set_in_any_language() -> None:
    check = InTest({DE: frozenset({"Haus"})})
    assert check({DE: ["Hof", "Haus "], FR: ["Haus", "maison"]}) == [True, False]
    assert check.first == (DE, "Haus ")


def test_a_recipe_names_steps_and_limits_and_gets_them_back() -> None:
    for name, default in STEPS.items():
        assert CleaningStep.of(name) == CleaningStep(name, default)
        assert CleaningStep.of(CleaningStep.of(name).settings()) == CleaningStep.of(name)
    assert CleaningStep.of({"too-long": 7}).settings() == {"too-long": 7}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("duplicate", "'duplicate' is not a cleaning step; did you mean 'duplicates'?"),
        ({"too-long": 1, "empty": None}, "is not a cleaning step"),
        ({"empty": 3}, "the cleaning step 'empty' takes no limit"),
        (
            {"too-long": "many"},
            "the limit of 'too-long' is 'many'; expected a number above 0, such as 1000",
        ),
        ({"length-ratio": -1}, "is -1; expected"),
        ({"length-ratio": True}, "is True; expected"),
        (3, "'3' is not a cleaning step"),
    ],
)
def test_a_wrong_step_is_told(given: object, told: str) -> None:
    with pytest.raises(UserError) as error:
        CleaningStep.of(given)
    assert told in str(error.value)
