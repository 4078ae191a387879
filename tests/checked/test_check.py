from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.checked.fake import ENGLISH, FRENCH, GERMAN

from ontarget.checked.check import Checker
from ontarget.checked.verdict import Verdict
from ontarget.corpora.plain import read_lines
from ontarget.languages import Direction
from ontarget.scoring.language_id.identifiers import identifier_named
from ontarget.scoring.off_target import OffTarget, off_target_ratio
from ontarget.text import is_empty
from ontarget.translation.hypothesis import Hypothesis
from ontarget.translation.system import Request

DE_FR = Direction.parse("de-fr")
CHECKER = Checker()


def verdicts(texts: Sequence[str], direction: Direction = DE_FR, source: str = GERMAN) -> list[Verdict]:
    requests = [Request(source, direction) for _ in texts]
    return [one.verdict for one in CHECKER.check(requests, [Hypothesis(t, "stop", 0.0, 1) for t in texts])]


def outcomes_of_score(texts: Sequence[str], direction: Direction) -> list[str]:
    """As `ontarget score` counts them."""
    names = {None: "on_target", "unsure": "unsure", "neutral": "neutral"}
    found = OffTarget(direction).add(texts)
    return ["off_target" if one.off else names[one.doubt] for one in found]


def test_the_outcomes() -> None:
    found = verdicts([FRENCH, ENGLISH, "", "12:30", "Oui"])
    assert [one.outcome for one in found] == ["on_target", "off_target", "off_target", "neutral", "on_target"]
    assert [one.language for one in found[:4]] == ["fr", "en", "", "zxx"]
    assert found[0].confidence > 0.9
    assert found[1].off
    assert not found[0].off


@given(st.lists(st.text(max_size=60), max_size=5))
def test_outcomes_are_those_of_score_for_any_text(texts: list[str]) -> None:
    assert [one.outcome for one in verdicts(texts)] == outcomes_of_score(texts, DE_FR)


@pytest.mark.parametrize("target", ["zh-TW", "sr-Latn", "ja", "nl"])
def test_outcomes_are_those_of_score_for_other_languages(target: str) -> None:
    direction = Direction.parse(f"de-{target}")
    texts = [
        FRENCH,
        ENGLISH,
        "这是一个中文句子。",
        "這是一個中文句子，沒有問題。",
        "Добар дан, како сте?",
        "Dobar dan",
    ]
    texts += ["これは日本語の文です。", "De hond slaapt vandaag op de bank.", "OK", "", "👍"]
    assert [one.outcome for one in verdicts(texts, direction)] == outcomes_of_score(texts, direction)


def test_the_ratio_of_verdicts_is_that_of_score_on_real_text(shared_data) -> None:
    ntrex = shared_data / "ntrex"
    of = {code: read_lines(ntrex / f"newstest2019.{code}.gz")[:300] for code in ("da", "nb", "sv")}
    texts = [line for lines in of.values() for line in lines]
    found = verdicts(texts, Direction.parse("en-da"))
    off = sum(one.off for one in found)
    assert 100 * off / len(texts) == off_target_ratio(texts, "da").value
    assert off > 0


def test_a_source_without_text_has_nothing_to_check() -> None:
    (found,) = CHECKER.check([Request(" ", DE_FR)], [Hypothesis("", "stop", 0.0, 0)])
    assert is_empty(found.source)
    assert found.verdict == Verdict("neutral", "", 0.0)


def test_directions_may_be_mixed_and_do_not_change_a_verdict() -> None:
    requests = [Request(GERMAN, DE_FR), Request(FRENCH, Direction.parse("fr-en")), Request(GERMAN, DE_FR)]
    hypotheses = [Hypothesis(text, "stop", 0.0, 1) for text in (ENGLISH, ENGLISH, FRENCH)]
    together = CHECKER.check(requests, hypotheses)
    assert [one.verdict.outcome for one in together] == ["off_target", "on_target", "on_target"]
    alone = [Checker().check([r], [h])[0] for r, h in zip(requests, hypotheses, strict=True)]
    assert together == alone


def test_words_left_in_another_language_are_named_only_in_lines_on_target() -> None:
    mixed = "Un groupe de männern tient des Stöcke aus Baumwolle in der Hand devant la maison."
    (found,) = verdicts([mixed], source="Eine Gruppe von männern hält Stöcke aus Baumwolle in der Hand.")
    assert found.outcome == "on_target"
    assert "männern" in found.details["source_words"]
    (english,) = verdicts([ENGLISH])
    assert english.flags == ()


def test_without_an_identifier_for_the_target_a_line_is_unsure() -> None:
    friulian = Direction.parse("it-fur")
    assert not CHECKER.knows(friulian.target)
    (found,) = verdicts(["Il cjan al duar."], friulian, "Il cane dorme.")
    assert (found.outcome, found.flags) == ("unsure", ())
    assert found.language


def test_another_identifier_decides() -> None:
    checker = Checker(identifier_named("script", ["en", "ru"]))
    request = Request("Hello", Direction.parse("en-ru"))
    texts = ("Привет, как дела?", "Hello, how are you?")
    found = checker.check([request] * 2, [Hypothesis(text, "stop", 0.0, 1) for text in texts])
    assert [one.verdict.outcome for one in found] == ["on_target", "off_target"]
