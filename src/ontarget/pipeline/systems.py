"""The one place where a recipe's system becomes calls of `translation`. Torch comes with the first model."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ontarget.corpora.corpus import Corpus, Translation
from ontarget.pipeline.inputs import demonstrations, directions, template_of
from ontarget.prompts.layout import languages_of
from ontarget.prompts.wording import text_language
from ontarget.recipe import Recipe
from ontarget.translation.system import Request, System

if TYPE_CHECKING:
    from ontarget.scoring.language_id import Identifier
    from ontarget.translation.engine import Engine
    from ontarget.translation.hypothesis import Hypothesis


def system_of(recipe: Recipe, name: str, corpus: Corpus) -> System:
    """What the room of translation makes of a system's settings."""
    settings = recipe.systems[name]
    return System(
        name,
        template_of(recipe, recipe.model_of(name)),
        post_instruction=settings.post_instruction,
        prompt_in_target=settings.prompt_in_target,
        demonstrations={d: tuple(demonstrations(recipe, corpus, name, d)) for d in directions(recipe)},
        contrast=settings.contrast.contrast() if settings.contrast else None,
        pivot=recipe.pivot if settings.pivot else None,
        decoding=recipe.decoding_of(name).decoding(),
    )


def without_texts(recipe: Recipe, system: System) -> list[str]:
    """Names of the target languages that a system would ask in, but for which English has to serve."""
    if not system.prompt_in_target:
        return []
    there = languages_of(system.template.words)
    targets = sorted({direction.target for direction in directions(recipe)})
    return [t.name() for t in targets if text_language(t, there).split("-")[0] != t.primary]


def load_engine(model: Path | str) -> "Engine":
    """A model, ready to answer."""
    from transformers.utils import logging

    from ontarget.translation.engine import Engine

    logging.disable_progress_bar()  # of loading weights: ours says what is being done
    return Engine.load(model)


def hypotheses(
    system: System, engine: "Engine", pairs: Sequence[Translation], update: Callable[[int, int], None]
) -> "list[Hypothesis]":
    """One hypothesis for each pair's source, in order."""
    from ontarget.translation.translate import translate

    requests = [Request(pair.source, pair.direction) for pair in pairs]
    return translate(system, engine, requests, progress=update)


def rows(
    pairs: Sequence[Translation], answers: "Sequence[Hypothesis]", identifier: "Identifier"
) -> list[dict[str, Any]]:
    """The lines of `outputs/<system>/<direction>.jsonl`."""
    guesses = identifier.identify([answer.text for answer in answers])
    return [
        {
            "source": pair.source,
            "reference": pair.target,
            "text": answer.text,
            "finish_reason": answer.finish_reason,
            "log_probability": answer.log_probability,
            "tokens": answer.tokens,
            "language": guess.label,
            "language_probability": guess.probability,
        }
        for pair, answer, guess in zip(pairs, answers, guesses, strict=True)
    ]
