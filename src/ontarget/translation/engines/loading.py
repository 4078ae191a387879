"""Loads the engine for a model: in this process, or on a server."""

from dataclasses import replace
from pathlib import Path

from ontarget.model_place import locate
from ontarget.openai_api import OpenAIServer
from ontarget.served_model import ServedModel, is_url
from ontarget.settings.decoding import Precision
from ontarget.translation.engines.protocol import Engine

Place = Path | str | ServedModel
"""A directory, a name on the Hugging Face Hub, or a model on a server."""


def place_of(model: Place) -> Place:
    """Locates a model to translate with: as `locate`, or on a server, by its name there.

    Args:
        model: a directory, a GGUF file, a name on the Hub, a model on a server, or the URL of a server that
            has one model.
    Raises:
        UserError: there is no such model, or the server does not reply.
    """
    if isinstance(model, str) and is_url(model):
        model = ServedModel(model)
    if not isinstance(model, ServedModel):
        return locate(model)
    if model.name:
        return model
    from ontarget.translation.engines.server_models import find_model

    name, _ = find_model(OpenAIServer(model.url, model.api_key_env), model.name)
    return replace(model, name=name)


def load_engine(model: Place, *, precision: Precision = "auto", trust_remote_code: bool = False) -> Engine:
    """The engine for a model. A model on a server needs no model library.

    Args:
        model: see `place_of`.
        precision: see `load_checkpoint`; a server has its own.
        trust_remote_code: whether code that comes with the model may run.
    Raises:
        UserError: the model does not exist, or cannot be used.
    """
    place = place_of(model)
    if isinstance(place, ServedModel):
        from ontarget.translation.engines.server import ServerEngine

        return ServerEngine.load(place, trust_remote_code=trust_remote_code)
    from ontarget.translation.engines.transformers import TransformersEngine

    return TransformersEngine.load(place, trust_remote_code=trust_remote_code, precision=precision)
