"""Turns a system of a recipe into calls of `translation`. Imports torch with the first model."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ontarget.corpora.corpus import Corpus, Translation
from ontarget.errors import UserError, nearest
from ontarget.languages import Direction, Language
from ontarget.pipeline.planning.inputs import (
    LINES_OF_LANGUAGE,
    demonstrations,
    directions,
    language_text,
    template_of,
)
from ontarget.prompts.layout import languages_of
from ontarget.prompts.template import PromptTemplate
from ontarget.prompts.wording import text_language
from ontarget.recipes.schema.recipe import Recipe
from ontarget.recipes.schema.systems import SYSTEMS, RerankSettings, SystemSettings
from ontarget.scoring.language_id.identifier import default_identifier, known_labels
from ontarget.served_model import ServedModel
from ontarget.settings.decoding import Decoding, Precision
from ontarget.system_ids import current_id
from ontarget.translation.system import LanguageText, Request, Rerank, System

if TYPE_CHECKING:
    from ontarget.scoring.language_id.identifier import Identifier
    from ontarget.translation.engines.protocol import Engine
    from ontarget.translation.hypothesis import Hypothesis

LinesOf = Mapping[Language, Sequence[str]]


def system_of(recipe: Recipe, name: str, corpus: Corpus) -> System:
    """The system that `translation` needs, from the settings of a recipe."""
    return _made(
        name,
        recipe.systems[name],
        template_of(recipe, recipe.model_of(name)),
        recipe.pivot,
        recipe.languages,
        {direction.target for direction in directions(recipe)},
        language_text(recipe, corpus, name),
        recipe.decoding_of(name).decoding(),
        {d: tuple(demonstrations(recipe, corpus, name, d)) for d in directions(recipe)},
    )


def settings_called(name: str) -> SystemSettings:
    """The settings of a known system that works for any model without a recipe.

    Raises:
        UserError: the system is unknown, or needs demonstrations, which only a recipe has.
    """
    name = current_id(name)
    if name not in SYSTEMS:
        raise UserError(
            f"there is no system '{name}'{nearest(name, SYSTEMS)}; known systems are {', '.join(SYSTEMS)}"
        )
    settings = SystemSettings(**SYSTEMS[name])
    if settings.num_fewshot:
        raise UserError(
            f"the system '{name}' needs demonstrations, which only a recipe has; use 'ontarget run'"
        )
    return settings


def system_called(
    name: str,
    template: PromptTemplate,
    sources: Sequence[Language],
    targets: Sequence[Language],
    lines: LinesOf,
    decoding: Decoding,
) -> System:
    """A known system for some directions, without a recipe; its pivot is English.

    Args:
        sources: the languages to translate from.
        targets: the languages to translate into.
        lines: text of each language, for systems that learn from text; as many are used as in a recipe.
    """
    english = Language("en")
    languages = list(dict.fromkeys([english, *sources, *lines]))
    enough = {language: of_one[:LINES_OF_LANGUAGE] for language, of_one in lines.items()}
    return _made(name, settings_called(name), template, english, languages, targets, enough, decoding)


def _made(
    name: str,
    settings: SystemSettings,
    template: PromptTemplate,
    pivot: Language,
    languages: Sequence[Language],
    targets: Iterable[Language],
    lines: LinesOf,
    decoding: Decoding,
    demonstrations: Mapping[Direction, tuple[Translation, ...]] | None = None,
) -> System:
    return System(
        name,
        template,
        post_instruction=settings.post_instruction,
        prompt_in_target=settings.prompt_in_target,
        demonstrations=demonstrations or {},
        contrast=settings.contrast.contrast(pivot, languages) if settings.contrast else None,
        prior=settings.prior.prior() if settings.prior else None,
        boosting=settings.boosting.boosting() if settings.boosting else None,
        anti_lm=settings.anti_lm.anti_lm() if settings.anti_lm else None,
        text=LanguageText(lines) if lines else None,
        pivot=pivot if settings.pivot else None,
        rerank=_rerank(settings.rerank, pivot, targets) if settings.rerank else None,
        decoding=decoding,
    )


def _rerank(settings: RerankSettings, pivot: Language, targets: Iterable[Language]) -> Rerank:
    """Re-ranking by the default identifier; checks at once that it knows the languages."""
    identifier = default_identifier()
    labels = {language: known_labels(language, identifier) for language in (pivot, *targets)}

    def on_target(texts: Sequence[str], directions: Sequence[Direction]) -> list[bool]:
        guesses = identifier.identify(texts)
        return [guess.label in labels[d.target] for guess, d in zip(guesses, directions, strict=True)]

    return Rerank(on_target, pivot if settings.retry else None)


def without_texts(recipe: Recipe, system: System) -> list[str]:
    """Names of target languages without prompt texts, for which a system uses English prompts."""
    if not system.prompt_in_target:
        return []
    there = languages_of(system.template.words)
    targets = sorted({direction.target for direction in directions(recipe)})
    return [t.name() for t in targets if text_language(t, there).split("-")[0] != t.primary]


def load_engine(model: Path | str | ServedModel, precision: Precision) -> "Engine":
    """Loads a model for decoding, or connects to its server."""
    from ontarget.translation.engines import loading

    if not isinstance(model, ServedModel):
        from transformers.utils import logging

        from ontarget.hardware import release_memory

        release_memory()  # of a stage that has just been trained
        logging.disable_progress_bar()  # of loading weights, since we show our own
    return loading.load_engine(model, precision=precision)


def hypotheses(
    system: System, engine: "Engine", pairs: Sequence[Translation], update: Callable[[int, int], None]
) -> "list[Hypothesis]":
    """One hypothesis for each source, in order."""
    from ontarget.translation.translate import translate

    requests = [Request(pair.source, pair.direction) for pair in pairs]
    return translate(system, engine, requests, progress=update)


def candidates(
    system: System,
    engine: "Engine",
    pairs: Sequence[Translation],
    count: int,
    update: Callable[[int, int], None],
) -> "list[list[Hypothesis]]":
    """At most `count` hypotheses for each source, the most probable first, in one step."""
    from ontarget.translation.translate import n_best

    requests = [Request(pair.source, pair.direction) for pair in pairs]
    return n_best(system, engine, requests, count, progress=update)


def left_empty(answers: "Sequence[Hypothesis]", engine: "Engine") -> str | None:
    """A message on lines that were too long for the model, or None."""
    count = sum(answer.too_long for answer in answers)
    if not count:
        return None
    limit = engine.context.limit
    context = "context" if limit is None else f"context of {limit} tokens"
    return (
        f"{count} of {len(answers)} lines left empty: with their prompts they are too long for the model's "
        f"{context}"
    )


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
            "log_probability": answer.log_probability if isfinite(answer.log_probability) else None,
            "tokens": answer.tokens,
            "language": guess.label,
            "language_probability": guess.probability,
        }
        for pair, answer, guess in zip(pairs, answers, guesses, strict=True)
    ]
