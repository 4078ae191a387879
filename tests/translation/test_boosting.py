import pytest

pytest.importorskip("torch", reason="needs the extra `train`")

import torch
from tests.translation.conftest import best
from tests.translation.textbook import Textbook, search
from torch import Tensor

from ontarget.languages import Language
from ontarget.settings.decoding import Boosting, Decoding
from ontarget.translation.boosting import Boosted, BoostedBatch, tokens_of_languages
from ontarget.translation.engines.transformers import TransformersEngine
from ontarget.translation.language_tokens import count_tokens
from ontarget.translation.system import LanguageText

GERMAN, FRENCH = Language("de"), Language("fr")
TEXT = LanguageText({GERMAN: ["Zwei Hunde im Schnee."] * 9, FRENCH: ["Deux chiens dans la neige."] * 9})


def test_tokens_of_a_language_are_those_that_its_text_has_and_those_without_a_letter(
    engine: TransformersEngine,
) -> None:
    tokenizer = engine.tokenizer
    table = tokens_of_languages(tokenizer, count_tokens(tokenizer, TEXT, "", engine.vocabulary))

    def rows(text: str) -> list[list[bool]]:
        ids = tokenizer(text, add_special_tokens=False).input_ids
        return [table[:, id].tolist() for id in ids]

    assert rows(" Hunde") == [[True, False]]
    assert rows(" neige") == [[False, True]]
    assert all(row == [True, True] for row in rows("7. (!"))
    assert rows("q") == [[False, False]]
    assert not table[:, :4].any()  # control tokens


def test_a_token_of_both_languages_is_of_the_rarer_one_too_from_a_quarter_on(
    engine: TransformersEngine,
) -> None:
    tokenizer = engine.tokenizer

    def belongs(times: int) -> list[bool]:
        text = LanguageText(
            {GERMAN: [" Hunde"] * times + [" im"] * (100 - times), FRENCH: [" Hunde"] * 20 + [" la"] * 80}
        )
        (hunde,) = tokenizer(" Hunde", add_special_tokens=False).input_ids
        assert len(tokenizer(" im la", add_special_tokens=False).input_ids) == 2
        return tokens_of_languages(tokenizer, count_tokens(tokenizer, text, "", engine.vocabulary))[
            :, hunde
        ].tolist()

    assert (belongs(4), belongs(5), belongs(80)) == ([False, True], [True, True], [True, True])
    assert belongs(81) == [True, False]


def scores_of(own: list[float], **how: float | None) -> list[float]:
    log_probs = torch.tensor([[own]]).log()
    chosen = torch.tensor([[True, False, True, False]])
    return BoostedBatch(chosen, **how)(0, log_probs, log_probs, log_probs[:, None, :0])[0, 0].exp().tolist()


def test_the_adaptive_form_boosts_where_the_model_is_unsure() -> None:
    boosted = torch.tensor(2.0).log().item()
    unsure, sure = [0.35, 0.45, 0.15, 0.05], [0.05, 0.9, 0.03, 0.02]
    assert scores_of(unsure, boost=boosted, unsure_below=0.2) == pytest.approx([0.7, 0.45, 0.3, 0.05])
    assert scores_of(sure, boost=boosted, unsure_below=0.8) == pytest.approx(sure)
    assert scores_of(sure, boost=boosted) == pytest.approx([0.1, 0.9, 0.06, 0.02])
    right = [0.9, 0.05, 0.03, 0.02]
    assert scores_of(right, boost=boosted, unsure_below=0.8) == pytest.approx(right)


@pytest.mark.parametrize("beam", [1, 4])
@pytest.mark.parametrize(
    "boosting", [Boosting(1.5), Boosting(2.0, 0.1), Boosting(1000.0, 0.8), Boosting(3.0, first_tokens=2)]
)
def test_the_same_as_the_textbook(engine: TransformersEngine, prompts, beam: int, boosting: Boosting) -> None:
    table = torch.rand(2, engine.vocabulary, generator=torch.Generator().manual_seed(1)) < 0.4
    rows, decoding, book = [1, 0, 1, 0], Decoding(beam, 6), Textbook(engine.model)
    found = best(engine, prompts[:4], decoding, (), [Boosted(table, rows, boosting)])
    for prompt, row, ours in zip(prompts, rows, found, strict=False):

        def score(answer: list[int], prompt=prompt, row=row) -> Tensor:
            own, chosen = book.log_p([*prompt, *answer]), table[row].clone()
            chosen[1] = True  # the end
            if boosting.first_tokens is not None and len(answer) >= boosting.first_tokens:
                return own
            difference = (own.exp()[chosen].max() - own.exp()[~chosen].max()).abs()
            if boosting.unsure_below is not None and difference > boosting.unsure_below:
                return own
            return own + boosting.boost * chosen

        tokens, total = search(score, decoding)
        assert ours.tokens == len(tokens)
        assert ours.log_probability == pytest.approx(total, abs=1e-2)
