import math

import pytest

pytest.importorskip("torch", reason="needs the extra `train`")

import torch
from tests.translation.sliding import SLIDING, sliding_model
from tests.translation.textbook import Textbook, beam_search, best_of_beam, search
from torch import Tensor
from transformers import GenerationConfig

from ontarget.settings.decoding import Decoding
from ontarget.translation.engines.adjusted import AdjustedContinuations
from ontarget.translation.engines.beam import Ends, Found
from ontarget.translation.engines.tree import TokenTree

EOS = torch.tensor([1])
_WORDS = "$ab" + "?" * 100  # a language of an end and two words; the others are impossible


class Table:
    """Scores written by hand: prefix -> token -> probability. One or more equal sentences."""

    def __init__(self, table: dict[str, dict[str, float]], sentences: int = 1) -> None:
        self.table, self.told = table, [[""]] * sentences

    def first(self, width: int) -> tuple[Tensor, Tensor]:
        return self._best(width)

    def then(self, tokens: Tensor, parents: Tensor, width: int, forbidden: Tensor) -> tuple[Tensor, Tensor]:
        self.told = [
            [row[p] + _WORDS[t] for p, t in zip(ps, ts, strict=True)]
            for row, ps, ts in zip(self.told, parents.tolist(), tokens.tolist(), strict=True)
        ]
        scores, ids = self._best(width)
        return scores.masked_fill((ids[..., None] == forbidden[:, :, None]).any(-1), -math.inf), ids

    def keep(self, sentences: Tensor) -> None:
        self.told = [self.told[i] for i in sentences.tolist()]

    def _best(self, width: int) -> tuple[Tensor, Tensor]:
        def scores(prefix: str) -> list[float]:
            odds = self.table.get(prefix, {})
            return [math.log(odds[t]) if t in odds else -math.inf for t in "$ab"] + [-math.inf] * (width - 3)

        best = torch.tensor([[scores(prefix) for prefix in row] for row in self.told]).topk(width)
        return best.values, best.indices


def spelt(found: Found) -> str:
    return "".join(_WORDS[token] for token in found.tokens)


GARDEN_PATH = {
    "": {"a": 0.6, "b": 0.4},
    "a": {"a": 0.5, "b": 0.5},
    "b": {"b": 0.95, "a": 0.05},
    "aa": {"$": 1.0},
    "ab": {"$": 1.0},
    "bb": {"$": 1.0},
    "ba": {"$": 1.0},
}


def test_greedy_takes_the_first_good_word_and_a_beam_finds_the_better_sentence() -> None:
    ends = Ends(torch.tensor([0]))
    greedy = best_of_beam(Table(GARDEN_PATH), 1, Decoding(num_beams=1, max_new_tokens=5), ends)[0]
    beam = best_of_beam(Table(GARDEN_PATH), 1, Decoding(num_beams=2, max_new_tokens=5), ends)[0]
    assert spelt(greedy) in ("aa$", "ab$")
    assert spelt(beam) == "bb$"
    assert greedy.score == pytest.approx(math.log(0.6 * 0.5))
    assert beam.score == pytest.approx(math.log(0.4 * 0.95))
    assert beam.ended


@pytest.mark.parametrize(("penalty", "expected"), [(0.0, "a$"), (1.0, "bbb$")])
def test_length_penalty(penalty: float, expected: str) -> None:
    # log .5 = -0.69 over 2 tokens, log .4 = -0.92 over 4
    table = {"": {"a": 0.5, "b": 0.4}, "a": {"$": 1.0}, "b": {"b": 1.0}, "bb": {"b": 1.0}, "bbb": {"$": 1.0}}
    ends = Ends(torch.tensor([0]))
    found = best_of_beam(Table(table), 1, Decoding(2, 6, length_penalty=penalty), ends)[0]
    assert spelt(found) == expected


def test_what_is_cut_says_so() -> None:
    table = {"": {"a": 1.0}, "a": {"a": 1.0}, "aa": {"a": 1.0}}
    found = best_of_beam(Table(table), 1, Decoding(2, 2), Ends(torch.tensor([0])))[0]
    assert (spelt(found), found.ended) == ("aa", False)


def test_a_sentence_with_no_way_on_ends_with_what_it_has() -> None:
    table = {"": {"a": 0.9, "b": 0.1}, "a": {"$": 1.0}}
    found = best_of_beam(Table(table), 1, Decoding(3, 50), Ends(torch.tensor([0])))[0]
    assert spelt(found) == "a$"


def test_a_stop_sequence_ends_like_an_end_token() -> None:
    table = {"": {"a": 1.0}, "a": {"b": 1.0}, "ab": {"b": 1.0}, "abb": {"a": 1.0}}
    ends = Ends(
        torch.tensor([0]), torch.tensor([False, False, True]), lambda tokens: list(tokens)[-2:] == [2, 2]
    )
    found = best_of_beam(Table(table), 1, Decoding(1, 50), ends)[0]
    assert (spelt(found), found.ended) == ("abb", True)


def test_the_n_best_are_all_that_a_wide_beam_finds_best_first() -> None:
    found = beam_search(
        Table(GARDEN_PATH), [5], Decoding(num_beams=4, max_new_tokens=5), Ends(torch.tensor([0]))
    )
    first, *equals, last = map(spelt, found[0])
    assert (first, set(equals), last) == ("bb$", {"aa$", "ab$"}, "ba$")
    probabilities = [math.exp(one.score) for one in found[0]]
    assert probabilities == pytest.approx([0.38, 0.3, 0.3, 0.02])
    table = {"": {"a": 0.9, "b": 0.1}, "a": {"$": 1.0}}
    [few] = beam_search(Table(table), [50], Decoding(3, 50), Ends(torch.tensor([0])))
    assert [spelt(one) for one in few] == ["a$"], "there are no more"


@pytest.mark.parametrize("beam", [2, 4])
def test_the_n_best_are_those_of_transformers(model, prompts, beam: int) -> None:
    tree = TokenTree(model, prompts)
    rooms = [24] * len(prompts)
    found = beam_search(AdjustedContinuations(tree), rooms, Decoding(beam, 24), Ends(EOS))
    config = GenerationConfig(
        num_beams=beam,
        num_return_sequences=beam,
        do_sample=False,
        max_new_tokens=24,
        pad_token_id=2,
        eos_token_id=1,
    )
    for prompt, ours in zip(prompts, found, strict=True):
        theirs = model.generate(torch.tensor([prompt]), generation_config=config)[:, len(prompt) :].tolist()
        cut = [tokens[: tokens.index(1) + 1] if 1 in tokens else tokens for tokens in theirs]
        assert [one.tokens for one in ours] == cut


@pytest.mark.parametrize("penalty", [0.0, 1.0])
@pytest.mark.parametrize("beam", [1, 2, 4])
def test_the_same_as_transformers(model, prompts, beam: int, penalty: float) -> None:
    decoding = Decoding(beam, 24, length_penalty=penalty)
    tree = TokenTree(model, prompts)
    found = best_of_beam(AdjustedContinuations(tree), len(prompts), decoding, Ends(EOS))
    config = GenerationConfig(
        num_beams=beam,
        do_sample=False,
        max_new_tokens=24,
        length_penalty=penalty,
        pad_token_id=2,
        eos_token_id=1,
    )
    for prompt, ours in zip(prompts, found, strict=True):
        theirs = model.generate(torch.tensor([prompt]), generation_config=config)[0, len(prompt) :].tolist()
        assert ours.tokens == theirs
    # The fixture is only worth something if its sentences end at different times.
    assert len({len(f.tokens) for f in found if f.ended}) > 2 or beam > 1
    assert any(f.ended for f in found)


def test_the_score_is_the_log_probability_of_the_tokens(model, prompts) -> None:
    tree = TokenTree(model, prompts)
    for prompt, found in zip(
        prompts,
        best_of_beam(AdjustedContinuations(tree), len(prompts), Decoding(4, 12), Ends(EOS)),
        strict=True,
    ):
        with torch.inference_mode():
            log_probs = model(torch.tensor([prompt + found.tokens])).logits[0].log_softmax(-1)
        told = log_probs[len(prompt) - 1 : -1].gather(1, torch.tensor(found.tokens)[:, None]).sum()
        assert found.score == pytest.approx(float(told), abs=1e-3)


def test_what_was_said_is_not_said_again() -> None:
    table = {said: {"ab"[len(said) % 2]: 0.7, "$": 0.3} for said in ("", "a", "ab", "aba", "abab", "ababa")}
    ends = Ends(torch.tensor([0]))

    def found(size: int | None) -> str:
        decoding = Decoding(1, 6, no_repeat_ngram_size=size)
        return spelt(best_of_beam(Table(table), 1, decoding, ends)[0])

    assert [found(size) for size in (None, 3, 2, 1)] == ["ababab", "abab$", "aba$", "ab$"]


@pytest.mark.parametrize("beam", [1, 4])
@pytest.mark.parametrize("size", [1, 2, 3])
def test_the_search_is_the_best_of_what_repeats_nothing(model, prompts, beam: int, size: int) -> None:
    decoding = Decoding(beam, 12, no_repeat_ngram_size=size)
    book, tree = Textbook(model), TokenTree(model, prompts)
    answers = best_of_beam(AdjustedContinuations(tree), len(prompts), decoding, Ends(EOS))
    plain = best_of_beam(
        AdjustedContinuations(TokenTree(model, prompts)), len(prompts), Decoding(beam, 12), Ends(EOS)
    )

    def grams(tokens: list[int]) -> list[tuple[int, ...]]:
        return [tuple(tokens[i : i + size]) for i in range(len(tokens) - size + 1)]

    for prompt, answer in zip(prompts, answers, strict=True):

        def score(said: list[int], prompt: list[int] = prompt) -> Tensor:
            scores = book.log_p([*prompt, *said]).clone()
            for token in range(len(scores)):
                if len(set(grams([*said, token]))) < len(grams([*said, token])):
                    scores[token] = -math.inf
            return scores

        tokens, total = search(score, decoding)
        assert answer.tokens == tokens
        assert answer.score == pytest.approx(total, abs=1e-3)
    # The fixture is only worth something if its sentences repeat themselves where they may.
    assert any(len(set(grams(found.tokens))) < len(grams(found.tokens)) for found in plain)


@pytest.mark.parametrize("beam", [1, 3])
@pytest.mark.parametrize("kind", sorted(SLIDING))
def test_the_same_as_transformers_where_windows_slide(kind: str, prompts, beam: int) -> None:
    model = sliding_model(kind, 400)
    found = best_of_beam(
        AdjustedContinuations(TokenTree(model, prompts)), len(prompts), Decoding(beam, 16), Ends(EOS)
    )
    config = GenerationConfig(
        num_beams=beam, do_sample=False, max_new_tokens=16, pad_token_id=2, eos_token_id=1
    )
    for prompt, ours in zip(prompts, found, strict=True):
        theirs = model.generate(torch.tensor([prompt]), generation_config=config)[0, len(prompt) :].tolist()
        assert ours.tokens == theirs


@pytest.mark.parametrize("beam", [1, 3])
def test_each_sentence_has_a_room_of_its_own(model, prompts, beam: int) -> None:
    rooms = [1 + 5 * i % 12 for i in range(len(prompts))]
    decoding, scores = Decoding(beam, 99), AdjustedContinuations(TokenTree(model, prompts))
    together = beam_search(scores, rooms, decoding, Ends(EOS))
    for prompt, room, found in zip(prompts, rooms, together, strict=True):
        alone = AdjustedContinuations(TokenTree(model, [prompt]))
        [expected] = beam_search(alone, [room], decoding, Ends(EOS))
        assert [one.tokens for one in found] == [one.tokens for one in expected]
        assert max(len(one.tokens) for one in found) <= room
    assert any(not found[0].ended for found in together)
