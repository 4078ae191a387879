"""Answers chosen by language identification, with an engine whose beams are written down here."""

from collections.abc import Sequence

import pytest

pytest.importorskip("torch", reason="needs the extra `train`")

from ontarget.languages import Direction, Language
from ontarget.prompts.segment import text_of
from ontarget.prompts.template import PromptTemplate
from ontarget.settings.decoding import Decoding
from ontarget.translation.engines.protocol import Capability
from ontarget.translation.hypothesis import Hypothesis
from ontarget.translation.system import Request, Rerank, System
from ontarget.translation.translate import translate

PLAIN = PromptTemplate.load("plain")
EN = Language("en")


def on_target(texts: Sequence[str], directions: Sequence[Direction]) -> list[bool]:
    """A text says its own language: `fr:chien`."""
    return [text.startswith(f"{d.target}:") for text, d in zip(texts, directions, strict=True)]


class Beams:
    """An engine with a beam for each (asked for, last line); what else it is asked has none on target."""

    name, capabilities = "beams", frozenset({Capability.BEAM_SEARCH, Capability.N_BEST})

    def __init__(self, beams: dict[tuple[str, str], list[str]]) -> None:
        self.beams = beams
        self.asked: list[list[tuple[str, str]]] = []

    def generate(self, prompts, decoding, *, count, progress, **others):
        assert count == decoding.num_beams
        told = [text_of(prompt) for prompt in prompts]
        keys = [(target_of(prompt), prompt.strip().split("\n")[-1]) for prompt in told]
        self.asked.append(keys)
        if progress is not None:
            progress(len(prompts), len(prompts))
        return [
            [Hypothesis(text, "stop", -float(rank), 3) for rank, text in enumerate(self.beams[key])]
            for key in keys
        ]


def target_of(prompt: str) -> str:
    names = {"English": "en", "French": "fr", "German": "de"}
    return next(code for name, code in names.items() if f" to {name}" in prompt)


def answers(system: System, engine: Beams, requests: list[Request], **how) -> list[str]:
    return [hypothesis.text for hypothesis in translate(system, engine, requests, **how)]


def request(direction: str, source: str) -> Request:
    return Request(source, Direction.parse(direction))


BEAMS = {
    ("fr", "Hund"): ["en:dog", "fr:chien", "fr:chienne"],
    ("fr", "Katze"): ["en:cat", "de:Katze"],
    ("fr", "Maus"): ["fr:souris", "en:mouse"],
    ("de", "mouse"): ["en:mouse", "de:Maus"],
}


def test_the_most_probable_on_target_or_else_the_most_probable() -> None:
    engine = Beams(BEAMS)
    system = System("reranked", PLAIN, rerank=Rerank(on_target))
    asked = [
        request("de-fr", "Hund"),
        request("de-fr", "  "),
        request("de-fr", "Katze"),
        request("de-fr", "Maus"),
        request("en-de", "mouse"),
    ]
    assert answers(system, engine, asked) == ["fr:chien", "", "en:cat", "fr:souris", "de:Maus"]
    assert len(engine.asked) == 1
    hypothesis, *_ = translate(system, engine, asked)
    assert hypothesis == Hypothesis("fr:chien", "stop", -1.0, 3)  # with its own probability


def test_what_stays_off_target_is_asked_again_through_the_pivot_and_nothing_else() -> None:
    beams = BEAMS | {
        ("en", "Katze"): ["de:Katze", "en:cat"],  # the way there is re-ranked, too
        ("fr", "en:cat"): ["en:cat", "fr:chat"],
        ("en", "chat"): ["fr:chat"],
    }
    engine, told = Beams(beams), list[tuple[int, int]]()
    system = System("retried", PLAIN, rerank=Rerank(on_target, EN), decoding=Decoding(3))
    asked = [
        request("de-fr", "Hund"),
        request("de-fr", ""),
        request("de-fr", "Katze"),
        request("fr-en", "chat"),  # the pivot is no other way here
    ]
    found = answers(system, engine, asked, progress=lambda *now: told.append(now))
    assert found == ["fr:chien", "", "fr:chat", "fr:chat"]
    assert engine.asked[1:] == [[("en", "Katze")], [("fr", "en:cat")]]
    assert told[1:] == [(5, 6), (6, 6)]


def test_a_second_try_that_is_no_better_changes_nothing() -> None:
    beams = BEAMS | {("en", "Katze"): ["en:cat"], ("fr", "en:cat"): ["en:a cat"]}
    system = System("retried", PLAIN, rerank=Rerank(on_target, EN))
    assert answers(system, Beams(beams), [request("de-fr", "Katze")]) == ["en:cat"]


def test_a_pivot_is_reranked_at_both_steps() -> None:
    beams = {("en", "Hund"): ["de:Hund", "en:dog"], ("fr", "en:dog"): ["en:dog", "fr:chien"]}
    system = System("both", PLAIN, pivot=EN, rerank=Rerank(on_target))
    assert answers(system, Beams(beams), [request("de-fr", "Hund")]) == ["fr:chien"]


def test_nothing_to_ask_again_asks_nothing() -> None:
    engine = Beams(BEAMS)
    system = System("retried", PLAIN, rerank=Rerank(on_target, EN))
    assert answers(system, engine, [request("de-fr", "Maus")]) == ["fr:souris"]
    assert len(engine.asked) == 1
