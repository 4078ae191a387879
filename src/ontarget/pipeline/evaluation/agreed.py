"""The second identifier of a run with re-ranking: OTR by each identifier, and by the agreement of both.

An identifier that chose the outputs is too lenient on them, since its own errors pass. See
`translation/rerank.py` and `scoring/agreement.py`.
"""

from importlib.util import find_spec

from ontarget.errors import UserError
from ontarget.pipeline.planning.inputs import directions
from ontarget.recipes.schema.recipe import Recipe
from ontarget.reporting.systems import display_name
from ontarget.scoring.language_id.identifier import Identifier, known_labels
from ontarget.scoring.language_id.identifiers import identifier_named

_NAME = "lingua"
PACKAGE = "lingua-language-detector"
SECONDS_A_LINE = 0.001


def wanted(recipe: Recipe) -> bool:
    """Whether language identification chooses the outputs of a system."""
    return any(settings.rerank for settings in recipe.systems.values())


def packages(recipe: Recipe) -> tuple[str, ...]:
    """The installed packages that only the scores of such a recipe depend on."""
    return (PACKAGE,) if wanted(recipe) and find_spec(_NAME) else ()


def second_identifier(recipe: Recipe) -> tuple[Identifier | None, str]:
    """The second identifier, or a note on why it is missing; without re-ranking, neither."""
    if not wanted(recipe):
        return None, ""
    try:
        identifier = identifier_named(_NAME)
        for direction in directions(recipe):
            known_labels(direction.target, identifier)
    except UserError as error:
        chosen = ", ".join(display_name(name) for name, one in recipe.systems.items() if one.rerank)
        return None, f"OTR agreed is missing, although an identifier chose the outputs of {chosen}: {error}"
    return identifier, ""
