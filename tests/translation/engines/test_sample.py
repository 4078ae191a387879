import math
from collections import Counter

import pytest

pytest.importorskip("torch", reason="needs the extra `train`")

import torch
from tests.translation.engines.test_beam import EOS, Table, spelt
from transformers import LlamaForCausalLM

from ontarget.settings.decoding import Decoding, Sampling
from ontarget.translation.engines.adjusted import AdjustedContinuations
from ontarget.translation.engines.beam import Ends, Found
from ontarget.translation.engines.sample import sample
from ontarget.translation.engines.steps import Steps
from ontarget.translation.engines.tree import TokenTree

END = torch.tensor([0])  # the `$` of `Table`
TWO_WORDS = {"": {"a": 0.7, "b": 0.3}, "a": {"$": 0.5, "b": 0.5}, "b": {"$": 1.0}, "ab": {"$": 1.0}}


def to_end(steps: Steps[list[list[Found]]]) -> list[list[Found]]:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: list[list[Found]] = end.value
            return found


def drawn(
    sampling: Sampling, sentences: int = 500, room: int = 9, count: int = 1, **how: int
) -> list[list[Found]]:
    return to_end(
        sample(
            Table(TWO_WORDS, sentences),
            [room] * sentences,
            Decoding(1, sampling=sampling, **how),
            Ends(END),
            count=count,
            width=5,
            seeds=[str(seed) for seed in range(sentences)],
        )
    )


def shares(found: list[list[Found]]) -> dict[str, float]:
    counts = Counter(spelt(of_one[0]) for of_one in found)
    return {text: n / len(found) for text, n in counts.items()}


def test_texts_are_drawn_as_often_as_they_are_probable() -> None:
    found = drawn(Sampling(temperature=1.0, top_p=1.0), sentences=4000)
    expected = {"a$": 0.35, "ab$": 0.35, "b$": 0.3}
    # Four standard deviations of a share of 4,000 draws.
    assert shares(found) == pytest.approx(expected, abs=4 * math.sqrt(0.35 * 0.65 / 4000))
    for (one,) in found:
        assert one.score == pytest.approx(math.log(expected[spelt(one)]))
        assert one.ended


def test_a_low_temperature_prefers_what_is_probable_and_scores_stay_those_of_the_model() -> None:
    found = drawn(Sampling(temperature=0.5, top_p=1.0), sentences=4000)
    of_a = 0.7**2 / (0.7**2 + 0.3**2)
    assert shares(found)["b$"] == pytest.approx(1 - of_a, abs=4 * math.sqrt(of_a * (1 - of_a) / 4000))
    assert {round(math.exp(one.score), 6) for (one,) in found} == {0.35, 0.3}


def test_top_p_leaves_out_the_improbable() -> None:
    # `a` alone has a share of 0.7, and is enough. After it, both tokens are needed.
    assert set(shares(drawn(Sampling(temperature=1.0, top_p=0.7)))) == {"a$", "ab$"}
    assert set(shares(drawn(Sampling(temperature=1.0, top_p=0.71)))) == {"a$", "ab$", "b$"}


def test_draws_of_a_sentence_are_different_and_the_most_probable_is_first() -> None:
    found = drawn(Sampling(temperature=1.0, top_p=1.0), sentences=50, count=8)
    for of_one in found:
        texts = [spelt(one) for one in of_one]
        assert len(set(texts)) == len(texts) <= 3
        per_token = [one.score / len(one.tokens) for one in of_one]
        assert per_token == sorted(per_token, reverse=True)
    assert any(len(of_one) == 3 for of_one in found)


def test_a_hypothesis_is_cut_where_its_room_ends() -> None:
    found = drawn(Sampling(temperature=1.0, top_p=1.0), room=1)
    assert {(spelt(one), one.ended) for (one,) in found} == {("a", False), ("b", False)}


def test_scores_that_are_not_numbers_give_no_hypothesis() -> None:
    class Broken(Table):
        def _best(self, width: int) -> tuple[torch.Tensor, torch.Tensor]:
            scores, ids = super()._best(width)
            return scores * torch.nan, ids

    decoding = Decoding(1, sampling=Sampling())
    found = to_end(sample(Broken(TWO_WORDS), [3], decoding, Ends(END), count=2, width=3, seeds=["0"]))
    assert found == [[]]


def test_a_sentence_gets_the_same_draws_alone_and_among_others(
    model: LlamaForCausalLM, prompts: list[list[int]]
) -> None:
    decoding = Decoding(1, 12, sampling=Sampling(temperature=1.0), no_repeat_ngram_size=2)

    def of(chosen: list[list[int]]) -> list[list[Found]]:
        continuations = AdjustedContinuations(TokenTree(model, chosen))
        rooms = [12 - len(prompt) % 5 for prompt in chosen]
        seeds = [str(prompt) for prompt in chosen]
        return to_end(sample(continuations, rooms, decoding, Ends(EOS), count=3, width=50, seeds=seeds))

    together = of(prompts)
    for prompt, found in zip(prompts, together, strict=True):
        (alone,) = of([prompt])
        assert [one.tokens for one in alone] == [one.tokens for one in found]
        assert [one.score for one in alone] == pytest.approx([one.score for one in found], abs=1e-4)
        for one in found:
            pairs = list(zip(one.tokens, one.tokens[1:], strict=False))
            assert len(set(pairs)) == len(pairs)  # no_repeat_ngram_size
