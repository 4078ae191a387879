"""What a stage's model is tuned on, for its record: languages, directions, and whether single sentences."""

from collections.abc import Iterable
from typing import Any

from ontarget.checkpoints.record import tuned
from ontarget.corpora.corpus import Corpus
from ontarget.languages import Direction, Language
from ontarget.model_place import locate
from ontarget.pipeline.execution.distillation_sources import directions_of
from ontarget.pipeline.planning.inputs import learnt
from ontarget.recipes.schema.recipe import Recipe
from ontarget.recipes.schema.stages import Pretraining
from ontarget.recipes.schema.synthetic import Synthetic
from ontarget.sentences import sentences_of

_LOOKED_AT = 100  # sources of each direction
_FEW = 0.03  # of them with several sentences; more, and the model knows such lines


def tuned_on(recipe: Recipe, name: str, corpus: Corpus) -> dict[str, Any]:
    """The record of a stage and of all models that it starts from: see `checkpoints.record.Tuned`."""
    languages: dict[Language, None] = dict.fromkeys(recipe.languages)
    directions: dict[Direction, None] = {}
    model: str | None = name
    while model in recipe.stages:
        stage = recipe.stages[model]
        if not isinstance(stage, Pretraining):
            directions |= dict.fromkeys(learnt(recipe, stage))
        if isinstance(stage, Synthetic):
            directions |= dict.fromkeys(directions_of(recipe, model))
        model = stage.start
    single = _single_sentences(corpus, learnt(recipe, recipe.stages[name])) if directions else False
    if model is not None and (before := tuned(locate(model))):
        languages |= dict.fromkeys(before.languages)
        directions |= dict.fromkeys(before.directions)
        single &= before.single_sentences or not before.directions
    return {
        "languages": list(map(str, languages)),
        "directions": list(map(str, directions)),
        "single_sentences": single,
    }


def _single_sentences(corpus: Corpus, directions: Iterable[Direction]) -> bool:
    """Whether nearly all sources of the training text are single sentences."""
    counts = [
        len(sentences_of(pair.source, pair.direction.source))
        for direction in directions
        for pair in corpus.translations("train", direction, _LOOKED_AT)
    ]
    return bool(counts) and sum(count > 1 for count in counts) <= _FEW * len(counts)
