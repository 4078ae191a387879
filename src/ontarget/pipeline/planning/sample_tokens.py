"""Counts the tokens that training computes for a sample, in some batches of the stage itself.

Samples are drawn, encoded and put into micro-batches as training does it, so padding, conflicting samples and
the common beginning of prompts count as they are.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from ontarget.corpora.corpus import Corpus
from ontarget.pipeline.execution.stages import beginnings, drawn_for, translation_draw
from ontarget.pipeline.planning.inputs import seed_of, template_of
from ontarget.recipes.schema.recipe import Recipe
from ontarget.recipes.schema.stages import Pretraining
from ontarget.recipes.schema.synthetic import Synthetic
from ontarget.samples.documents import make_documents
from ontarget.samples.draw import draw_translations
from ontarget.samples.groups import Draw, document_groups, translation_groups
from ontarget.samples.sample import Sample

_GROUPS = 256  # samples that are encoded, each with its conflicting sample
_SEGMENTS = 4000  # from which documents and the tokenizer of a new model are made


def new_tokenizer(recipe: Recipe, stage: str, corpus: Corpus) -> Any:
    """About the tokenizer that a pretraining stage will make, from the beginning of its text."""
    from ontarget.training.new_model import make_tokenizer

    settings = recipe.stages[stage]
    assert isinstance(settings, Pretraining)
    return make_tokenizer(_documents(recipe, settings, corpus), settings.model.vocabulary)


def tokens_a_sample(recipe: Recipe, stage: str, corpus: Corpus, tokenizer: Any) -> float:
    """Mean number of tokens, padding included, that a step computes for each sample of its global batch.

    Args:
        recipe: the recipe.
        stage: its name.
        corpus: the text of the recipe.
        tokenizer: of the model that is trained.
    """
    from ontarget.hardware import has_gpu
    from ontarget.training.data import batches, prefix
    from ontarget.training.data.encode import Encoder

    tuning, template = recipe.stages[stage].tuning, template_of(recipe, stage)
    lines = beginnings(recipe, stage, corpus)
    encoder = Encoder(tokenizer, template.separator, tuning.max_length, lines, template.end)
    groups = list(_some(_draw(recipe, stage, corpus)(0)))
    whole = has_gpu() or tuning.gradient_checkpointing or tuning.compile
    layout = batches if whole else prefix
    computed = 0
    for first in range(0, len(groups), tuning.global_batch_size):
        of_step = groups[first : first + tuning.global_batch_size]
        encoded = [found for group in of_step for sample in group if (found := encoder.encode(sample))]
        if has_gpu():  # packed
            computed += sum(len(found.ids) for found in encoded)
            continue
        weighed = [(found, found.shares) for found in encoded]
        for part in layout.by_length(weighed, tuning.max_tokens_per_micro_batch):
            made = layout.collate(part)
            computed += made["input_ids"].numel() + (
                made["prefix_ids"].numel() if "prefix_ids" in made else 0
            )
    return computed / max(len(groups), 1)


def _draw(recipe: Recipe, stage: str, corpus: Corpus) -> Draw:
    settings, template = recipe.stages[stage], template_of(recipe, stage)
    if isinstance(settings, Pretraining):
        documents = _documents(recipe, settings, corpus)
        return document_groups(lambda _: documents)
    if isinstance(settings, Synthetic):  # which has no text yet; that of the corpus is much like it
        drawn = draw_translations(corpus, recipe.supervised, _GROUPS, seed_of(recipe, settings))
        return translation_groups(drawn, template)
    return translation_draw(recipe, settings, drawn_for(recipe, settings, corpus), template)


def _documents(recipe: Recipe, settings: Pretraining, corpus: Corpus) -> Sequence[str]:
    """Documents from the beginning of each part of the text."""
    parts = corpus.parts("train")
    each = -(-_SEGMENTS // len(parts))
    few = Corpus(corpus.name, {"train": [part.chosen(range(min(each, len(part)))) for part in parts]})
    return make_documents(few, recipe.languages, recipe.pivot, settings.documents, seed_of(recipe, settings))


def _some(groups: Sequence[Sequence[Sample]]) -> Iterator[Sequence[Sample]]:
    """Groups from the whole pass, since samples of one direction follow one another."""
    return islice((groups[n] for n in range(0, len(groups), max(1, len(groups) // _GROUPS))), _GROUPS)
