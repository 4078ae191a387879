"""The tables of docs/identification.md: how they are counted, and what they must show on real text."""

import importlib
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import pytest

from ontarget.languages import Language
from ontarget.scoring.language_id import Guess, default_identifier

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
GERMAN = Language("de")
ANSWERS = {
    "hund": Guess("de", 0.95),
    "hand": Guess("en", 0.95),
    "fern": Guess("de", 0.31),
    "der hund bellt": Guess("de", 0.99),
}


class Known:
    """An identifier that knows the lines of `ANSWERS`."""

    signature = "known"
    labels = frozenset({"de", "en"})

    def identify(self, texts: Sequence[str]) -> list[Guess]:
        return [ANSWERS.get(text, Guess("", 0.0)) for text in texts]


@pytest.fixture
def tables(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("identification")


@pytest.fixture
def curves(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("identification_curve")


@pytest.mark.parametrize(
    ("form", "text", "code", "changed"),
    [
        ("plain", "Der Hund bellt.", "de", "Der Hund bellt."),
        ("UPPER", "Der Hund bellt.", "de", "DER HUND BELLT."),
        ("Title Case", "Der Hund bellt.", "de", "Der Hund Bellt."),
        ("1 word", "Der Hund bellt.", "de", "Der"),
        ("5 words", "Der Hund bellt.", "de", "Der Hund bellt."),
        ("2 words", "我们今天去公园", "zh-TW", "我们今天"),
        ("2 words", "우리는 오늘 간다", "ko", "우리는 오늘"),
        ("with placeholder", "Der Hund bellt.", "de", "Der Hund bellt. {user_name}"),
    ],
)
def test_forms_of_a_line(tables: ModuleType, form: str, text: str, code: str, changed: str) -> None:
    assert tables.FORMS[form](text, Language(code)) == changed


def test_counts_by_both_rules(tables: ModuleType) -> None:
    lines = [
        "Der Hund bellt im Garten hinter dem Haus.",
        "123",
        "https://example.com",
        "This dog is very old.",
    ]
    identifier = default_identifier()
    assert tables.Counts.of(lines, GERMAN, identifier, "robust") == (4, 1, 0, 2)
    assert tables.Counts.of(lines, GERMAN, identifier, "paper") == (4, 3, 0, 0)


def test_the_tables_have_means_and_the_worst_language(tables: ModuleType) -> None:
    counts = tables.Counts
    form = {"de": counts(200, 1, 2, 0), "hr": counts(200, 50, 4, 2)}
    upper = {"de": counts(200, 4, 2, 0), "hr": counts(200, 50, 4, 2)}
    measured = {"robust": {"plain": form, "UPPER": upper}, "paper": {"plain": upper, "UPPER": upper}}
    rows = tables.summary(measured).split("\n")
    assert rows[2] == "| plain | 12.75 | 1.50 | 0.50 | 25.0 (hr) | 13.50 |"
    assert tables.capitals(measured) == "In capitals OTR changes by at most 1.50 points (de)."
    rows = tables.by_language(measured, "robust").split("\n")
    assert rows[2:] == [
        "| de | 0.5 (1.0) | 2.0 (1.0) |",
        "| hr | 25.0 (2.0) | 25.0 (2.0) |",
        "| mean | 12.8 (1.5) | 13.5 (1.5) |",
    ]
    assert tables.by_language(measured, "paper").split("\n")[-1] == "| mean | 13.5 | 13.5 |"


def test_the_curve_counts_right_guesses_by_probability_and_length(
    curves: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(curves, "LENGTHS", ["plain"])
    found = curves.measure(Known(), {GERMAN: ["Hund", "HAND", "fern", "Der Hund bellt", "123"]})
    assert found.by_words["plain"][9] == [2, 3]
    assert found.by_words["plain"][3] == [1, 1]
    assert found.by_letters["1 to 4 letters"][9] == [1, 2]
    assert found.by_letters["10 to 19 letters"][9] == [1, 1]
    assert "| 0.9 to 1.0 | 66.7 (3) |" in curves.markdown(found.by_words)
    assert "| all | 75.0 (4) |" in curves.markdown(found.by_words)


@pytest.mark.slow
def test_capitals_urls_and_placeholders_leave_the_floor_as_it_is(
    tables: ModuleType, shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of each of the 33 languages of FLORES-200, within a point."""
    changed = ("plain", "UPPER", "Title Case", "lower", "with URL", "with placeholder")
    monkeypatch.setattr(tables, "FORMS", {form: tables.FORMS[form] for form in changed})
    monkeypatch.setattr(tables, "ALL_RULES", ("robust",))
    forms = tables.measure(default_identifier(), tables.read(shared_data)["flores200"])["robust"]
    assert len(forms["plain"]) == 33
    for form in changed:
        for code, counts in forms[form].items():
            assert abs(counts.percent("off") - forms["plain"][code].percent("off")) <= 1, (form, code)


def test_lines_without_language_are_off_target_in_none(tables: ModuleType) -> None:
    languages = [Language(code) for code in ("de", "en", "ja", "ru", "zh-TW")]
    for kind, lines in tables.NEUTRAL.items():
        for language in languages:
            counts = tables.Counts.of(list(lines), language, default_identifier(), "robust")
            assert counts.off == 0, (kind, language)
