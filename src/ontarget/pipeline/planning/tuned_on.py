"""The languages and directions that a stage's model is tuned on, for its record."""

from ontarget.checkpoints.record import tuned
from ontarget.languages import Direction, Language
from ontarget.model_place import locate
from ontarget.pipeline.execution.distillation_sources import directions_of
from ontarget.pipeline.planning.inputs import learnt
from ontarget.recipes.schema.recipe import Recipe
from ontarget.recipes.schema.stages import Pretraining
from ontarget.recipes.schema.synthetic import Synthetic


def tuned_on(recipe: Recipe, name: str) -> dict[str, list[str]]:
    """`languages` and `directions` of a stage and of all models that it starts from."""
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
    if model is not None and (before := tuned(locate(model))):
        languages |= dict.fromkeys(before.languages)
        directions |= dict.fromkeys(before.directions)
    return {"languages": list(map(str, languages)), "directions": list(map(str, directions))}
