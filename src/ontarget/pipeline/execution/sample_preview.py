"""Shows samples as a model sees them, token by token with their weights."""

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
_WITH_OTHER = "the sample that it conflicts with is left out"


@dataclass(frozen=True, slots=True)
class Piece:
    """A token of a sample, or a word if there is no tokenizer yet.

    Attributes:
        text: legible text; `·` for a part of a character.
        weight: weight in the loss of its optimiser step; 0 for tokens without loss.
        control: whether it is a control token rather than text that looks like one.
    """

    text: str
    weight: float = 0.0
    control: bool = False


@dataclass(frozen=True, slots=True)
class SamplePreview:
    """One sample; `left_out` is the reason if nothing is learnt from it."""

    sample: Sample
    prompt: Sequence[Piece]
    response: Sequence[Piece]
    left_out: str = ""


def stage_to_show(recipe: Recipe, stage: str | None) -> str:
    """The stage, or the last one of the recipe.

    Raises:
        UserError: the recipe does not have the stage, or has no stages.
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
    """The tokenizer of the stage's model, or of the model that it starts from; None if neither exists.

    Raises:
        UserError: the recipe names a missing directory.
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
        return None  # on the Hub and not reachable; words serve for a preview


def samples_shown(
    recipe: Recipe, stage: str, corpus: Corpus, tokenizer: FastTokenizer | None, count: int, store: Store
) -> Iterator[SamplePreview]:
    """The samples of the first `count` groups in a stage's first pass, each with its conflicting sample.

    Weights are those of an optimiser step over the first `global_batch_size` groups, without weighting by a
    model (`conflict.token_weighting: model`), which is not loaded for a preview.

    Args:
        store: the run, which has the synthetic text of stages that learn from it.
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
            found = [(sample, None, why or _WITH_OTHER) for sample, _, why in found]
        step += found
    alpha = settings.alpha if isinstance(settings, LanguageAware | Synthetic) else 1.0
    learnt = [encoded for _, encoded, _ in step if encoded]
    weights = iter(signed_weights(learnt, alpha, tuning.normalization))
    for sample, encoded, why in step[: sum(map(len, groups[:count]))]:
        if encoded is None:
            yield by_words(sample, template.separator, why)
        else:
            pieces = pieces_of(tokenizer, encoded.ids, [*[0.0] * encoded.response, *next(weights)])
            yield SamplePreview(sample, pieces[: encoded.response], pieces[encoded.response :])


def _encoded(encoder: Encoder, sample: Sample) -> tuple[Sample, Encoded | None, str]:
    """A sample with its ids, or with the reason why it has none."""
    ambiguous = encoder.ambiguous
    if encoded := encoder.encode(sample):
        return sample, encoded, ""
    tells = encoder.ambiguous == ambiguous
    return sample, None, "its prompt is too long" if tells else "none of its tokens identifies a language"


def pieces_of(tokenizer: FastTokenizer, ids: Sequence[int], weights: Sequence[float]) -> list[Piece]:
    """Each token with the text that it adds to the tokens before it."""
    # As in prompts/encode.py: added tokens, except runs of white space.
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


def by_words(sample: Sample, separator: str, left_out: str = "") -> SamplePreview:
    """A preview without a tokenizer: words stand for tokens, and their shares for weights.

    The shares do not include `conflict.token_weighting`, which counts tokens.
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
    return SamplePreview(sample, [Piece(prompt)] if prompt else [], response, left_out)


def _typed(tokenizer: Any) -> FastTokenizer:
    found: FastTokenizer = tokenizer
    return found


def store_of(recipe: Recipe, directory: Path | None) -> Store:
    """The run directory of a recipe; nothing is written."""
    return Store(directory or Path("runs") / recipe.name)
