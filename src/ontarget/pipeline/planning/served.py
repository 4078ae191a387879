"""A recipe's model on a server: its fingerprint, and checks before any work."""

from collections.abc import Sequence

from ontarget.corpora.corpus import Corpus
from ontarget.errors import UserError
from ontarget.openai_api import OpenAIServer
from ontarget.pipeline.execution.systems import system_of
from ontarget.pipeline.planning.artifacts import identity
from ontarget.recipes.schema.recipe import Recipe
from ontarget.served_model import ServedModel
from ontarget.translation.engines.protocol import Capability, needed
from ontarget.translation.engines.server import ServerEngine
from ontarget.translation.engines.server_models import find_model


def identity_of(model: str | ServedModel) -> str:
    """As `identity`, also for a model on a server: its name there, wherever the server is, and its tokenizer.

    What a server has under a name can change without notice, as on the Hub.
    """
    if not isinstance(model, ServedModel):
        return identity(model)
    by_ids = f" with {identity(model.tokenizer)}" if model.tokenizer else ""
    return f"served {model.name}{by_ids}"


def check_served(recipe: Recipe, corpus: Corpus, systems: Sequence[str]) -> None:
    """Checks that a server can do what systems need, and that it has the model.

    Args:
        recipe: its `model` is on a server.
        corpus: the recipe's text.
        systems: the systems that are still to translate.
    Raises:
        UserError: a system needs more, or the server does not reply or does not have the model.
    """
    lacking = {name: found for name in systems if (found := _lacking(recipe, corpus, name))}
    if lacking:
        uses = "; ".join(f"'{name}' uses {', '.join(found)}" for name, found in lacking.items())
        without_beams = [
            name for name in recipe.systems if set(lacking.get(name, {}).values()) <= {Capability.BEAM_SEARCH}
        ]
        raise UserError(
            f"a model on a server cannot do this: {uses}; use greedy decoding (decoding.num_beams=1) and "
            f"leave out the other systems (systems='[{', '.join(without_beams)}]')"
        )
    model = recipe.on_server(recipe.model)
    if model is not None and systems:
        find_model(OpenAIServer(model.url, model.api_key_env), model.name)


def _lacking(recipe: Recipe, corpus: Corpus, name: str) -> dict[str, Capability]:
    """The features of a system that a server does not have, each with the capability."""
    system = system_of(recipe, name, corpus)
    count = system.decoding.num_beams if system.rerank else 1
    return {
        feature: capability
        for feature, capability in needed(system, count).items()
        if capability not in ServerEngine.capabilities
    }
