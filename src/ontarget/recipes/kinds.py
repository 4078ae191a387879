"""All kinds of stages, and what a stage is made from."""

from typing import Annotated

from pydantic import Field

from ontarget.recipes.stages import LanguageAware, LanguageModelling, Likelihood
from ontarget.recipes.synthetic import PivotDistillation, SelfTraining, Synthetic

Stage = Annotated[
    LanguageModelling | Likelihood | LanguageAware | SelfTraining | PivotDistillation,
    Field(discriminator="kind"),
]


def made_from(stage: Stage) -> dict[str, str]:
    """Key -> model: what has to be there before the stage is made."""
    models = {"from": stage.start, "teacher": stage.teacher if isinstance(stage, Synthetic) else None}
    return {key: model for key, model in models.items() if model is not None}
