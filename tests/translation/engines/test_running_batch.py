"""Rows that come and go: each decoded as if it were alone, in its turn, within the limits."""

from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("torch", reason="needs the extra `train`")

import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.training.data.test_packing import small
from tests.translation.conftest import make_model
from tests.translation.sliding import sliding_model
from tests.translation.textbook import beam_search
from transformers import GenerationConfig, PreTrainedModel

from ontarget.settings.decoding import Contrast, Decoding, Prior
from ontarget.translation.adjustment import Adjuster
from ontarget.translation.anti_lm import AntiLM
from ontarget.translation.contrast import Contrasted
from ontarget.translation.engines import running_batch as batch_module
from ontarget.translation.engines.adjusted import AdjustedAlike, AdjustedContinuations
from ontarget.translation.engines.beam import BeamSearch, Ends, Found
from ontarget.translation.engines.grouped_attention import group_queries
from ontarget.translation.engines.running_batch import BatchLimits, DecodedRow, RunningBatch
from ontarget.translation.engines.tree import TokenTree
from ontarget.translation.language_tokens import TokenCounts
from ontarget.translation.prior import LanguagePrior

ENDS = Ends(torch.tensor([1]))
WIDE = BatchLimits(64, 10**6, 10**6)


def alone(model: PreTrainedModel, ids: list[int], room: int, decoding: Decoding) -> list[Found]:
    [found] = beam_search(AdjustedContinuations(TokenTree(model, [ids])), [room], decoding, ENDS)
    return found


def ended(batch: RunningBatch) -> Iterator[tuple[Any, int, list[Found]]]:
    while batch.busy:
        for row, found in batch.step():
            yield row.caller, row.place, found


MODELS = {
    "llama": lambda: make_model(400, seed=3),
    "grouped": lambda: small("Qwen3", "sdpa"),
    "gemma3": lambda: sliding_model("gemma3_text", 400),
    "mistral": lambda: sliding_model("mistral", 400),
}


@pytest.mark.parametrize("beam", [1, 3])
@pytest.mark.parametrize("kind", MODELS)
def test_rows_that_join_later_get_what_transformers_gives_them_alone(kind: str, beam: int) -> None:
    model = MODELS[kind]()
    group_queries(model)
    generator = torch.Generator().manual_seed(2)
    prompts = [
        [0, *torch.randint(3, 45, (n,), generator=generator).tolist()] for n in (3, 9, 1, 30, 5, 2, 12)
    ]
    decoding, found = Decoding(beam), dict[int, list[Found]]()
    batch = RunningBatch(model, decoding, ENDS, WIDE)
    for i, prompt in enumerate(prompts):
        batch.add([DecodedRow(i, i, prompt, 14 - i)])
        for _ in range(3):  # the others begin while it runs, some of them after others have ended
            found |= {row.place: of_one for row, of_one in batch.step()}
    found |= {place: of_one for _, place, of_one in ended(batch)}
    for i, prompt in enumerate(prompts):
        config = GenerationConfig(
            num_beams=beam, do_sample=False, max_new_tokens=14 - i, pad_token_id=2, eos_token_id=1
        )
        theirs = model.generate(torch.tensor([prompt]), generation_config=config)[0, len(prompt) :].tolist()
        assert found[i][0].tokens == theirs
    assert len({len(of_one[0].tokens) for of_one in found.values()}) > 2


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    beam=st.integers(1, 3),
    size=st.sampled_from([None, 2]),
    rows=st.integers(1, 5),
    asked=st.lists(st.tuples(st.integers(0, 11), st.integers(1, 12), st.integers(0, 4)), max_size=12),
)
def test_any_arrivals_change_nothing(
    model, prompts, beam: int, size: int | None, rows: int, asked: list[tuple[int, int, int]]
) -> None:
    """Each (prompt, room, steps before it) has the hypotheses that it has alone, in order and score."""
    decoding = Decoding(beam, no_repeat_ngram_size=size)
    batch = RunningBatch(model, decoding, ENDS, BatchLimits(rows, 10**6, 40, shared=bool(rows % 2)))
    found = dict[int, list[Found]]()
    for place, (prompt, room, steps) in enumerate(asked):
        for _ in range(steps):
            found |= {row.place: of_one for row, of_one in batch.step()}
        batch.add([DecodedRow(place % 3, place, prompts[prompt], room)])
    found |= {place: of_one for _, place, of_one in ended(batch)}
    for place, (prompt, room, _) in enumerate(asked):
        expected = alone(model, prompts[prompt], room, decoding)
        assert [one.tokens for one in found[place]] == [one.tokens for one in expected]
        assert [one.score for one in found[place]] == pytest.approx([one.score for one in expected], abs=1e-3)


class Everywhere:
    """A contrast, a prior and Anti-LM for each prompt, and others for each caller.

    Args:
        caller: makes weights different.
        prompts: all prompts.
        vocabulary: number of tokens.
    """

    def __init__(self, caller: int, prompts: list[list[int]], vocabulary: int) -> None:
        table = torch.rand(2, vocabulary, generator=torch.Generator().manual_seed(caller)) * 20
        counts = TokenCounts({}, torch.tensor([9, 9]), table.floor().double(), table.floor().double())
        rows = [i % 2 for i in range(len(prompts))]
        contrasts = [
            [(prompts[(i + j) % 12], 0.2 + 0.1 * caller) for j in range(1, 1 + i % 3)]
            for i in range(len(prompts))
        ]
        self.adjusters: list[Adjuster] = [
            Contrasted(contrasts, Contrast(plausibility=0.01, first_tokens=1 + caller)),
            LanguagePrior(counts, rows, Prior(first_tokens=[2, None][caller % 2])),
        ]
        if caller:
            self.adjusters.append(AntiLM(prompts[::-1], 0.3))

    def row(self, caller: int, place: int, ids: list[int], room: int) -> DecodedRow:
        beside = [one.prompts[place] for one in self.adjusters]
        return DecodedRow(caller, place, ids, room, beside, self.adjusters)

    def alone(self, model: PreTrainedModel, place: int, ids: list[int], room: int, decoding: Decoding):
        adjustments = [one.of([place], ENDS.ids) for one in self.adjusters]
        part = AdjustedAlike([ids], [[one.prompts[place] for one in self.adjusters]], adjustments)
        [found] = beam_search(AdjustedContinuations.of(model, [part]), [room], decoding, ENDS)
        return found


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    beam=st.integers(1, 3),
    size=st.sampled_from([None, 1, 2]),
    rows=st.integers(1, 6),
    dropped=st.dictionaries(st.integers(0, 11), st.integers(0, 2), max_size=2),
    asked=st.lists(
        st.tuples(st.integers(0, 11), st.integers(1, 9), st.integers(0, 3), st.integers(0, 2)), max_size=12
    ),
)
def test_rows_with_and_without_adjusted_scores_decode_together(
    model,
    prompts,
    beam: int,
    size: int | None,
    rows: int,
    dropped: dict[int, int],
    asked: list[tuple[int, int, int, int]],
) -> None:
    """Each (prompt, room, steps before it, caller) has its own hypotheses; caller 2 adjusts nothing.

    Some callers are dropped with all their rows so far, after the arrival of that number.
    """
    decoding = Decoding(beam, no_repeat_ngram_size=size)
    adjusted = [Everywhere(n, prompts, model.config.vocab_size) for n in (0, 1)]
    batch = RunningBatch(model, decoding, ENDS, BatchLimits(rows, 10**6, 90, shared=bool(rows % 2)))
    found = dict[tuple[int, int], list[Found]]()
    expected = dict[tuple[int, int], list[Found]]()
    for number, (prompt, room, steps, caller) in enumerate(asked):
        for _ in range(steps):
            found |= {(row.caller, row.place): of_one for row, of_one in batch.step()}
        if number in dropped:
            gone = dropped[number]
            batch.drop(gone)
            expected = {key: of_one for key, of_one in expected.items() if key[0] != gone or key in found}
        if (caller, prompt) in expected:
            continue
        ids = prompts[prompt]
        if caller == 2:
            batch.add([DecodedRow(caller, prompt, ids, room)])
            expected[caller, prompt] = alone(model, ids, room, decoding)
        else:
            batch.add([adjusted[caller].row(caller, prompt, ids, room)])
            expected[caller, prompt] = adjusted[caller].alone(model, prompt, ids, room, decoding)
    found |= {(caller, place): of_one for caller, place, of_one in ended(batch)}
    assert found.keys() == expected.keys()
    for key, of_one in expected.items():
        assert [one.tokens for one in found[key]] == [one.tokens for one in of_one]
        assert [one.score for one in found[key]] == pytest.approx([one.score for one in of_one], abs=1e-3)


def joins(
    limits: BatchLimits, arrivals: list[list[DecodedRow]], model: PreTrainedModel
) -> list[list[tuple[Any, int]]]:
    """The rows that begin in each step."""
    begun: list[list[tuple[Any, int]]] = []

    class Watched(BeamSearch):
        def join(self, continuations, rooms) -> None:
            begun[-1] = [(batch._running[n].caller, batch._running[n].place) for n in rooms]
            super().join(continuations, rooms)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batch_module, "BeamSearch", Watched)
        batch = RunningBatch(model, Decoding(1), Ends(torch.tensor([], dtype=torch.long)), limits)
        for rows in arrivals:
            batch.add(rows)
        while batch.busy:
            begun.append([])
            batch.step()
    return begun


def rows_of(caller: str, rooms: list[int], length: int = 4) -> list[DecodedRow]:
    return [DecodedRow(caller, place, [0] * length, room) for place, room in enumerate(rooms)]


def test_callers_begin_in_turn_and_rows_join_in_groups(model) -> None:
    begun = joins(WIDE, [rows_of("a", [2] * 3), rows_of("b", [2])], model)
    assert begun[0] == [("a", 0), ("b", 0), ("a", 1), ("a", 2)]
    limits = BatchLimits(8, 10**6, 10**6)
    begun = joins(limits, [rows_of("a", [3, 4, 5, 9, 9, 9, 9, 9, *[2] * 9])], model)
    assert [len(group) for group in begun[:5]] == [8, 0, 0, 0, 2], "a quarter must be free"


def test_memory_is_returned_when_the_last_row_has_ended(model, monkeypatch) -> None:
    """Otherwise it grows from one file of lines to the next: to 7 GB with 135 million parameters."""
    batch, returned = RunningBatch(model, Decoding(max_new_tokens=4), ENDS, WIDE), list[bool]()
    monkeypatch.setattr(batch_module, "return_freed_memory", lambda: returned.append(batch.busy))
    for rooms in ([2, 4], [3]):
        batch.add(rows_of("a", rooms))
        list(ended(batch))
    assert returned == [False, False]


def test_a_quarter_of_a_shared_batch_is_left_to_callers_without_rows(model) -> None:
    limits = BatchLimits(8, 10**6, 10**6, shared=True)
    begun = joins(limits, [rows_of("a", [9] * 20), rows_of("b", [9]), rows_of("c", [9, 9])], model)
    assert begun[0][:3] == [("a", 0), ("b", 0), ("c", 0)]
    assert len(begun[0]) == 6
    assert [len(joins(limits, [rows_of("a", [9] * 20)], model)[0])] == [6]


def test_limits_of_memory_and_of_prompts_read_at_once(model) -> None:
    begun = joins(BatchLimits(8, 30, 10**6), [rows_of("a", [6] * 5)], model)
    assert [len(group) for group in begun if group] == [3, 2], "ten tokens each"
    begun = joins(BatchLimits(8, 1, 10**6), [rows_of("a", [2] * 3)], model)
    assert [len(group) for group in begun if group] == [1, 1, 1]
    begun = joins(BatchLimits(8, 10**6, 8), [rows_of("a", [6] * 5)], model)
    assert [len(group) for group in begun[:3]] == [2, 2, 1], "four tokens each, eight at once"


def test_a_caller_that_leaves_takes_waiting_and_running_rows_along(model, prompts) -> None:
    batch = RunningBatch(
        model, Decoding(1), Ends(torch.tensor([], dtype=torch.long)), BatchLimits(4, 999, 999)
    )
    batch.add([DecodedRow("a", i, prompts[i], 6) for i in range(6)])
    batch.add([DecodedRow("b", i, prompts[i], 9) for i in range(6)])
    batch.step()
    assert batch.callers() == {"a", "b"}
    batch.drop("a")
    assert batch.callers() == {"b"}
    found = [(caller, place) for caller, place, _ in ended(batch)]
    assert sorted(found) == [("b", i) for i in range(6)]
    assert not batch.busy
