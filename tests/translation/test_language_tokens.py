import pytest

pytest.importorskip("torch", reason="needs the extra `train`")

import torch

from ontarget.errors import UserError
from ontarget.languages import Language
from ontarget.translation import language_tokens
from ontarget.translation.engines.transformers import TransformersEngine
from ontarget.translation.language_tokens import count_tokens
from ontarget.translation.system import LanguageText

GERMAN, FRENCH = Language("de"), Language("fr")


def test_tokens_are_counted_as_an_answer_has_them(engine: TransformersEngine) -> None:
    text = LanguageText({GERMAN: ["Zwei Hunde", "Zwei", ""], FRENCH: ["Un homme"]})
    counts = count_tokens(engine.tokenizer, text, "", engine.vocabulary)
    encoded = engine.tokenizer(["Zwei Hunde", "Zwei", "Un homme"], add_special_tokens=False).input_ids
    expected = torch.zeros(2, engine.vocabulary, dtype=torch.float64)
    for row, ids in zip((0, 0, 1), encoded, strict=True):
        for id in ids:
            expected[row, id] += 1
    assert torch.equal(counts.all, expected)
    assert counts.lines.tolist() == [2, 1]
    assert counts.first.sum(1).tolist() == [2, 1]
    assert counts.first[0, encoded[0][0]] == 2
    after_space = count_tokens(engine.tokenizer, LanguageText(text.lines), " ", engine.vocabulary)
    (space_zwei, *_) = engine.tokenizer(" Zwei", add_special_tokens=False).input_ids
    assert after_space.first[0, space_zwei] == 2


def test_a_text_is_counted_once(engine: TransformersEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    text = LanguageText({GERMAN: ["Zwei Hunde"]})
    counts = count_tokens(engine.tokenizer, text, "", engine.vocabulary)
    monkeypatch.setattr(language_tokens, "encode_response", None)
    assert count_tokens(engine.tokenizer, text, "", engine.vocabulary) is counts


def test_a_language_without_text_is_named(engine: TransformersEngine) -> None:
    counts = count_tokens(engine.tokenizer, LanguageText({GERMAN: ["Hunde"]}), "", engine.vocabulary)
    assert counts.row(GERMAN) == 0
    with pytest.raises(UserError, match=r"no text in French \(fr\) .*there is text in de"):
        counts.row(FRENCH)
