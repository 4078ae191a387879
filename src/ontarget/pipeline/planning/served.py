"""A recipe's model on a server: its fingerprint, and checks before any work."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ontarget.corpora.corpus import Corpus
from ontarget.errors import UserError
from ontarget.openai_api import OpenAIServer
from ontarget.pipeline.execution.systems import system_of
from ontarget.pipeline.planning.artifacts import identity
from ontarget.pipeline.planning.lengths import without_too_long
from ontarget.recipes.loading import Overrides, check, load, override, pairs_of, read
from ontarget.recipes.schema.recipe import Recipe
from ontarget.recipes.schema.systems import SystemSettings
from ontarget.served_model import API_KEY_ENV, ServedModel, is_url
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


def load_fitting(
    recipe: str | Path | Recipe, overrides: Overrides = (), say: Callable[[str], None] | None = None
) -> Recipe:
    """Loads a recipe. If the overrides give it a model, what that model cannot do is left out.

    A recipe such as `diagnose` is written for any model. For one on a server, decoding is greedy, systems
    that adjust scores are left out, and the model is the server's only one unless it is named. For others,
    see `without_too_long`. Keys that the overrides name themselves stay as they are; they are refused later.

    Args:
        recipe: see `load`.
        overrides: see `load`.
        say: receives a sentence on what is left out.
    Raises:
        UserError: see `load`; or the server does not reply, or has several models.
    """
    named = dict(pairs_of(overrides))
    url = named.get("model")
    chosen = any(key.split(".")[0] == "systems" for key in named)
    if not is_url(url):
        loaded = load(recipe, overrides)
        as_is = url is None or chosen or loaded.sweep
        return loaded if as_is else without_too_long(loaded, say)
    data = override(recipe.settings() if isinstance(recipe, Recipe) else read(recipe), overrides)
    served = data.get("served")
    if not isinstance(served, str) and not (isinstance(served, Mapping) and served.get("name")):
        key = served.get("api_key_env") if isinstance(served, Mapping) else None
        name, _ = find_model(OpenAIServer(str(url), str(key or API_KEY_ENV)), "")
        data = override(data, {"served.name": name})
    loaded = check(data, str(recipe))
    changes, left_out = dict[str, Any](), list[str]()
    beams = loaded.decoding.num_beams
    if beams > 1 and not {"decoding", "decoding.num_beams"} & named.keys():
        ranking = [name for name, system in loaded.systems.items() if system.rerank]
        changes = {"decoding.num_beams": 1} | {
            f"systems.{name}.decoding.num_beams": loaded.decoding_of(name).num_beams for name in ranking
        }
    if not chosen:
        left_out = [name for name, system in loaded.systems.items() if _adjusts(system)]
        kept = [name for name in loaded.systems if name not in left_out]
        if kept and left_out:
            of_all = loaded.settings()["systems"]
            changes = {"systems": {name: of_all[name] for name in kept}} | changes
    if changes and say is not None:
        greedy = "decoding is greedy (num_beams=1)" if "decoding.num_beams" in changes else ""
        without = f"left out: {', '.join(left_out)}" if "systems" in changes else ""
        what = "; ".join(filter(None, (greedy, without)))
        say(f"a model on a server has no beam search and no score adjustment, so {what}")
    return load(loaded, changes) if changes else loaded


def _adjusts(system: SystemSettings) -> bool:
    return any((system.contrast, system.prior, system.boosting, system.anti_lm))


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
