"""Checks the models that a recipe names before any work, not days later when a stage or a system needs them.

Only the headers of weights are read: a truncated file, a missing tensor, an architecture that cannot be
decoded or the tokenizer of another model is found in a second.
"""

from collections.abc import Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from ontarget.checkpoints.adapter import lineage
from ontarget.errors import UserError
from ontarget.model_place import locate
from ontarget.pipeline.execution.distillation_sources import settings_of, teacher_of
from ontarget.pipeline.planning.artifacts import identity
from ontarget.pipeline.planning.familiar import is_here, unfamiliar
from ontarget.pipeline.planning.inputs import directions, template_of
from ontarget.pipeline.planning.lengths import check_lengths
from ontarget.pipeline.planning.plan import Plan
from ontarget.pipeline.planning.scorable import check_scorable
from ontarget.pipeline.planning.served import check_served
from ontarget.pipeline.planning.step import Step
from ontarget.recipes.schema.recipe import Recipe

STACK = ("torch", "transformers", "accelerate")


def check_models(plan: Plan, steps: Sequence[Step]) -> list[str]:
    """Checks each existing model that the steps to do need.

    A model on the Hub that is not on this machine is not checked. Without the extra `train` no model is.

    Returns:
        Remarks: languages that a model does not know, and prompts that are too long for it.
    Raises:
        UserError: a model cannot be loaded, tuned or decoded, its tokenizer lacks tokens of the prompts, no
            prompt fits into its context, or outputs in a target language could not be scored.
    """
    if any(step.kind == "scores" and step.todo for step in steps):
        check_scorable(plan.recipe)
    if plan.recipe.on_server(plan.recipe.model):
        outputs = [step.name for step in steps if step.kind == "outputs" and step.todo]
        check_served(plan.recipe, plan.corpus, outputs)
        return []
    if not all(map(find_spec, STACK)):
        return []
    said: list[str] = []
    for model, tuned in _needed(plan.recipe, steps).items():
        if plan.recipe.stage_of(model) is None:
            check_model(plan.recipe, model, tuned=tuned)
            if is_here(model):
                said += unfamiliar(plan.recipe, model, plan.corpus)
        elif (folder := plan.place(model)) and isinstance(folder, Path) and folder.is_dir():
            _check_made(folder)
    return [*said, *check_lengths(plan, steps)]


def check_model(recipe: Recipe, model: str, *, tuned: bool) -> None:
    """Checks a model that the recipe names but does not make.

    Args:
        tuned: whether a stage starts from it; responses to learn need an end token.
    Raises:
        UserError: see `check_models`.
    """
    embeddings = _check_files(model, identity(model))
    if embeddings is not None:
        _check_tokens(recipe, model, embeddings, tuned)


def _needed(recipe: Recipe, steps: Sequence[Step]) -> dict[str, bool]:
    """Model -> whether a stage starts from it; without models that the steps will make."""
    todo = [step for step in steps if step.todo]
    made = {step.name for step in todo if step.kind == "model"}
    needed: dict[str, bool] = {}
    for step in todo:
        if step.kind == "model" and (start := recipe.stages[step.name].start) is not None:
            needed[start] = True
        elif step.kind == "synthetic":
            needed.setdefault(teacher_of(settings_of(recipe, step.name)), False)
        elif step.kind == "outputs":
            needed.setdefault(recipe.model_of(step.name), False)
    return {model: tuned for model, tuned in needed.items() if recipe.stage_of(model) not in made}


def _check_made(folder: Path) -> None:
    """Checks the files of a model that an earlier run made, which may have been damaged since."""
    from ontarget.checkpoints.files import check_model_files, check_tokenizer_files

    try:
        check_model_files(folder)
        check_tokenizer_files(folder)
    except UserError as error:
        raise UserError(f"{error}; or delete '{folder}', so that it is made again") from None


@lru_cache(maxsize=64)  # the points of a sweep share their models
def _check_files(model: str, _: str) -> int | None:
    """The number of embeddings of a model; None if it is not on this machine. Cached by its identity."""
    from ontarget.checkpoints import load

    place = locate(model)
    base = lineage(place)[-1]
    if isinstance(base, Path):
        load.load_config(place)
        load.load_tokenizer(place)
        return load.check_weights(place)
    if load.can_be_had(base):
        load.load_config(place)
    return None


def _check_tokens(recipe: Recipe, model: str, embeddings: int, tuned: bool) -> None:
    """Encodes a prompt and the end of a response, since all ids need an embedding."""
    from ontarget.checkpoints import load
    from ontarget.checkpoints.vocabulary import check_ids, check_vocabulary
    from ontarget.prompts.encode import encode_prompt, encode_response

    tokenizer, template = load.load_tokenizer(locate(model)), template_of(recipe, model)
    if template.chat:
        template.chat.check_tokens(tokenizer.special_tokens_map)
    check_vocabulary(tokenizer, embeddings, model)
    try:
        ids = encode_prompt(tokenizer, template.render("", directions(recipe)[0]))
        ids += encode_response(tokenizer, "", template.separator, eos=tuned, end=template.end)
        check_ids(ids, tokenizer, embeddings)
    except UserError as error:
        raise UserError(f"'{model}': {error}") from None
