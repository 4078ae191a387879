"""The one place where a recipe's stage becomes a call of `training`. Imports torch when it is called."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from ontarget.corpora.corpus import Corpus, Translation
from ontarget.languages import Language
from ontarget.pipeline.evaluation import evaluation_of
from ontarget.prompts.template import PromptTemplate
from ontarget.recipe import Recipe
from ontarget.recipes.stages import LanguageAware, LanguageModelling, Likelihood
from ontarget.samples.documents import make_documents
from ontarget.samples.draw import draw_translations
from ontarget.samples.groups import Draw, document_groups, language_aware_groups, translation_groups

# Enough to see which tokens begin one line in a hundred of a language.
_LINES = 2000

Update = Callable[[int, int, dict[str, Any]], None]  # step, steps, the newest log record


def make_model(
    recipe: Recipe,
    stage: str,
    corpus: Corpus,
    start: Path | str | None,
    *,
    folder: Path,
    work: Path,
    tracking: Path,
    update: Update,
) -> dict[str, Any]:
    """Trains one stage into an empty folder.

    Args:
        start: where the model that it starts from lies; None for one made from nothing.
        work: keeps checkpoints; what an earlier call left there is gone on from.
        tracking: for what TensorBoard and its like write.
    Returns:
        Counts for the model's record: steps, the one whose weights were kept, and samples dropped, truncated
        and ambiguous.
    """
    from ontarget.training.new_model import NewModel
    from ontarget.training.stage import StageData, train_stage
    from ontarget.training.tracking import Tracked

    settings = recipe.stages[stage]
    template = PromptTemplate.load(recipe.template)
    origin: Path | str | NewModel
    if isinstance(settings, LanguageModelling):
        documents = partial(
            make_documents, corpus, recipe.languages, recipe.pivot, settings.documents, recipe.seed
        )
        draw, origin = document_groups(documents), NewModel(settings.model, documents(0))
    else:
        assert start is not None
        draw, origin = translation_draw(recipe, settings, corpus, template), start
    lines = beginnings(recipe, stage, corpus)
    result = train_stage(
        origin,
        StageData(draw, template.separator, lines),
        settings.tuning,
        output=folder,
        work=work,
        alpha=settings.alpha if isinstance(settings, LanguageAware) else 1.0,
        seed=recipe.seed,
        progress=update,
        evaluation=None if start is None else evaluation_of(recipe, stage, corpus, start),
        tracked=Tracked(recipe.name, stage, tracking),
    )
    counts = ("steps", "kept", "dropped", "truncated", "ambiguous")
    return {name: getattr(result, name) for name in counts}


def translation_draw(
    recipe: Recipe, settings: Likelihood | LanguageAware, corpus: Corpus, template: PromptTemplate
) -> Draw:
    """The passes of a stage that learns from translations: of supervised directions only."""
    drawn = _drawn(recipe, settings, corpus)
    if isinstance(settings, LanguageAware):
        conflict = settings.conflict.conflict()
        return language_aware_groups(
            drawn, template, conflict, recipe.languages, recipe.supervised, recipe.seed
        )
    return translation_groups(drawn, template, post_instruction=settings.post_instruction)


def beginnings(recipe: Recipe, stage: str, corpus: Corpus) -> dict[Language, Sequence[str]]:
    """Lines of each language, where a stage needs to know how they begin."""
    settings = recipe.stages[stage]
    looks_at_first = isinstance(settings, LanguageAware) and settings.conflict.tokens == "first"
    return {code: corpus.lines("train", code)[:_LINES] for code in recipe.languages if looks_at_first}


def too_few(recipe: Recipe, stage: str, corpus: Corpus) -> tuple[int, int] | None:
    """How many samples a stage gets and how many it asks for, where the corpus has fewer."""
    settings = recipe.stages[stage]
    if isinstance(settings, LanguageModelling) or settings.samples == "all":
        return None
    got = len(_drawn(recipe, settings, corpus))
    return (got, settings.samples) if got < settings.samples else None


def _drawn(recipe: Recipe, settings: Likelihood | LanguageAware, corpus: Corpus) -> list[Translation]:
    most = max(len(corpus.pairs("train", direction)) for direction in recipe.supervised)
    count = most * len(recipe.supervised) if settings.samples == "all" else settings.samples
    return draw_translations(corpus, recipe.supervised, count, recipe.seed)
