import math

import pytest

pytest.importorskip("torch", reason="needs the extra `train`")

import torch
from hypothesis import given
from hypothesis import strategies as st
from tests.translation.conftest import best
from tests.translation.textbook import Textbook, search
from torch import Tensor

from ontarget.languages import Language
from ontarget.settings.decoding import Decoding, Prior
from ontarget.translation.engines.transformers import TransformersEngine
from ontarget.translation.language_tokens import TokenCounts
from ontarget.translation.prior import LanguagePrior, log_language, log_share_of_most


def counts(lines: list[int], first: list[list[int]]) -> TokenCounts:
    languages = {Language(code): row for row, code in enumerate(("de", "fr", "cs")[: len(lines)])}
    table = torch.tensor(first, dtype=torch.float64)
    return TokenCounts(languages, torch.tensor(lines), table, table)


def test_the_formula() -> None:
    # German: 6 of 8 lines begin with token 0; French: 1 of 4, and 3 of 4 with token 1. Half of one in four.
    table = log_language(counts([8, 4], [[6, 0, 2, 0], [1, 3, 0, 0]])).exp()
    assert table[0].tolist() == pytest.approx([0.875 / 1.25, 0.125 / 1, 0.375 / 0.5, 0.5])
    assert table[1].tolist() == pytest.approx([0.375 / 1.25, 0.875 / 1, 0.125 / 0.5, 0.5])


@given(st.lists(st.lists(st.integers(0, 30), min_size=5, max_size=5), min_size=2, max_size=3))
def test_it_is_a_distribution_over_languages_and_rules_nothing_out(first: list[list[int]]) -> None:
    table = log_language(counts([sum(row) for row in first], first))
    assert table.isfinite().all()
    torch.testing.assert_close(table.exp().sum(0), torch.ones(5, dtype=torch.float64))


def test_what_begins_lines_of_every_language_alike_or_of_none_keeps_the_models_order() -> None:
    table = log_language(counts([10, 10, 10], [[4, 6, 0, 0, 0], [4, 0, 6, 0, 0], [4, 0, 0, 0, 6]]))
    assert table[:, 0].tolist() == pytest.approx([-math.log(3)] * 3)
    assert table[:, 3].tolist() == pytest.approx([-math.log(3)] * 3)
    assert table[0, 1] > table[0, 0] > table[0, 2]


def test_later_tokens_are_compared_with_the_language_that_has_most_of_them() -> None:
    # Of 8 German tokens 4 are token 0 and 2 token 1; of 4 French ones 1 and 3. Half of one in four.
    table = log_share_of_most(counts([8, 4], [[4, 2, 2, 0], [1, 3, 0, 0]])).exp()
    assert table[0].tolist() == pytest.approx([1, 0.375 / 0.875, 1, 1])
    assert table[1].tolist() == pytest.approx([0.375 / 0.625, 1, 0.125 / 0.375, 1])


@pytest.mark.parametrize("beam", [1, 4])
@pytest.mark.parametrize("first_tokens", [1, 2, None])
def test_the_same_as_the_textbook(
    engine: TransformersEngine, prompts, beam: int, first_tokens: int | None
) -> None:
    generator = torch.Generator().manual_seed(1)
    first, everywhere = (
        torch.randint(0, 50, (3, engine.vocabulary), generator=generator).double() for _ in range(2)
    )
    learnt = TokenCounts({}, first.sum(1).long(), first, everywhere)
    rows, decoding, book = [2, 0, 1, 0, 2], Decoding(beam, 7), Textbook(engine.model)
    prior = LanguagePrior(learnt, rows, Prior(1.5, first_tokens))
    found = best(engine, prompts[:5], decoding, (), [prior])
    for prompt, row, ours in zip(prompts, rows, found, strict=False):

        def score(answer: list[int], prompt=prompt, row=row) -> Tensor:
            own = book.log_p([*prompt, *answer])
            if first_tokens is not None and len(answer) >= first_tokens:
                return own
            added = 1.5 * (log_share_of_most(learnt) if answer else log_language(learnt))[row]
            added[1] = 0  # the end
            return own + added

        tokens, total = search(score, decoding)
        assert ours.tokens == len(tokens)
        assert ours.log_probability == pytest.approx(total, abs=1e-3)
