"""The tables of docs/explanation/identification.md: how they are counted, and their claims on real text."""

import importlib
from bisect import bisect_right
from collections.abc import Collection, Sequence
from pathlib import Path
from types import ModuleType

import pytest

from ontarget.languages import Language
from ontarget.scoring.language_id.identifier import EvenOdds, Guess, default_identifier

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
GERMAN = Language("de")
ANSWERS = {
    "hund": Guess("de", 0.96),
    "hand": Guess("en", 0.96),
    "fern": Guess("de", 0.31),
    "dog": Guess("en", 0.96),
    "art": Guess("de", 0.75),
}


class Known:
    """An identifier that knows the lines of `ANSWERS`."""

    signature = "known"
    labels = frozenset({"de", "en"})
    even_odds = EvenOdds(((4, 0.02),), 0.05)

    def identify(self, texts: Sequence[str]) -> list[Guess]:
        return [ANSWERS[text] for text in texts]

    def weigh(self, texts: Sequence[str], labels: Collection[str]) -> list[tuple[Guess, float]]:
        return [
            (guess, guess.probability if guess.label in labels else 1 - guess.probability)
            for guess in self.identify(texts)
        ]


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
    assert tables.capitals(measured) == (
        "In capitals, the OTR of each language is within 1.50 points of that of plain lines."
    )
    rows = tables.by_language(measured, "robust").split("\n")
    assert rows[2:] == [
        "| de | 0.5 (1.0) | 2.0 (1.0) |",
        "| hr | 25.0 (2.0) | 25.0 (2.0) |",
        "| mean | 12.8 (1.5) | 13.5 (1.5) |",
    ]
    assert tables.by_language(measured, "paper").split("\n")[-1] == "| mean | 13.5 | 13.5 |"


def test_curves_by_probability_of_the_guess_and_of_the_requested_language(
    curves: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(curves, "LENGTHS", ["plain"])
    english = ["dog", "Art", "hand", "Dog"]
    found = curves.measure(Known(), {GERMAN: ["Hund", "HAND", "fern", "123"], Language("en"): english})
    right, (short, long) = found.right["plain"], found.requested.values()
    assert right[9] == [4, 5]  # `hand` is right in English alone
    assert (right[3], right[7]) == ([1, 1], [0, 1])
    # German is requested of "hand", and of the English lines; English of "art", and of the German ones.
    assert list(found.requested) == ["1 to 3 letters", "4 letters or more"]
    at = {p: bisect_right(curves.REQUESTED, p) - 1 for p in (0.04, 0.25)}
    assert (short[at[0.04]], long[at[0.04]]) == ([0, 2], [1, 3])  # "dog"; "hand", "hund"
    assert short[at[0.25]] == [1, 1]
    assert "| 0.9 to 1 | 80.0 (5) |" in curves.markdown(found.right, curves.RIGHT)
    assert "| all | 71.4 (7) |" in curves.markdown(found.right, curves.RIGHT)


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


def test_what_a_system_may_write_instead(tables: ModuleType) -> None:
    languages = [Language(code) for code in ("cs", "sk", "en", "zh", "zh-TW", "nb")]
    kinds = tables.written_instead(Language("cs"), languages)
    codes = {kind: [language.code for language in of] for kind, of in kinds.items()}
    assert codes == {
        "English": ["en"],
        "a close relative": ["sk"],
        "another language": ["zh", "zh-TW", "nb"],
    }
    assert Language("zh-TW") not in tables.written_instead(Language("zh"), languages)["another language"]


def test_lines_in_another_language_are_found(tables: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "FORMS", {"plain": tables.FORMS["plain"]})
    texts = {
        GERMAN: ["Der Hund bellt im Garten hinter dem Haus.", "Wir gehen morgen früh in die Schule."],
        Language("en"): ["This dog is very old.", "123"],
    }
    rows = tables.astray(default_identifier(), texts).split("\n")[2:]
    assert rows == [
        "| English | plain | 50.0 | 0.0 | 100.0 |",
        "| another language | plain | 100.0 | 0.0 | 100.0 |",
    ]
