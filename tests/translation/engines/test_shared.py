"""One model for many threads: everyone gets what they would get alone."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

pytest.importorskip("torch", reason="needs the extra `train`")

import torch
from tests.translation.conftest import OfIds, make_model

from ontarget.errors import UserError
from ontarget.settings.decoding import Decoding, Prior, Sampling
from ontarget.translation.engines import running_batch as batch_module
from ontarget.translation.engines import shared as shared_module
from ontarget.translation.engines.shared import SharedEngine
from ontarget.translation.engines.tree import TokenTree
from ontarget.translation.hypothesis import Hypothesis
from ontarget.translation.language_tokens import TokenCounts
from ontarget.translation.prior import LanguagePrior


@pytest.fixture
def shared(engine: OfIds) -> Iterator[SharedEngine]:
    shared = SharedEngine(engine)
    yield shared
    shared.close()


def texts(found: list[list[Hypothesis]]) -> list[list[tuple[str, str, int]]]:
    return [[(one.text, one.finish_reason, one.tokens) for one in of_one] for of_one in found]


def test_each_of_many_threads_gets_its_own_answers(engine: OfIds, shared: SharedEngine, prompts) -> None:
    """Whatever the search and its length, and whether they can share a batch or not."""
    table = torch.rand(1, engine.vocabulary, generator=torch.Generator().manual_seed(1)) * 20
    counts = TokenCounts({}, torch.tensor([9]), table.floor().double(), table.floor().double())
    calls: list[tuple[list[list[int]], Decoding, dict[str, Any]]] = []
    for i in range(24):
        own = [*prompts[i % 12 :], *prompts[: i % 12]][: 1 + i % 5]
        kinds: list[tuple[Decoding, dict[str, Any]]] = [
            (Decoding(1, 3 + i), {}),
            (Decoding(3, 3 + i), {"count": 3}),
            (Decoding(1, 20), {"stop": ["a"]}),
            (Decoding(1, 20, no_repeat_ngram_size=2), {}),
            (Decoding(1, 8, sampling=Sampling(seed=i)), {"count": 2}),
            (Decoding(2, 8), {"adjusters": [LanguagePrior(counts, [0] * len(own), Prior())]}),
        ]
        calls.append((own, *kinds[i % 6]))
    alone = [engine.generate(own, decoding, **how) for own, decoding, how in calls]
    with ThreadPoolExecutor(len(calls)) as threads:
        asked = [threads.submit(shared.generate, own, decoding, **how) for own, decoding, how in calls]
        together = [future.result() for future in asked]
    assert [texts(found) for found in together] == [texts(found) for found in alone]
    for ours, theirs in zip(together, alone, strict=True):
        for of_one, expected in zip(ours, theirs, strict=True):
            values = [one.log_probability for one in of_one]
            assert values == pytest.approx([one.log_probability for one in expected], abs=1e-3)


class Paused:
    """Lets the model read prompts only when told to, so that a test decides what happens meanwhile.

    Attributes:
        read: the number of prompts that were read each time.
        failure: raised in place of reading.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reading, self.go_on = threading.Semaphore(0), threading.Semaphore(0)
        self.read = list[int]()
        self.failure: Exception | None = None
        tree_of = TokenTree.of

        def read(model: Any, groups: list[list[list[int]]]) -> TokenTree:
            self.read.append(sum(map(len, groups)))
            self.reading.release()
            self.go_on.acquire()
            if self.failure is not None:
                raise self.failure
            return tree_of(model, groups)

        monkeypatch.setattr(TokenTree, "of", read)


def test_a_short_request_does_not_wait_for_a_long_one(
    shared: SharedEngine, prompts, monkeypatch: pytest.MonkeyPatch
) -> None:
    paused, ended = Paused(monkeypatch), list[str]()
    monkeypatch.setattr(shared_module, "_GATHER", 0.0)

    def call(name: str, tokens: int) -> Callable[[], None]:
        def work() -> None:
            shared.generate([prompts[0]], Decoding(1, tokens), end="none")
            ended.append(name)

        return work

    monkeypatch.setattr(shared._engine, "_end_ids", [])  # so that outputs have all their tokens
    with ThreadPoolExecutor(2) as threads:
        long = threads.submit(call("long", 100))
        paused.reading.acquire()
        short = threads.submit(call("short", 2))
        paused.go_on.release(2)
        short.result()
        assert ended == ["short"]
        long.result()


def test_calls_that_come_soon_after_each_other_join_together(
    engine: OfIds, shared: SharedEngine, prompts, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = engine.generate(prompts[:4], Decoding(1, 5))
    paused = Paused(monkeypatch)
    monkeypatch.setattr(shared_module.time, "monotonic", lambda: 100.0)  # less than 50 ms go by
    with ThreadPoolExecutor(4) as threads:
        first = threads.submit(shared.generate, prompts[:1], Decoding(1, 5))
        paused.reading.acquire()
        others = [threads.submit(shared.generate, prompts[n : n + 1], Decoding(1, 5)) for n in (1, 2, 3)]
        while len(shared._arrived) < len(others):
            threading.Event().wait(0.01)
        paused.go_on.release(2)
        found = [call.result()[0] for call in (first, *others)]
    assert paused.read == [1, 3]
    assert texts(found) == texts(expected)


def test_a_step_that_does_not_end_is_seen(
    shared: SharedEngine, prompts, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr(shared_module.time, "monotonic", lambda: now[0])
    paused = Paused(monkeypatch)
    assert shared.stalled == 0.0
    with ThreadPoolExecutor(1) as threads:
        call = threads.submit(shared.generate, prompts[:1], Decoding(1, 4))
        paused.reading.acquire()
        now[0] += 9.0
        assert shared.stalled == 9.0
        paused.go_on.release()
        call.result()
    now[0] += 1000.0
    shared.close()
    assert shared.stalled == 0.0  # nobody waits


def test_who_leaves_takes_their_rows_out(
    engine: OfIds, shared: SharedEngine, prompts, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Left(Exception):
        pass

    def leave(done: int, total: int) -> None:
        assert (done, total) == (0, 12)
        raise Left

    steps: list[int] = []
    monkeypatch.setattr(shared._engine, "_end_ids", [])
    expected = engine.generate(prompts[:2], Decoding(1, 40))
    monkeypatch.setattr(
        batch_module.RunningBatch,
        "step",
        lambda batch, step=batch_module.RunningBatch.step: (steps.append(len(batch._running)), step(batch))[
            1
        ],
    )
    with ThreadPoolExecutor(2) as threads:
        going = threads.submit(shared.generate, prompts, Decoding(1, 100_000), progress=leave)
        staying = threads.submit(shared.generate, prompts[:2], Decoding(1, 40))
        with pytest.raises(Left):
            going.result()
        assert texts(staying.result()) == texts(expected)
    shared.close()  # it does not wait for 100,000 tokens
    assert len(steps) < 100_000
    assert not shared._batches
    assert not shared._calls


def test_progress_counts_up_to_all_prompts(shared: SharedEngine, prompts) -> None:
    told: list[tuple[int, int]] = []
    thread = set[int]()

    def progress(done: int, total: int) -> None:
        told.append((done, total))
        thread.add(threading.get_ident())

    shared.generate(prompts, Decoding(1, 12), progress=progress)
    assert told == sorted(told)
    assert told[-1] == (12, 12)
    assert thread == {threading.get_ident()}


def test_what_fails_for_one_does_not_fail_for_others(engine: OfIds, prompts) -> None:
    """A prompt with scores that are not numbers, in one batch with good ones."""

    model = make_model(engine.vocabulary)
    with torch.no_grad():
        model.model.embed_tokens.weight[387] = float("nan")
    broken = SharedEngine(OfIds(model, engine.tokenizer))
    with ThreadPoolExecutor(3) as threads:
        bad = threads.submit(broken.generate, [[0, 5], [0, 387], [0, 6]], Decoding(1, 12))
        good = threads.submit(broken.generate, prompts, Decoding(1, 12))
        beyond = threads.submit(broken.generate, [[0, engine.vocabulary]], Decoding(1, 12))
        with pytest.raises(UserError, match="are not numbers"):
            bad.result()
        with pytest.raises(UserError, match="embeddings"):
            beyond.result()
        assert texts(good.result()) == texts(engine.generate(prompts, Decoding(1, 12)))
    broken.close()


def test_a_failure_of_the_model_reaches_its_callers_and_the_next_call_works(
    engine: OfIds, shared: SharedEngine, prompts, monkeypatch: pytest.MonkeyPatch
) -> None:
    paused = Paused(monkeypatch)
    paused.failure = MemoryError("none left")
    with ThreadPoolExecutor(2) as threads:
        one = threads.submit(shared.generate, prompts[:3], Decoding(1, 12))
        paused.reading.acquire()
        other = threads.submit(shared.generate, prompts[3:], Decoding(1, 12))
        paused.go_on.release(9)
        for call in (one, other):
            with pytest.raises(MemoryError, match="none left"):
                call.result()
        paused.failure = None
        assert texts(shared.generate(prompts, Decoding(1, 12))) == texts(
            engine.generate(prompts, Decoding(1, 12))
        )


def test_a_closed_engine_says_so(engine: OfIds, prompts) -> None:
    shared = SharedEngine(engine)
    assert shared.generate([], Decoding()) == []
    shared.close()
    with pytest.raises(RuntimeError, match="is closed"):
        shared.generate(prompts, Decoding())
