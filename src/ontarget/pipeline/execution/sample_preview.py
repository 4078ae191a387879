"""Samples as a model sees them, token by token with their weights, for a person to look at."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ontarget.checkpoints.adapter import tokenizer_place
from ontarget.corpora.corpus import Corpus
from ontarget.errors import UserError, nearest
from ontarget.model_place import locate
from ontarget.pipeline.execution.stages import beginnings, stage_draw
from ontarget.pipeline.planning.artifacts import Store
from ontarget.pipeline.planning.inputs import template_of
from ontarget.prompts.encode import FastTokenizer
from ontarget.prompts.segment import text_of
from ontarget.recipes.schema.recipe import Recipe
from ontarget.recipes.schema.stages import LanguageAware
from ontarget.recipes.schema.synthetic import Synthetic
from ontarget.samples.sample import Sample
from ontarget.training.data.encode import Encoded, Encoder
from ontarget.training.data.weights import signed_weights

_HALF_LETTER = "\ufffd"


@dataclass(frozen=True, slots=True)
class Piece:
    """A token of a sample, or a word where there is no tokenizer yet.

    Attributes:
        text: as a person reads it; `·` for a part of a letter.
        weight: in the loss of its optimiser step; 0 where nothing is learnt or unlearnt.
        control: whether it is a control token, and not text that looks like one.
    """

    text: str
    weight: float = 0.0
    control: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """One sample; `left_out` says why nothing is learnt from it, if that is so."""

    sample: Sample
    prompt: Sequence[Piece]
    response: Sequence[Piece]
    left_out: str = ""


def stage_to_show(recipe: Recipe, stage: str | None) -> str:
    """The stage, or the last one of the recipe.

    Raises:
        UserError: the recipe has no such stage, or none at all.
    """
    if not recipe.stages:
        raise UserError(f"the recipe '{recipe.name}' has no stages, so no samples to show")
    if stage is None:
        return recipe.stage_order()[-1]
    if stage not in recipe.stages:
        hint = nearest(stage, recipe.stages) or f"; it has {', '.join(recipe.stages)}"
        raise UserError(f"the recipe '{recipe.name}' has no stage '{stage}'{hint}")
    return stage


def tokenizer_of(recipe: Recipe, stage: str, store: Store) -> FastTokenizer | None:
    """That of the stage's model, or of the one that it starts from; None where neither is there.

    Raises:
        UserError: the recipe names a directory that is not there.
    """
    if find_spec("transformers") is None:
        return None
    from ontarget.checkpoints.load import load_tokenizer

    name: str | None = stage
    while name in recipe.stages:
        if store.model_made(name):
            return _typed(load_tokenizer(store.model(name)))
        name = recipe.stages[name].start
    if name is None:
        return None
    place = locate(name)
    try:
        return _typed(load_tokenizer(place))
    except UserError:
        if isinstance(tokenizer_place(place), Path):
            raise
        return None  # on the hub, and out of reach: words do for a look


def samples_shown(
    recipe: Recipe, stage: str, corpus: Corpus, tokenizer: FastTokenizer | None, count: int, store: Store
) -> Iterator[Shown]:
    """The first samples of a stage's first pass, `count` groups of them: each with its conflicting twin.

    `store`: the run, where the synthetic text of a stage is that learns from it.

    Weights are those of an optimiser step over the first `global_batch_size` groups, without what a model
    makes of them (`conflict.token_weighting: model`), which is not loaded for a look.
    """
    settings = recipe.stages[stage]
    template = template_of(recipe, stage)
    groups = stage_draw(recipe, stage, corpus, store)(0)
    if tokenizer is None:
        yield from (by_words(sample, template.separator) for group in groups[:count] for sample in group)
        return
    tuning = settings.tuning
    lines = beginnings(recipe, stage, corpus)
    encoder = Encoder(tokenizer, template.separator, tuning.max_length, lines, template.end)
    step: list[tuple[Sample, Encoded | None, str]] = []
    for group in groups[: max(tuning.global_batch_size, count)]:
        found = [_encoded(encoder, sample) for sample in group]
        if not any(encoded and encoded.sign > 0 for _, encoded, _ in found):
            found = [(sample, None, why or "so is what it belongs to") for sample, _, why in found]
        step += found
    alpha = settings.alpha if isinstance(settings, LanguageAware | Synthetic) else 1.0
    learnt = [encoded for _, encoded, _ in step if encoded]
    weights = iter(signed_weights(learnt, alpha, tuning.normalization))
    for sample, encoded, why in step[: sum(map(len, groups[:count]))]:
        if encoded is None:
            yield by_words(sample, template.separator, why)
        else:
            pieces = pieces_of(tokenizer, encoded.ids, [*[0.0] * encoded.response, *next(weights)])
            yield Shown(sample, pieces[: encoded.response], pieces[encoded.response :])


def _encoded(encoder: Encoder, sample: Sample) -> tuple[Sample, Encoded | None, str]:
    """A sample, and its ids or why there are none."""
    ambiguous = encoder.ambiguous
    if encoded := encoder.encode(sample):
        return sample, encoded, ""
    tells = encoder.ambiguous == ambiguous
    return sample, None, "it has no room" if tells else "it does not tell its language"


def pieces_of(tokenizer: FastTokenizer, ids: Sequence[int], weights: Sequence[float]) -> list[Piece]:
    """Each token with the text that it adds to those before it."""
    # As in prompts/encode.py: added tokens, but for runs of white space.
    added = getattr(tokenizer, "added_tokens_decoder", {})
    control = {id for id, token in added.items() if not token.content.isspace()}
    pieces = []
    begin, before = 0, ""
    for number, (id, weight) in enumerate(zip(ids, weights, strict=True)):
        if id in control:
            pieces.append(Piece(tokenizer.decode([id]), weight, control=True))
            begin, before = number + 1, ""
            continue
        text = tokenizer.decode(list(ids[begin : number + 1])).rstrip(_HALF_LETTER)
        pieces.append(Piece(text[len(before) :] or "·", weight))
        before = text
    return pieces


def by_words(sample: Sample, separator: str, left_out: str = "") -> Shown:
    """A sample without a tokenizer: words stand for tokens, and their shares for weights.

    What a token reveals (`conflict.token_weighting`) is not in these shares: it is counted in tokens.
    """
    words, numbers = sample.response.split(" "), itertools.count()
    shares = [
        1.0
        if sample.weighting.tokens == "all"
        else sample.weighting.share(next(numbers))
        if any(c.isalpha() for c in word)
        else 0.0
        for word in words
    ]
    response = [
        Piece(f"{' ' if number else ''}{word}", 0.0 if left_out else sample.sign * share)
        for number, (word, share) in enumerate(zip(words, shares, strict=True))
    ]
    prompt = text_of(sample.prompt) + (separator if sample.prompt else "")
    return Shown(sample, [Piece(prompt)] if prompt else [], response, left_out)


def _typed(tokenizer: Any) -> FastTokenizer:
    found: FastTokenizer = tokenizer
    return found


def store_of(recipe: Recipe, directory: Path | None) -> Store:
    """The run directory of a recipe; nothing is made."""
    return Store(directory or Path("runs") / recipe.name)
