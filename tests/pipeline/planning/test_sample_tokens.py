"""The tokens that an estimate counts are those that training computes."""

import pytest
import torch
from tests.pipeline.conftest import RECIPE, fake_recipe

from ontarget.corpora.corpus import Corpus
from ontarget.pipeline.execution.stages import beginnings, stage_draw
from ontarget.pipeline.planning.artifacts import Store
from ontarget.pipeline.planning.inputs import template_of
from ontarget.pipeline.planning.sample_tokens import new_tokenizer, tokens_a_sample
from ontarget.training.data import prefix
from ontarget.training.data.batches import Steps
from ontarget.training.data.encode import Encoder


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU packs samples")
@pytest.mark.parametrize("stage", ["base", "mt", "lat", "ontarget"])
def test_padding_twins_and_common_beginnings_count_as_in_training(
    fake_corpus: Corpus, stage: str, tmp_path: object
) -> None:
    tuning = {"max_steps": 1, "global_batch_size": 1000, "max_tokens_per_micro_batch": 100}
    stages = RECIPE["stages"] | {
        stage: {**RECIPE["stages"][stage], "tuning": tuning},
        "base": {"kind": "pretraining", "model": {"vocabulary": 300}, "tuning": tuning},
    }
    recipe = fake_recipe(stages=stages)
    tokenizer, template = new_tokenizer(recipe, "base", fake_corpus), template_of(recipe, stage)
    settings = recipe.stages[stage].tuning
    lines = beginnings(recipe, stage, fake_corpus)
    encoder = Encoder(tokenizer, template.separator, settings.max_length, lines, template.end)
    draw = stage_draw(recipe, stage, fake_corpus, Store(tmp_path))  # type: ignore[arg-type]
    steps = Steps(draw, encoder, settings, 1.0, recipe.seed)
    steps.collate = prefix.collate
    computed = sum(
        part["input_ids"].numel() + (part["prefix_ids"].numel() if "prefix_ids" in part else 0)
        for part in steps[0]
    )
    found = tokens_a_sample(recipe, stage, fake_corpus, tokenizer)
    assert found * len(draw(0)) == pytest.approx(computed)
    assert len(steps[0]) > 1 or stage == "base"
