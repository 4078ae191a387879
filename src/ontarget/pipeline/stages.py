"""The one place where a recipe's stage becomes a call of `training`. Imports torch when it is called."""

import os
import shutil
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from ontarget.corpora.corpus import Corpus, Translation
from ontarget.corpora.instructions import read_instructions
from ontarget.languages import Language
from ontarget.pipeline.evaluation import evaluation_of
from ontarget.pipeline.inputs import template_of
from ontarget.prompts.layout import TEMPLATE_FILE, is_file_name
from ontarget.prompts.template import PromptTemplate
from ontarget.recipe import Recipe
from ontarget.recipes.stages import LanguageAware, LanguageModelling, Likelihood
from ontarget.samples.conflict import conflicting_instructions, right_targets
from ontarget.samples.documents import make_documents
from ontarget.samples.draw import draw_translations
from ontarget.samples.general import how_many
from ontarget.samples.groups import (
    Draw,
    document_groups,
    language_aware_groups,
    translation_groups,
    with_general,
)
from ontarget.samples.weighting import ALL
from ontarget.training.tuning import UNLIKELIHOOD

# Enough to see which tokens begin one line in a hundred of a language, and which words are its own.
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
        Counts for the model's record: steps, the one whose weights were kept, samples dropped, truncated and
        ambiguous; of stage 2 also how many conflict, and what share of them asks for the right target.
    """
    from ontarget.training.new_model import NewModel
    from ontarget.training.stage import StageData, train_stage
    from ontarget.training.tracking import Tracked

    settings = recipe.stages[stage]
    template = template_of(recipe, stage)
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
        StageData(draw, template.separator, lines, revealing=_asks_model(settings)),
        settings.tuning,
        output=folder,
        work=work,
        alpha=settings.alpha if isinstance(settings, LanguageAware) else 1.0,
        objective=settings.aim() if isinstance(settings, LanguageAware) else UNLIKELIHOOD,
        seed=recipe.seed,
        progress=update,
        evaluation=None if start is None else evaluation_of(recipe, stage, corpus, start),
        tracked=Tracked(recipe.name, stage, tracking),
    )
    counts = ("steps", "kept", "dropped", "truncated", "ambiguous")
    record = {name: getattr(result, name) for name in counts}
    return record | (conflict_counts(recipe, settings, corpus) if isinstance(settings, LanguageAware) else {})


def translation_draw(
    recipe: Recipe, settings: Likelihood | LanguageAware, corpus: Corpus, template: PromptTemplate
) -> Draw:
    """The passes of a stage that learns from supervised directions, and from what is mixed in."""
    drawn, seed = _drawn(recipe, settings, corpus), recipe.seed
    if isinstance(settings, LanguageAware):
        conflict = settings.conflict.conflict()
        draw = language_aware_groups(
            drawn, template, conflict, recipe.languages, recipe.supervised, seed, settings.wordings
        )
    else:
        draw = translation_groups(
            drawn,
            template,
            post_instruction=settings.post_instruction,
            wordings=settings.wordings,
            seed=seed,
        )
    if settings.general:
        instructions = read_instructions(settings.general.path)
        return with_general(draw, instructions, settings.general.ratio, template, seed)
    return draw


def beginnings(recipe: Recipe, stage: str, corpus: Corpus) -> dict[Language, Sequence[str]]:
    """Lines of each language, where a stage needs to know what tells them apart."""
    settings = recipe.stages[stage]
    asks = isinstance(settings, LanguageAware) and settings.conflict.weighting() != ALL
    return {code: corpus.lines("train", code)[:_LINES] for code in recipe.trained if asks}


def _asks_model(settings: object) -> bool:
    return isinstance(settings, LanguageAware) and settings.conflict.revealing == "model"


def keep_template(recipe: Recipe, folder: Path) -> None:
    """Puts a template of the user's own beside the model that was tuned with it."""
    if is_file_name(recipe.template):
        shutil.copyfile(Path(os.path.expandvars(recipe.template)).expanduser(), folder / TEMPLATE_FILE)


def conflict_counts(recipe: Recipe, settings: LanguageAware, corpus: Corpus) -> dict[str, int | float]:
    """How many samples of the first pass conflict, and what share of them asks for the right target."""
    drawn, conflict = _drawn(recipe, settings, corpus), settings.conflict.conflict()
    asked = conflicting_instructions(drawn, conflict, recipe.languages, recipe.supervised, recipe.seed, 0)
    return {
        "conflicting": sum(instruction is not None for instruction in asked),
        "right_target": round(right_targets(drawn, asked), 4),
    }


def notices(recipe: Recipe, stage: str, corpus: Corpus) -> list[str]:
    """What is worth knowing of a stage's samples before it is trained, in sentences."""
    settings, said = recipe.stages[stage], list[str]()
    if isinstance(settings, LanguageModelling):
        return said
    got = len(_drawn(recipe, settings, corpus))
    if settings.samples != "all" and got < settings.samples:
        said.append(f"the corpus has {got} samples for it, not the {settings.samples} that it asks for")
    if isinstance(settings, LanguageAware):
        counts, policy = conflict_counts(recipe, settings, corpus), settings.conflict.policy
        share = f"{counts['right_target']:.1%} of {counts['conflicting']} conflicting samples"
        what = (
            "keep the right instruction" if policy == "source-copy" else "ask for the right target language"
        )
        said.append(f"{share} {what} ({policy})")
        if counts["conflicting"] < got:
            alone = got - counts["conflicting"]
            said.append(f"{alone} samples have no conflicting one: no answer of the kind was counted")
    if settings.general:
        there = len(read_instructions(settings.general.path))
        wanted = how_many(got, settings.general.ratio)
        repeated = f", {wanted / there:.1f} times each" if wanted > there else ""
        said.append(f"{wanted} general instructions among {got} translations{repeated}")
    return said


def _drawn(recipe: Recipe, settings: Likelihood | LanguageAware, corpus: Corpus) -> list[Translation]:
    most = max(len(corpus.pairs("train", direction)) for direction in recipe.supervised)
    count = most * len(recipe.supervised) if settings.samples == "all" else settings.samples
    return draw_translations(corpus, recipe.supervised, count, recipe.seed)
