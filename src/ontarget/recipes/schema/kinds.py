"""All kinds of stages, and the models that a stage depends on."""

from typing import Annotated

from pydantic import Field

from ontarget.recipes.schema.stages import LanguageAware, Pretraining, SupervisedFineTuning
from ontarget.recipes.schema.synthetic import PivotDistillation, SelfTraining, Synthetic

Stage = Annotated[
    Pretraining | SupervisedFineTuning | LanguageAware | SelfTraining | PivotDistillation,
    Field(discriminator="kind"),
]


def made_from(stage: Stage) -> dict[str, str]:
    """Key -> model, for the models that must exist before the stage can run."""
    models = {"from": stage.start, "teacher": stage.teacher if isinstance(stage, Synthetic) else None}
    return {key: model for key, model in models.items() if model is not None}
