from dataclasses import replace

import pytest
from tests.checked.fake import ENGLISH, FRENCH, GERMAN, Scripted, plain

from ontarget.checked.alternatives import alternatives_checked
from ontarget.checked.attempt import attempts_of
from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.settings.decoding import Decoding
from ontarget.translation.engines.protocol import Capability
from ontarget.translation.system import Request, Rerank

DE_FR = Direction.parse("de-fr")
OTHER = "Un chat dort toujours dans la cuisine de ma mère."


def ask(engine: Scripted, *sources: str, count: int = 3, retries: tuple[str, ...] = ()) -> list[list[str]]:
    requests = [Request(source, DE_FR) for source in sources]
    found = alternatives_checked(requests, attempts_of(plain(), engine, retries), count)
    assert all(one.verdict.outcome for of_one in found for one in of_one)
    return [[one.text for one in of_one] for of_one in found]


def test_different_hypotheses_in_the_order_of_the_model() -> None:
    engine = Scripted({"a": [FRENCH, FRENCH, OTHER], "b": [OTHER]})
    assert ask(engine, "a", "", "b") == [[FRENCH, OTHER], [""], [OTHER]]
    assert engine.asked == ["a", "b"]


def test_those_on_target_come_first_but_the_best_one_stays_unless_it_is_off_target() -> None:
    engine = Scripted({"a": [FRENCH, ENGLISH, OTHER], "b": [ENGLISH, GERMAN, OTHER]})
    assert ask(engine, "a", "b") == [[FRENCH, OTHER, ENGLISH], [OTHER, ENGLISH, GERMAN]]
    assert ask(engine, "a", "b", count=1) == [[FRENCH], [ENGLISH]]


def test_a_choice_among_the_hypotheses_is_a_reranking() -> None:
    requests = [Request("a", DE_FR), Request("b", DE_FR)]
    engine = Scripted({"a": [FRENCH, OTHER], "b": [ENGLISH, OTHER]})
    found = alternatives_checked(requests, attempts_of(plain(), engine), 2)
    assert [[one.verdict.action for one in of_one] for of_one in found] == [
        ["none", "none"],
        ["reranked", "none"],
    ]


def test_retries_are_made_where_all_are_off_target() -> None:
    def answers(source: str, decoding: Decoding) -> list[str]:
        if decoding.sampling is not None:
            return [GERMAN, OTHER]
        return {"a": [ENGLISH, GERMAN], "b": [ENGLISH, FRENCH]}[source]

    engine = Scripted(answers)
    assert ask(engine, "a", "b", retries=("sampling",)) == [[OTHER, ENGLISH, GERMAN], [FRENCH, ENGLISH]]
    assert engine.asked == ["a", "b", "a"]


def test_a_beam_is_widened_if_the_engine_has_one() -> None:
    beams: list[int] = []

    def answers(_: str, decoding: Decoding) -> list[str]:
        beams.append(decoding.num_beams)
        return [FRENCH, OTHER]

    ask(Scripted(answers), "a", count=2)
    ask(Scripted(answers), "a", count=7)
    server = Scripted(answers, [Capability.N_BEST, Capability.SAMPLING])
    greedy = replace(plain(), decoding=Decoding(1, 20))
    alternatives_checked([Request("a", DE_FR)], attempts_of(greedy, server), 7)
    assert beams == [4, 7, 1]


def test_a_system_of_several_passes_gives_one_translation() -> None:
    engine = Scripted({"a": ["english"], "english": [FRENCH, OTHER]})
    through = attempts_of(plain(pivot=Language("en")), engine)
    assert [
        [one.text for one in of_one] for of_one in alternatives_checked([Request("a", DE_FR)], through, 3)
    ] == [[FRENCH]]
    engine = Scripted({"a": [FRENCH, OTHER]})
    chosen = attempts_of(plain(rerank=Rerank(lambda texts, _: [text == OTHER for text in texts])), engine)
    (found,) = alternatives_checked([Request("a", DE_FR)], chosen, 3)
    assert [one.text for one in found] == [OTHER]


def test_an_engine_without_n_best_lists_is_refused() -> None:
    engine = Scripted({"a": [FRENCH]}, [Capability.BEAM_SEARCH])
    with pytest.raises(UserError, match="does not support n-best lists"):
        ask(engine, "a")
