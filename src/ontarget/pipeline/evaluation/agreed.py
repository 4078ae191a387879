"""The second identifier of a run with re-ranking: OTR is then given by each, and as both agree.

An identifier that has chosen answers is a lenient judge of them: those that it is wrong about pass. See
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
    """Whether a system's answers are chosen by language identification."""
    return any(settings.rerank for settings in recipe.systems.values())


def packages(recipe: Recipe) -> tuple[str, ...]:
    """The installed packages that decide the scores of such a recipe, and of no other."""
    return (PACKAGE,) if wanted(recipe) and find_spec(_NAME) else ()


def second_identifier(recipe: Recipe) -> tuple[Identifier | None, str]:
    """The identifier that is to agree, or what to say where there is none; neither without re-ranking."""
    if not wanted(recipe):
        return None, ""
    try:
        identifier = identifier_named(_NAME)
        for direction in directions(recipe):
            known_labels(direction.target, identifier)
    except UserError as error:
        chosen = ", ".join(display_name(name) for name, one in recipe.systems.items() if one.rerank)
        return None, f"OTR agreed is missing, although an identifier chose the answers of {chosen}: {error}"
    return identifier, ""
