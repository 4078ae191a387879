"""Whether a run can be scored once it is made: found before the first stage, not after the last."""

from ontarget.errors import UserError
from ontarget.pipeline.planning.inputs import directions
from ontarget.recipes.schema.recipe import Recipe
from ontarget.scoring.language_id.identifier import default_identifier, known_labels


def check_scorable(recipe: Recipe) -> None:
    """Looks whether each language that is translated into can be identified and has its BLEU tokenizer.

    Raises:
        UserError: one of them cannot or has not.
    """
    from ontarget.scoring.metrics.sacrebleu import Metric  # sacreBLEU takes its time to load

    for target in dict.fromkeys(direction.target for direction in directions(recipe)):
        try:
            known_labels(target, default_identifier())
            Metric("bleu", target)
        except UserError as error:
            raise UserError(f"languages: output in {target} could not be scored: {error}") from None
