"""Which prompts of an engine share a batch, and that this changes no answer."""

from collections.abc import Sequence

import pytest

pytest.importorskip("torch", reason="needs the extra `train`")

import torch
from tests.translation.conftest import best

from ontarget.settings.decoding import Boosting, Contrast, Decoding, Prior
from ontarget.translation.adjustment import Adjuster
from ontarget.translation.anti_lm import AntiLM
from ontarget.translation.boosting import Boosted
from ontarget.translation.contrast import Contrasted
from ontarget.translation.engines import transformers as engine_module
from ontarget.translation.engines.transformers import TransformersEngine
from ontarget.translation.language_tokens import TokenCounts
from ontarget.translation.prior import LanguagePrior


def adjusters_of(
    kind: str, engine: TransformersEngine, prompts: list[list[int]], chosen: Sequence[int]
) -> list[Adjuster]:
    """Every sentence has contrasts, a language and a source of its own; some contrast with nothing."""
    table = torch.rand(3, engine.vocabulary, generator=torch.Generator().manual_seed(1))
    rows = [i % 3 for i in chosen]
    contrasts = [[(prompts[i - 1], 0.5)] * (i % 3) for i in chosen]
    sources = AntiLM([prompts[i - 2] for i in chosen], 0.5)
    boosted = Boosted(table < 0.3, rows, Boosting(2.0, 0.3))
    counts = TokenCounts(
        {}, torch.tensor([9] * 3), (20 * table).floor().double(), (30 * table).floor().double()
    )
    prior = LanguagePrior(counts, rows, Prior(first_tokens=3))
    return {
        "contrast": [Contrasted(contrasts, Contrast(plausibility=0.0))],
        "first-token contrast": [Contrasted(contrasts, Contrast(plausibility=0.0, first_tokens=1))],
        "two tokens": [Contrasted(contrasts, Contrast(plausibility=0.0, first_tokens=2))],
        "all": [Contrasted(contrasts, Contrast(plausibility=0.0, first_tokens=2)), prior, boosted, sources],
    }[kind]


@pytest.mark.parametrize(
    ("beam", "rows", "kind"),
    [
        (1, 5, "contrast"),
        (4, 2, "contrast"),
        (4, 64, "first-token contrast"),
        (1, 5, "two tokens"),
        (1, 5, "all"),
        (4, 64, "all"),
    ],
)
def test_what_else_is_in_the_batch_changes_nothing(
    engine: TransformersEngine, prompts, monkeypatch: pytest.MonkeyPatch, beam: int, rows: int, kind: str
) -> None:
    decoding = Decoding(beam, 10)
    alone = [
        best(engine, [prompt], decoding, (), adjusters_of(kind, engine, prompts, [i]))[0]
        for i, prompt in enumerate(prompts)
    ]
    monkeypatch.setattr(engine_module, "_CPU_ROWS", rows)
    for order in (range(len(prompts)), reversed(range(len(prompts)))):
        order = list(order)
        together = best(
            engine, [prompts[i] for i in order], decoding, (), adjusters_of(kind, engine, prompts, order)
        )
        for i, answer in zip(order, together, strict=True):
            assert (answer.text, answer.tokens, answer.finish_reason) == (
                alone[i].text,
                alone[i].tokens,
                alone[i].finish_reason,
            )
            assert answer.log_probability == pytest.approx(alone[i].log_probability, abs=1e-3)


def test_sentences_with_different_numbers_of_contrasts_share_a_batch(
    engine: TransformersEngine, prompts
) -> None:
    adjusters = adjusters_of("contrast", engine, prompts, range(len(prompts)))
    (batch,) = engine._batches(engine.begin(prompts, Decoding(4, 10), adjusters=adjusters))
    assert sorted(batch) == list(range(len(prompts)))


def test_memory_bounds_the_batches(
    engine: TransformersEngine, prompts, monkeypatch: pytest.MonkeyPatch
) -> None:
    adjusters = adjusters_of("contrast", engine, prompts, range(len(prompts)))
    plain = engine.begin(prompts, Decoding(4, 10))
    contrasted = engine.begin(prompts, Decoding(4, 10), adjusters=adjusters)
    tokens_of = 2 * 2 * 2 * 8 * 4  # keys and values, layers, heads, their size, bytes
    monkeypatch.setattr(engine_module, "_CPU_CACHE_BYTES", tokens_of * (20 + 4 * 10) * 3)
    assert engine.running_batch(plain)._limits.tokens == (20 + 4 * 10) * 3
    of_three = [len(batch) for batch in engine._batches(contrasted)]
    assert sum(of_three) == len(prompts)
    assert max(of_three) > 1
    monkeypatch.setattr(engine_module, "_CPU_CACHE_BYTES", 1)
    assert [len(batch) for batch in engine._batches(contrasted)] == [1] * len(prompts)


def test_prompts_that_begin_alike_are_answered_together(engine: TransformersEngine) -> None:
    prompts = [[0, *[50 + i % 2] * 20, *[60] * (i // 2)] for i in range(32)]
    generation = engine.begin(prompts, Decoding(4, 8))
    batches = list(engine._batches(generation))
    assert [{i % 2 for i in batch} for batch in batches] == [{0}, {1}]
    order = [row.place for row in engine.rows(generation)]
    assert order == [*range(30, -1, -2), *range(31, 0, -2)], "the longest first"
