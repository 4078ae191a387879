import pytest
from tests.checked.fake import ENGLISH, FRENCH, GERMAN, Scripted, plain

from ontarget.checked.attempt import SAMPLES, Attempt, Later, attempts_of
from ontarget.checked.translate import translate_checked
from ontarget.checked.verdict import Checked
from ontarget.errors import UserError
from ontarget.languages import Direction, Language
from ontarget.settings.decoding import Decoding
from ontarget.translation.engines.protocol import Capability
from ontarget.translation.system import Request
from ontarget.translation.translate import translate

DE_FR = Direction.parse("de-fr")


def requests(*sources: str) -> list[Request]:
    return [Request(source, DE_FR) for source in sources]


def shown(results: list[Checked]) -> list[tuple[str, str, str]]:
    return [(one.text, one.verdict.outcome, one.verdict.action) for one in results]


def test_without_retries_the_texts_are_those_of_translate() -> None:
    engine = Scripted({"a": [FRENCH, ENGLISH], "b": [ENGLISH, FRENCH]})
    asked = requests("a", "", "b")
    results = translate_checked(asked, attempts_of(plain(), engine))
    assert [one.text for one in results] == [one.text for one in translate(plain(), engine, asked)]
    assert shown(results) == [
        (FRENCH, "on_target", "none"),
        ("", "neutral", "none"),
        (ENGLISH, "off_target", "none"),
    ]
    assert [one.source for one in results] == ["a", "", "b"]


def test_reranking_takes_the_first_hypothesis_on_target_and_asks_once() -> None:
    other = "Un chat dort toujours dans la cuisine de ma mère."
    engine = Scripted({"a": [FRENCH, other], "b": [ENGLISH, FRENCH, other], "c": [ENGLISH, GERMAN]})
    results = translate_checked(requests("a", "b", "c"), attempts_of(plain(), engine, ["rerank"]))
    assert shown(results) == [
        (FRENCH, "on_target", "none"),
        (FRENCH, "on_target", "reranked"),
        (ENGLISH, "off_target", "none"),
    ]
    assert engine.asked == ["a", "b", "c"]


def test_a_translation_without_words_is_tried_again() -> None:
    engine = Scripted({GERMAN: [". . . .", FRENCH]})
    (one,) = translate_checked(requests(GERMAN), attempts_of(plain(), engine, ["rerank"]))
    assert shown([one]) == [(FRENCH, "on_target", "reranked")]


def test_each_retry_translates_only_what_is_still_off_target() -> None:
    def answers(source: str, decoding: Decoding) -> list[str]:
        if decoding.sampling is not None:
            return {"b": [ENGLISH, FRENCH]}.get(source, [ENGLISH])
        return {"a": [FRENCH], "english c": [FRENCH], "c": ["english c"]}.get(source, [ENGLISH])

    engine, other = Scripted(answers), Scripted({"d": [FRENCH], "e": [GERMAN]}, name="other")
    attempts = attempts_of(
        plain(), engine, ["sampling", "pivot", Attempt(plain(), other, 1, "escalated")], seed=3
    )
    sampled = attempts[1].system.decoding.sampling
    assert sampled is not None
    assert (sampled.seed, attempts[1].count) == (3, SAMPLES)
    results = translate_checked(requests("a", "b", "c", "d", "e"), attempts)
    assert shown(results) == [
        (FRENCH, "on_target", "none"),
        (FRENCH, "on_target", "retried"),
        (FRENCH, "on_target", "pivoted"),
        (FRENCH, "on_target", "escalated"),
        (ENGLISH, "off_target", "failed"),
    ]
    assert other.asked == ["d", "e"]


def test_a_pivot_that_is_a_side_of_the_direction_is_not_tried() -> None:
    engine = Scripted({"a": [GERMAN]})
    asked = [Request("a", Direction(Language("en"), Language("fr")))]
    (found,) = translate_checked(asked, attempts_of(plain(), engine, ["pivot"]))
    assert (found.verdict.action, engine.asked) == ("none", ["a"])


def test_a_text_that_is_too_long_is_tried_by_another_model_only() -> None:
    engine, other = Scripted({}), Scripted(lambda source, _: [FRENCH])
    other._of = lambda source, decoding: Scripted._of(other, "short", decoding)  # type: ignore[method-assign]
    (alone,) = translate_checked(requests("too long"), attempts_of(plain(), engine, ["sampling", "pivot"]))
    assert (alone.verdict.flags, alone.verdict.action, len(engine.asked)) == (("too_long",), "none", 1)
    escalated = attempts_of(plain(), engine, [Attempt(plain(), other, 1, "escalated")])
    assert shown(translate_checked(requests("too long"), escalated)) == [(FRENCH, "on_target", "escalated")]


def test_the_better_of_two_off_target_texts_is_kept() -> None:
    engine = Scripted(lambda source, decoding: [ENGLISH] if decoding.sampling else [""])
    (found,) = translate_checked(requests("a"), attempts_of(plain(), engine, ["sampling"]))
    assert shown([found]) == [(ENGLISH, "off_target", "failed")]
    engine = Scripted(lambda source, decoding: [""] if decoding.sampling else [ENGLISH])
    (found,) = translate_checked(requests("a"), attempts_of(plain(), engine, ["sampling"]))
    assert shown([found]) == [(ENGLISH, "off_target", "failed")]


def test_progress_counts_retries() -> None:
    told: list[tuple[int, int]] = []
    engine = Scripted(lambda source, decoding: [ENGLISH])
    attempts = attempts_of(plain(), engine, ["sampling", "pivot"])
    translate_checked(requests("a", "b"), attempts, progress=lambda *now: told.append(now))
    assert told == [(2, 2), (4, 4), (6, 8), (8, 8)]


def test_an_engine_that_lacks_what_a_retry_needs_is_refused_before_anything_is_translated() -> None:
    has = {"sampling": [Capability.BEAM_SEARCH, Capability.N_BEST], "rerank": [Capability.BEAM_SEARCH]}
    for retry, lacks in (("sampling", "uses sampling"), ("rerank", "uses the 4 best hypotheses")):
        engine = Scripted({}, has[retry])
        with pytest.raises(UserError, match=lacks):
            translate_checked(requests("a"), attempts_of(plain(), engine, [retry]))
        assert engine.asked == []


def test_mistakes() -> None:
    engine = Scripted({})
    with pytest.raises(UserError, match="there is no retry 'reranked'; did you mean 'rerank'"):
        attempts_of(plain(), engine, ["reranked"])
    with pytest.raises(UserError, match="known retries are rerank, sampling, pivot and model:NAME"):
        attempts_of(plain(), engine, ["xyz"])
    with pytest.raises(UserError, match="the system 'plain' makes several passes itself"):
        attempts_of(plain(pivot=Language("en")), engine, ["rerank"])


def test_another_model_is_loaded_once_when_a_text_needs_it() -> None:
    engine, other = Scripted({"a": [FRENCH], "b": [ENGLISH]}), Scripted({"b": [FRENCH]}, name="other")
    loaded = list[str]()

    def load() -> Attempt:
        loaded.append("other")
        return Attempt(plain(), other, 1, "escalated")

    attempts = attempts_of(plain(), engine, [Later(load)])
    translate_checked(requests("a", ""), attempts)
    assert loaded == []
    for _ in range(2):
        assert shown(translate_checked(requests("a", "b"), attempts))[1] == (FRENCH, "on_target", "escalated")
    assert loaded == ["other"]


def test_what_another_model_lacks_is_named_when_it_is_loaded() -> None:
    weak = Attempt(plain(), Scripted({}, [], name="weak"), 1, "escalated")
    attempts = attempts_of(plain(), Scripted({"a": [ENGLISH]}), [Later(lambda: weak)])
    with pytest.raises(UserError, match="a beam of 4, but the engine 'weak' does not support beam search"):
        translate_checked(requests("a"), attempts)
