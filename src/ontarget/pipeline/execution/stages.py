"""Turns a stage of a recipe into a call of `training`. Imports torch when called."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Any

from ontarget.corpora.corpus import Corpus, Translation
from ontarget.corpora.instructions import read_instructions
from ontarget.files import expanded
from ontarget.languages import Language
from ontarget.pipeline.evaluation.during_training import evaluation_of
from ontarget.pipeline.execution import synthetic
from ontarget.pipeline.planning.artifacts import Store, fingerprint
from ontarget.pipeline.planning.inputs import (
    also_learnt,
    directions,
    learnt,
    prompt_text,
    seed_of,
    template_of,
    train_text,
)
from ontarget.prompts.layout import TEMPLATE_FILE, is_file_name
from ontarget.prompts.template import PromptTemplate
from ontarget.recipes.schema.recipe import Recipe
from ontarget.recipes.schema.stages import LanguageAware, Pretraining, SupervisedFineTuning
from ontarget.recipes.schema.synthetic import Synthetic
from ontarget.samples.conflict import conflicting_instructions, right_targets
from ontarget.samples.documents import make_documents
from ontarget.samples.draw import directions_of, draw_translations
from ontarget.samples.general import how_many
from ontarget.samples.groups import (
    Draw,
    document_groups,
    language_aware_groups,
    translation_groups,
    with_general,
)
from ontarget.samples.weighting import ALL
from ontarget.samples.wrong import with_wrong_outputs
from ontarget.settings.objective import UNLIKELIHOOD

# Settings of a stage that do not change its samples; of a new model, only its tokenizer matters.
_NOT_IN_SAMPLES = {
    *("start", "preset", "model", "tuning", "evaluation"),
    *("alpha", "objective", "beta", "margin"),
}
# Enough lines to find the tokens that begin 1 % of lines in a language, and its own words.
_LINES = 2000

Identity = Callable[[int], str]  # see training/data/encoded_cache.py
Update = Callable[[int, int, dict[str, Any]], None]  # step, steps, the newest log record


def make_model(
    recipe: Recipe,
    stage: str,
    corpus: Corpus,
    start: Path | str | None,
    *,
    folder: Path,
    work: Path,
    store: Store,
    update: Update,
) -> dict[str, Any]:
    """Trains one stage into an empty folder.

    Args:
        start: the place of the model that the stage starts from; None for a new model.
        work: the folder for checkpoints; training resumes from those of an earlier call.
        store: the run, with synthetic text, and for files of experiment trackers such as TensorBoard.
    Returns:
        Counts for the model's record: steps, the step whose weights were kept, and numbers of dropped,
        truncated, ambiguous and unrevealing samples; for stage 2 also the number of conflicting samples, and
        the share of them that asks for the right target language.
    """
    from ontarget.hardware import release_memory
    from ontarget.training.new_model import NewModel
    from ontarget.training.stage import StageData, train_stage
    from ontarget.training.tracking import Tracked

    release_memory()  # of the stage before, or of the model that translated
    settings = recipe.stages[stage]
    template = template_of(recipe, stage)
    origin: Path | str | NewModel
    drawn: Sequence[Translation] = ()
    if isinstance(settings, Pretraining):
        documents = _documents(recipe, settings, corpus)
        draw, origin = document_groups(documents), NewModel(settings.model, documents(0))
    else:
        assert start is not None
        origin = start
        if isinstance(settings, Synthetic):
            draw = synthetic_draw(recipe, stage, corpus, store)
        else:
            drawn = drawn_for(recipe, settings, corpus)
            draw = translation_draw(recipe, settings, drawn, template)
    identity = None if isinstance(settings, Synthetic) else samples_identity(recipe, stage, corpus)
    lines = beginnings(recipe, stage, corpus)
    result = train_stage(
        origin,
        StageData(draw, template.separator, lines, identity, _asks_model(settings), template.end),
        settings.tuning,
        output=folder,
        work=work,
        alpha=settings.alpha if isinstance(settings, LanguageAware | Synthetic) else 1.0,
        objective=settings.aim() if isinstance(settings, LanguageAware) else UNLIKELIHOOD,
        seed=seed_of(recipe, settings),
        progress=update,
        evaluation=None if start is None else evaluation_of(recipe, stage, corpus, start),
        tracked=Tracked(recipe.name, stage, store.directory / "tracking"),
    )
    record: dict[str, Any] = asdict(result)
    if isinstance(settings, Synthetic):
        record["synthetic"] = synthetic.outcome_counts(synthetic.read(recipe, stage, store))
    if isinstance(settings, LanguageAware):
        record |= conflict_counts(recipe, settings, drawn)
    return record


def stage_draw(recipe: Recipe, stage: str, corpus: Corpus, store: Store) -> Draw:
    """The samples of a stage of any kind, by pass. `store` is the run with its synthetic text."""
    settings = recipe.stages[stage]
    if isinstance(settings, Pretraining):
        return document_groups(_documents(recipe, settings, corpus))
    if isinstance(settings, Synthetic):
        return synthetic_draw(recipe, stage, corpus, store)
    drawn = drawn_for(recipe, settings, corpus)
    return translation_draw(recipe, settings, drawn, template_of(recipe, stage))


def _documents(recipe: Recipe, settings: Pretraining, corpus: Corpus) -> Callable[[int], Sequence[str]]:
    """The documents of a pass of pretraining; the last pass is cached, since the tokenizer uses the first."""
    seed = seed_of(recipe, settings)
    languages, pivot = recipe.languages, recipe.pivot
    return lru_cache(1)(partial(make_documents, corpus, languages, pivot, settings.documents, seed))


def synthetic_draw(recipe: Recipe, stage: str, corpus: Corpus, store: Store) -> Draw:
    """The samples of a stage that learns from synthetic translations; `store` is the run that has them."""
    settings, template = recipe.stages[stage], template_of(recipe, stage)
    assert isinstance(settings, Synthetic)
    rows, seed = synthetic.read(recipe, stage, store), seed_of(recipe, settings)
    made = synthetic.kept(rows, stage, settings.synthetic_side)
    made += draw_translations(corpus, recipe.supervised, round(settings.mix * len(made)), seed)
    draw = translation_groups(made, template, wordings=settings.wordings, seed=seed)
    if settings.alpha:
        draw = with_wrong_outputs(draw, synthetic.wrong_outputs(recipe, rows), template, seed)
    return _with_general(draw, settings, template, seed)


def translation_draw(
    recipe: Recipe,
    settings: SupervisedFineTuning | LanguageAware,
    drawn: Sequence[Translation],
    template: PromptTemplate,
) -> Draw:
    """The samples of a stage from the translations drawn for it, with general instructions."""
    seed = seed_of(recipe, settings)
    if isinstance(settings, LanguageAware):
        conflict = settings.conflict.conflict()
        draw = language_aware_groups(
            drawn,
            template,
            conflict,
            recipe.languages,
            recipe.supervised,
            seed,
            settings.wordings,
            post_instruction=settings.post_instruction,
        )
    else:
        draw = translation_groups(
            drawn,
            template,
            post_instruction=settings.post_instruction,
            wordings=settings.wordings,
            seed=seed,
        )
    return _with_general(draw, settings, template, seed)


def samples_identity(recipe: Recipe, stage: str, corpus: Corpus) -> Identity:
    """Number of a pass -> fingerprint of everything that its samples depend on, except the tokenizer."""
    settings = recipe.stages[stage]
    anew = (
        isinstance(settings, Pretraining)
        or settings.wordings
        or settings.general
        or (isinstance(settings, LanguageAware) and settings.conflict.redraw)
    )

    @cache
    def of_all() -> str:
        after = isinstance(settings, SupervisedFineTuning | LanguageAware) and settings.post_instruction
        template = template_of(recipe, stage)
        return fingerprint(
            "model",
            settings=settings.model_dump(mode="json", exclude=_NOT_IN_SAMPLES),
            also=also_learnt(recipe, stage),
            prompts=[prompt_text(template, d, post_instruction=after) for d in directions(recipe)],
            seed=seed_of(recipe, settings),
            languages=list(map(str, recipe.languages)),
            pivot=str(recipe.pivot),
            supervised=list(map(str, learnt(recipe, settings))),
            text=train_text(recipe, corpus),
        )

    return lambda pass_number: f"{of_all()} {pass_number if anew else 0}"


def beginnings(recipe: Recipe, stage: str, corpus: Corpus) -> dict[Language, Sequence[str]]:
    """Lines of each language, if a stage needs to know how languages differ."""
    settings = recipe.stages[stage]
    asks = (isinstance(settings, LanguageAware) and settings.conflict.weighting() != ALL) or (
        isinstance(settings, Synthetic) and settings.alpha > 0
    )
    return {code: corpus.lines("train", code)[:_LINES] for code in recipe.trained if asks}


def _asks_model(settings: object) -> bool:
    return isinstance(settings, LanguageAware) and settings.conflict.token_weighting == "model"


def keep_template(template: str, folder: Path) -> None:
    """Copies the user's own template to the model that was tuned with it."""
    if is_file_name(template):
        shutil.copyfile(expanded(template), folder / TEMPLATE_FILE)


def conflict_counts(
    recipe: Recipe, settings: LanguageAware, drawn: Sequence[Translation]
) -> dict[str, int | float]:
    """The number of conflicting samples in the first pass, and the share that asks for the right target."""
    right, conflict = directions_of(drawn), settings.conflict.conflict()
    seed = seed_of(recipe, settings)
    asked = conflicting_instructions(right, conflict, recipe.languages, recipe.supervised, seed, 0)
    return {
        "conflicting": sum(instruction is not None for instruction in asked),
        "right_target": round(right_targets(right, asked), 4),
    }


def notices(recipe: Recipe, stage: str, corpus: Corpus) -> list[str]:
    """Remarks on the samples of a stage before its training."""
    settings, said = recipe.stages[stage], list[str]()
    if isinstance(settings, Pretraining | Synthetic):
        return said
    drawn = drawn_for(recipe, settings, corpus)
    got = len(drawn)
    if settings.samples != "all" and got < settings.samples:
        said.append(f"the corpus has only {got} samples for it instead of {settings.samples}")
    if isinstance(settings, LanguageAware):
        counts, policy = conflict_counts(recipe, settings, drawn), settings.conflict.policy
        # By definition all do with `source-copy`, and none with most other policies.
        if counts["right_target"] and policy != "source-copy":
            share = f"{counts['right_target']:.1%} of {counts['conflicting']} conflicting samples"
            said.append(f"{share} ask for the right target language ({policy})")
        if counts["conflicting"] < got:
            alone = got - counts["conflicting"]
            said.append(f"{alone} samples have no conflicting sample: no output of that kind was counted")
    if settings.general:
        there = len(read_instructions(settings.general.path))
        wanted = how_many(got, settings.general.ratio)
        repeated = f", {wanted / there:.1f} times each" if wanted > there else ""
        said.append(f"{wanted} general instructions among {got} translations{repeated}")
    return said


def drawn_for(
    recipe: Recipe, settings: SupervisedFineTuning | LanguageAware, corpus: Corpus
) -> Sequence[Translation]:
    """The translations that a stage learns from."""
    count = None if settings.samples == "all" else settings.samples
    return draw_translations(corpus, learnt(recipe, settings), count, seed_of(recipe, settings))


def _with_general(
    draw: Draw,
    settings: SupervisedFineTuning | LanguageAware | Synthetic,
    template: PromptTemplate,
    seed: int,
) -> Draw:
    if settings.general is None:
        return draw
    instructions = read_instructions(settings.general.path)
    return with_general(draw, instructions, settings.general.ratio, template, seed)
