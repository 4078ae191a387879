from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.scoring.interval import Interval, wilson
from ontarget.scoring.language_id.identifier import Guess
from ontarget.scoring.language_id.rules import Rules
from ontarget.scoring.off_target import (
    OffTarget,
    breakdown,
    off_target_ratio,
    outcomes,
    strict_off_target_ratio,
)
from ontarget.scoring.outcome import NOT_OFF, OUTCOMES
from ontarget.scoring.version import SCORING_VERSION

FRENCH = "La boulangère du quartier ouvre sa boutique avant le lever du soleil."
GERMAN = "Die Bäckerin des Viertels öffnet ihren Laden noch vor Sonnenaufgang."
ENGLISH = "The baker in our neighbourhood opens her shop before the sun rises."
ITALIAN = "La fornaia del quartiere apre la sua bottega prima che sorga il sole."
ROBUST = "case:lower|norm:nfc|text:words|script:decides|unsure:0.01<12+0.02<20+0.03<40+0.05"


class FirstLetters:
    """An identifier whose answers can be read off the text: its first two letters."""

    signature = "letters"
    labels = frozenset({"aa", "de", "fr", "en", "it"})

    def identify(self, texts: Sequence[str]) -> list[Guess]:
        return [Guess(text[:2], 1.0 if text else 0.0) for text in texts]


def test_three_of_four_off_is_75_percent() -> None:
    score = off_target_ratio([FRENCH, GERMAN, ENGLISH, ITALIAN], "fr")
    assert (score.metric, score.value, score.n) == ("otr", 75.0, 4)
    assert score.signature == f"lid:lid.176.ftz|{ROBUST}|n:4|version:{SCORING_VERSION}"


def test_the_papers_count_takes_every_line_as_it_is() -> None:
    lines = [FRENCH, FRENCH.upper(), "123", "oui", GERMAN, ""]
    assert off_target_ratio(lines, "fi").value == 100 * 5 / 6
    score = off_target_ratio(lines, "fi", rules="paper")
    assert score.value == 100.0
    assert score.signature == f"lid:lid.176.ftz|case:mixed|norm:none|n:6|version:{SCORING_VERSION}"


def test_strict_ratios_outcomes_and_breakdowns_count_by_the_same_rules() -> None:
    lines, into_french = [GERMAN, "123", "radio"], Direction.parse("it-fr")
    assert outcomes(lines, "fr") == ["other", "neutral", "unsure"]
    assert outcomes(lines, "fr", rules="paper") == ["other", "unknown", "english"]
    off_by_rules: dict[Rules, int] = {"robust": 1, "paper": 3}
    for rules, off in off_by_rules.items():
        assert strict_off_target_ratio(lines, "fr", rules=rules).value == 100 * off / 3
        counts = breakdown(lines, None, into_french, rules=rules)
        assert sum(n for outcome, n in counts.items() if outcome not in NOT_OFF) == off
    assert "case:mixed" in strict_off_target_ratio(lines, "fr", rules="paper").signature


def test_the_interval_takes_unsure_lines_both_ways() -> None:
    count = OffTarget("fr")
    found = count.add([FRENCH] * 5 + [GERMAN] * 2 + ["radio", "123", "😀"])
    assert [segment.outcome for segment in found[5:]] == ["other"] * 2 + ["unsure", "neutral", "neutral"]
    assert (count.off, count.unsure, count.n) == (2, 1, 10)
    assert count.score.value == 20.0
    assert count.score.interval == Interval(wilson(2, 10).low, wilson(3, 10).high)
    assert count.unsure_score.value == 10.0


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
    st.sampled_from([FRENCH, GERMAN, ENGLISH, ITALIAN, "", "   ", "42"]), min_size=1, max_size=12
)


@given(LINES, st.randoms(use_true_random=False))
def test_value_is_a_percentage_of_a_multiset(lines: list[str], random: object) -> None:
    value = off_target_ratio(lines, "fr").value
    assert value == 100.0 * sum(line not in (FRENCH, "42") for line in lines) / len(lines)
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


def test_breakdown_counts_each_hypothesis_once() -> None:
    hypotheses = [FRENCH, GERMAN, GERMAN, ENGLISH, ITALIAN, "", "42 Xyz"]
    counts = breakdown(hypotheses, [GERMAN] * 6 + ["42 Xyz "], Direction.parse("de-fr"))
    assert counts == dict.fromkeys(OUTCOMES, 0) | {
        **{"on": 1, "copy": 2, "english": 1, "other": 1, "empty": 1, "unsure": 1}
    }


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
    off = len(lines) - sum(counts[outcome] for outcome in NOT_OFF)
    assert 100.0 * off / len(lines) == off_target_ratio(lines, "fr").value


def test_breakdown_needs_a_source_for_each_hypothesis() -> None:
    with pytest.raises(UserError, match="2 hypotheses but 1 source;"):
        breakdown([FRENCH, FRENCH], [GERMAN], Direction.parse("de-fr"))


def test_the_interval_is_wilsons() -> None:
    score = off_target_ratio([FRENCH] * 3 + [GERMAN], "fr")
    assert score.interval == wilson(1, 4)


def test_a_stream_is_read_once_and_in_chunks() -> None:
    """As many lines as one likes: no more than a chunk of them is held."""
    alive, most = 0, 0

    class Line(str):
        def __del__(self) -> None:
            nonlocal alive
            alive -= 1

    def lines(n: int) -> Iterator[str]:
        nonlocal alive, most
        for _ in range(n):
            alive += 1
            most = max(most, alive)
            yield Line("fr" if alive % 4 else "de")

    score = off_target_ratio(lines(45_000), "fr", FirstLetters())
    assert score.n == 45_000
    assert most < 25_000


@given(LINES, st.integers(1, 12))
def test_chunks_count_as_the_whole(lines: list[str], cut: int) -> None:
    sources = [GERMAN, *lines][: len(lines)]
    whole, parts = (OffTarget(Direction.parse("de-fr"), strict=True) for _ in range(2))
    found = whole.add(lines, sources)
    assert found == parts.add(lines[:cut], sources[:cut]) + parts.add(lines[cut:], sources[cut:])
    assert (whole.score, whole.strict_score) == (parts.score, parts.strict_score)
    assert (whole.outcomes, whole.produced) == (parts.outcomes, parts.produced)


def test_strict_counts_what_is_no_answer_in_the_language() -> None:
    hypotheses = [FRENCH, GERMAN, "", "fr " * 50, FRENCH, FRENCH]
    sources = [GERMAN, ENGLISH, GERMAN, GERMAN, FRENCH, GERMAN]
    finish = ["stop"] * 5 + ["length"]
    score = strict_off_target_ratio(hypotheses, "fr", sources=sources, finish=finish)
    assert (score.metric, score.n) == ("otr_strict", 6)
    assert score.value == 100 * 5 / 6
    assert score.interval == wilson(5, 6)
    assert score.signature == (
        f"lid:lid.176.ftz|{ROBUST}|confidence:0.3|repetition:0.6|length:3|script:0.1|src:yes|finish:yes"
        f"|n:6|version:{SCORING_VERSION}"
    )
    found = outcomes(hypotheses, Direction.parse("de-fr"), sources=sources, finish=finish, strict=True)
    assert found == ["on", "source", "empty", "run-on", "copy", "run-on"]


def test_strict_without_sources_says_so_and_finds_no_copy() -> None:
    score = strict_off_target_ratio([FRENCH], "fr")
    assert score.value == 0.0
    assert "|src:no|finish:no|" in score.signature


def test_the_paper_asks_for_the_language_alone() -> None:
    """A copy and a loop in the right language are on target there."""
    texts, sources = [FRENCH, FRENCH * 9], [FRENCH, GERMAN]
    assert off_target_ratio(texts, "fr").value == 0.0
    assert outcomes(texts, "fr", sources=sources) == ["on", "on"]
    assert strict_off_target_ratio(texts, "fr", sources=sources).value == 100.0


@given(LINES)
def test_strict_is_never_below_the_papers(lines: list[str]) -> None:
    strict = breakdown(lines, [GERMAN] * len(lines), Direction.parse("de-fr"), strict=True)
    loose = breakdown(lines, [GERMAN] * len(lines), Direction.parse("de-fr"))
    assert strict["on"] <= loose["on"]
    assert sum(strict.values()) == sum(loose.values()) == len(lines)


def test_the_asked_for_script() -> None:
    texts = ["这个问题还没有解决。", "這個問題還沒有解決。"]
    assert off_target_ratio(texts, "zh-Hant").value == 50.0
    assert off_target_ratio(texts, "zh-Hant", rules="paper").value == 0.0  # lid.176 has one Chinese
    assert strict_off_target_ratio(texts, "zh-Hant").value == 50.0
    assert strict_off_target_ratio(texts, "zh").value == 0.0


def test_where_the_off_target_ones_went() -> None:
    count = OffTarget("fr")
    count.add([FRENCH, GERMAN, GERMAN, "", ENGLISH])
    assert count.produced == {"fr": 1, "de": 2, "": 1, "en": 1}
    assert count.produced_off == {"de": 2, "": 1, "en": 1}


def test_finish_reasons_must_be_aligned() -> None:
    with pytest.raises(UserError, match="1 hypothesis but 2 finish reasons"):
        strict_off_target_ratio([FRENCH], "fr", finish=["stop", "stop"])


def test_a_strict_score_must_have_been_asked_for() -> None:
    with pytest.raises(ValueError, match="strict=True"):
        _ = OffTarget("fr").strict_score


def test_what_is_no_string_is_named_by_its_place() -> None:
    with pytest.raises(UserError, match=r"hypothesis 1 is None, not a string; an empty hypothesis is ''"):
        off_target_ratio(["Bonjour.", None], "fr")  # type: ignore[list-item]
