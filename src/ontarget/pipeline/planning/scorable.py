"""Checks before the first stage that the outputs of a run can be scored."""

from ontarget.errors import UserError
from ontarget.pipeline.planning.inputs import directions
from ontarget.recipes.schema.recipe import Recipe
from ontarget.scoring.language_id.identifier import default_identifier, known_labels


def check_scorable(recipe: Recipe) -> None:
    """Checks that each target language can be identified and has a BLEU tokenizer.

    Raises:
        UserError: a target language cannot be identified or has no tokenizer.
    """
    from ontarget.scoring.metrics.sacrebleu import Metric  # slow to load

    for target in dict.fromkeys(direction.target for direction in directions(recipe)):
        try:
            known_labels(target, default_identifier())
            Metric("bleu", target)
        except UserError as error:
            raise UserError(f"languages: output in {target} could not be scored: {error}") from None
