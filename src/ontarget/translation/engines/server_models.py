"""Finds a model in the list of a server."""

from collections.abc import Mapping
from typing import Any

from ontarget.checkpoints.context import ContextWindow
from ontarget.errors import UserError, nearest
from ontarget.openai_api import OpenAIServer, Refused, Session

_SHOWN = 10  # names in a message
_NO_LIST = {404, 405, 501}


def find_model(server: OpenAIServer, name: str) -> tuple[str, ContextWindow]:
    """The name of a model on a server, and the number of tokens that it takes, as far as the server says.

    Args:
        server: the server.
        name: the model's name; empty: its only one.
    Raises:
        UserError: the server does not reply, does not have the model, or has several and no name is given; or
            it is `ontarget serve`, which would translate the prompt.
    """
    [listed] = server.each(_listed, ["models"])
    if listed is None:  # the server has no list
        if not name:
            raise UserError(f"{server.url} does not list its models; name the model (--served, `served`)")
        return name, ContextWindow(None, ends=False)
    models = {str(model.get("id")): model for model in listed}
    if any(model.get("owned_by") == "ontarget" for model in listed):
        raise UserError(
            f"{server.url} is `ontarget serve`, which would translate the prompt, too; send it the text "
            "itself, for example with curl, or give the directory of its model"
        )
    names = ", ".join(list(models)[:_SHOWN]) + (", ..." if len(models) > _SHOWN else "")
    if not name:
        if len(models) != 1:
            has = f"has {len(models)} models ({names})" if models else "has no models"
            raise UserError(f"{server.url} {has}; name the one to use (--served, `served`)")
        name = next(iter(models))
    found = models.get(name) or _by_variant(models, name)
    if found is None:
        raise UserError(
            f"{server.url} has no model '{name}'{nearest(name, models)}; "
            + (f"it has {names}" if models else "it has none")
        )
    return name, _context(found)


async def _listed(session: Session, path: str) -> list[Mapping[str, Any]] | None:
    try:
        reply = await session.get(path)
    except Refused as refused:
        if refused.status in _NO_LIST:
            return None
        raise
    listed = reply.get("data")
    if listed is None:  # Ollama's list of no models
        return []
    if not isinstance(listed, list) or not all(isinstance(model, dict) for model in listed):
        raise session.nonsense(reply)
    return listed


def _by_variant(models: Mapping[str, Mapping[str, Any]], name: str) -> Mapping[str, Any] | None:
    """The model whose name differs by its tag alone: Ollama's `tower` is `tower:latest`."""
    short = name.partition(":")[0]
    return next((model for known, model in models.items() if known.partition(":")[0] == short), None)


def _context(model: Mapping[str, Any]) -> ContextWindow:
    """The context of a model, under the names of vLLM and SGLang, of llama.cpp, and of hosted services."""
    meta = model.get("meta")
    sizes = [
        model.get("max_model_len"),
        meta.get("n_ctx") if isinstance(meta, dict) else None,
        model.get("context_length"),
    ]
    tokens = next((size for size in sizes if isinstance(size, int) and size > 0), None)
    return ContextWindow(tokens, ends=tokens is not None)
