from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ontarget.checked.flags import flags_of, loop_in
from ontarget.checked.verdict import Flag
from ontarget.corpora.plain import read_lines
from ontarget.languages import Direction
from ontarget.translation.hypothesis import Hypothesis

EN_FR = Direction.parse("en-fr")
SOURCE = "The report of 1998 says that {name} sold 4,500 houses in the north."
GOOD = "Le rapport de 1998 dit que {name} a vendu 4\u202f500 maisons dans le nord."


def flags(
    text: str, source: str = SOURCE, finish: str = "stop", neutral: bool = False
) -> dict[Flag, tuple[str, ...]]:
    (found,) = flags_of(EN_FR, [source], [Hypothesis(text, finish, 0.0, 1)], [neutral])  # type: ignore[arg-type]
    return found


def test_a_good_translation_has_no_flag() -> None:
    assert flags(GOOD) == {}


@pytest.mark.parametrize(
    ("text", "finish", "expected"),
    [
        ("", "stop", {"empty": ()}),
        ("\u200b ", "stop", {"empty": ()}),
        ("", "too-long", {"too_long": ()}),
        (GOOD, "length", {"cut_off": ()}),
        (SOURCE.upper(), "stop", {"echo": ()}),
        (GOOD.replace("{name}", "le nom"), "stop", {"placeholders_lost": ("{name}",)}),
        (GOOD.replace("1998", "1989"), "stop", {"numbers_lost": ("1998",)}),
        (
            GOOD + " au bord de la mer, avec vue" * 10,
            "stop",
            {"looping": ("au bord de la mer avec",), "overlong": ()},
        ),
    ],
)
def test_each_fault_has_its_flag(text: str, finish: str, expected: dict[Flag, tuple[str, ...]]) -> None:
    found = flags(text, finish=finish)
    assert found.keys() == expected.keys()
    assert {flag: evidence for flag, evidence in found.items() if flag != "looping"} == {
        flag: evidence for flag, evidence in expected.items() if flag != "looping"
    }


def test_a_missing_part_is_noticed_by_its_length() -> None:
    long = "She opened the window and looked at the garden. " * 3
    assert flags("Elle", source=long) == {"too_short": ()}
    assert flags("Elle ouvrit la fenêtre et regarda longtemps le jardin.", source=long) == {}
    (found,) = flags_of(
        Direction.parse("en-zh"), [long], [Hypothesis("她打开窗户看着花园。" * 2, "stop", 0, 1)], [False]
    )
    assert found == {}  # Chinese needs fewer characters


def test_a_text_without_words_may_be_a_copy() -> None:
    assert flags("12:30", source="12:30", neutral=True) == {}
    assert flags("12:30", source="12:30") == {"echo": ()}


@pytest.mark.parametrize(
    ("text", "piece"),
    [
        ("non non non non", "non"),
        ("Il dit que non, non, non, non.", "non"),
        ("je ne sais pas je ne sais pas je ne sais pas je ne sais pas", "je ne sais pas"),
        ("aaaaaaaaaaaa", "a"),
        ("non non non", None),
        ("a b a b a b", None),
        ("Chapitre 1 ........................ 3", None),
        ("1000000000000000", None),
        ("रोरी मैकडोनाल्ड एक-दूसरे का सामना करने की तैयारी कर रहे", None),
        ("", None),
    ],
)
def test_loops(text: str, piece: str | None) -> None:
    assert loop_in(text) == piece


@given(st.text("ab-", max_size=30), st.sampled_from("ab-"), st.integers(8, 12), st.text("ab-", max_size=9))
def test_ten_of_a_sign_in_a_row_are_a_loop(before: str, sign: str, times: int, after: str) -> None:
    text = before + sign * times + after
    assert loop_in(text) in ([one for one in "ab" if one * 10 in text] or [None])


def test_what_the_source_repeats_is_no_loop() -> None:
    source = "No no no no no!"
    assert flags("Non non non non non !", source=source) == {}
    assert flags("Non non non non non !", source="Never!") == {"looping": ("non",)}
    assert "looping" in flags("abcdefghij klmnop " * 9, source="A long text without any loop in it.")


def test_human_translations_have_few_flags(shared_data) -> None:
    """Of 600 lines of news in each of six languages, none has commentary, a loop or a wrong length."""
    ntrex = shared_data / "ntrex"

    def lines(code: str) -> list[str]:
        return [line.strip() for line in read_lines(ntrex / f"newstest2019.{code}.gz")[:600]]

    counts: Counter[Flag] = Counter()
    sources = lines("en")
    for code in ("de", "fr", "hi", "ja", "ru", "tr"):
        texts = [Hypothesis(text, "stop", 0.0, 1) for text in lines(code)]
        for found in flags_of(Direction.parse(f"en-{code}"), sources, texts, [False] * len(texts)):
            counts.update(found.keys())
    assert counts["numbers_lost"] < 0.02 * 6 * 600
    assert counts["echo"] < 0.005 * 6 * 600
    assert counts.keys() <= {"numbers_lost", "echo"}


@pytest.mark.parametrize(
    ("source", "text", "flagged"),
    [
        (SOURCE, ". . . .", True),
        (SOURCE, "{name}", True),
        (SOURCE, "1998 4,500", True),
        ("sieben", "7", False),  # a number in words
        ("sieben", "?", True),
        ("12. {name}", "12.", False),
    ],
)
def test_a_text_without_words_translates_no_words(source: str, text: str, flagged: bool) -> None:
    assert ("no_words" in flags(text, source, neutral=True)) is flagged
