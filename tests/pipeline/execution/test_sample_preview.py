"""Samples for a person to look at: the tokens and weights are those that training sees."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.pipeline.conftest import RECIPE, fake_recipe

from ontarget.corpora.corpus import Corpus
from ontarget.errors import UserError
from ontarget.pipeline.execution.sample_preview import (
    SamplePreview,
    by_words,
    pieces_of,
    samples_shown,
    stage_to_show,
    tokenizer_of,
)
from ontarget.pipeline.planning.artifacts import Store
from ontarget.prompts.segment import Segment
from ontarget.recipes.schema.recipe import Recipe
from ontarget.samples.sample import Sample
from ontarget.samples.weighting import Weighting


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    pytest.importorskip("torch", reason="needs the extra `train`")
    from ontarget.training.new_model import make_tokenizer

    return make_tokenizer(
        ["The sun is shining today. Oggi splende il sole. De zon schijnt vandaag."] * 5, 400
    )


def shown(
    corpus: Corpus, stage: str, tokenizer: Any, count: int = 2, recipe: Recipe | None = None
) -> list[SamplePreview]:
    store = Store(Path("runs/fake"))
    return list(samples_shown(recipe or fake_recipe(), stage, corpus, tokenizer, count, store))


def text(pieces: Any) -> str:
    return "".join(piece.text for piece in pieces)


def test_a_sample_is_its_prompt_and_response_and_weights_are_those_of_a_step(
    fake_corpus: Corpus, tokenizer: Any
) -> None:
    first, *_ = shown(fake_corpus, "mt", tokenizer)
    assert first.sample.source in text(first.prompt)
    assert not any(piece.weight for piece in first.prompt)
    assert text(first.response[:-1]).strip() == first.sample.response
    assert first.response[-1].control
    everything = [p.weight for s in shown(fake_corpus, "mt", tokenizer, 4) for p in s.response]
    assert sum(everything) == pytest.approx(1)  # token normalization: 1/N+ for each of the step's tokens
    assert len(set(everything)) == 1


def test_the_twin_is_unlearnt_with_the_strength_of_alpha(fake_corpus: Corpus, tokenizer: Any) -> None:
    right, wrong, *_ = shown(fake_corpus, "lat", tokenizer)
    assert (right.sample.sign, wrong.sample.sign) == (1, -1)
    assert all(piece.weight < 0 for piece in wrong.response)
    everything = [
        p.weight for s in shown(fake_corpus, "lat", tokenizer, 99) for p in s.response if p.weight < 0
    ]
    assert sum(everything) == pytest.approx(-0.05)


def test_control_tokens_are_told_from_text_that_looks_like_them(tokenizer: Any) -> None:
    eos = tokenizer.eos_token_id
    name = tokenizer.decode([eos])
    ids = tokenizer.backend_tokenizer.encode("a", add_special_tokens=False).ids
    pieces = pieces_of(tokenizer, [*ids, eos, *ids], [0.0, -1.0, 1.0])
    assert [(piece.text, piece.control, piece.weight) for piece in pieces] == [
        ("a", False, 0.0),
        (name, True, -1.0),
        ("a", False, 1.0),
    ]


def test_a_letter_of_several_tokens_is_shown_where_it_is_whole(tokenizer: Any) -> None:
    ids = tokenizer.backend_tokenizer.encode("a世b", add_special_tokens=False).ids
    pieces = pieces_of(tokenizer, ids, [0.0] * len(ids))
    assert [piece.text for piece in pieces] == ["a", "·", "·", "世", "b"]


def test_without_a_tokenizer_words_stand_for_tokens(fake_corpus: Corpus) -> None:
    right, wrong = shown(fake_corpus, "ontarget", None, 1)
    assert {piece.weight for piece in right.response} == {1.0}
    assert {piece.weight for piece in wrong.response} == {-1.0}  # what each tells is known of tokens alone
    assert text(wrong.response) == wrong.sample.response

    first = RECIPE["stages"]["ontarget"] | {"preset": "first-token"}
    recipe = fake_recipe(stages=RECIPE["stages"] | {"ontarget": first})
    _, wrong = shown(fake_corpus, "ontarget", None, 1, recipe)
    assert [piece.weight for piece in wrong.response][:2] == [-1.0, 0.0]  # the first word with a letter
    assert text(wrong.response) == wrong.sample.response


def test_the_first_word_with_a_letter_is_the_one_that_counts() -> None:
    sample = Sample((Segment("?", True),), "12 – drei vier", sign=-1, weighting=Weighting("first"))
    assert [piece.weight for piece in by_words(sample, "").response] == [0, 0, -1, 0]
    sample = replace(sample, weighting=Weighting("decay", gamma=0.5))
    assert [piece.weight for piece in by_words(sample, "").response] == [0, 0, -1, -0.5]


def test_documents_are_shown_too(fake_corpus: Corpus, tokenizer: Any) -> None:
    for which in (None, tokenizer):
        first, *_ = shown(fake_corpus, "base", which)
        assert not first.sample.prompt
        assert any(piece.weight for piece in first.response)


def test_a_sample_that_is_left_out_says_why(fake_corpus: Corpus, tokenizer: Any) -> None:
    recipe = fake_recipe()
    stages = recipe.settings()["stages"]
    stages["mt"]["tuning"]["max_length"] = 8
    narrow = fake_recipe(stages=stages)
    first, *_ = samples_shown(narrow, "mt", fake_corpus, tokenizer, 1, Store(Path("runs/fake")))
    assert first.left_out == "its prompt is too long"
    assert not any(piece.weight for piece in first.response)


def test_the_tokenizer_is_that_of_the_nearest_model_there_is(tmp_path: Path, tokenizer: Any) -> None:
    store = Store(tmp_path)
    assert tokenizer_of(fake_recipe(), "lat", store) is None
    with store.making_model("base", "fingerprint", {}) as (folder, _):
        tokenizer.save_pretrained(folder)
    found = tokenizer_of(fake_recipe(), "lat", store)
    assert found is not None
    assert found.eos_token_id == tokenizer.eos_token_id


def test_the_last_stage_is_shown_where_none_is_named() -> None:
    assert stage_to_show(fake_recipe(), None) == "ontarget"
    with pytest.raises(UserError, match="no stage 'lta'; did you mean 'lat'"):
        stage_to_show(fake_recipe(), "lta")
    with pytest.raises(UserError, match="no stages, so no samples"):
        stage_to_show(fake_recipe(stages={}, systems=["base"], model="x/y"), None)
