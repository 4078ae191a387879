"""Where a checkpoint's chat template lies: in a directory or on the Hugging Face hub. No transformers."""

import json
import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from ontarget.checkpoints.adapter import tokenizer_place
from ontarget.errors import UserError
from ontarget.model_place import locate
from ontarget.prompts.chat import Chat

_CONFIG, _JINJA = "tokenizer_config.json", "chat_template.jinja"


def chat_of(checkpoint: Path | str) -> Chat:
    """The chat template of a directory, or of a model on the Hugging Face hub.

    Raises:
        UserError: there is no such checkpoint, or it has no chat template.
    """
    place = tokenizer_place(locate(checkpoint))
    files = [
        place / name if isinstance(place, Path) else _from_hub(place, name) for name in (_CONFIG, _JINJA)
    ]
    return _read(str(checkpoint), *((file, _changed(file)) for file in files))


def _changed(file: Path) -> int | None:
    return file.stat().st_mtime_ns if file.is_file() else None


@lru_cache(maxsize=8)  # such a file may have a megabyte, and each direction asks
def _read(checkpoint: str, config: tuple[Path, int | None], jinja: tuple[Path, int | None]) -> Chat:
    try:
        settings = json.loads(config[0].read_text(encoding="utf-8")) if config[1] else {}
        template = jinja[0].read_text(encoding="utf-8") if jinja[1] else settings.get("chat_template")
    except (OSError, ValueError, AttributeError) as error:
        raise UserError(f"cannot read the chat template of '{checkpoint}': {error}") from None
    if isinstance(template, list):  # several, by name
        template = {each["name"]: each["template"] for each in template}.get("default")
    if not isinstance(template, str):
        raise UserError(
            f"'{checkpoint}' has no chat template, neither in {_JINJA} nor in {_CONFIG}: it is no chat "
            "model; use template: alpaca"
        )
    return Chat(checkpoint, template, tuple(sorted(_tokens(settings).items())))


def _tokens(settings: Mapping[str, Any]) -> dict[str, str]:
    """`bos_token` and its like; in older files they are mappings."""
    found = {name: value for name, value in settings.items() if name.endswith("_token")}
    named = {name: v.get("content") if isinstance(v, Mapping) else v for name, v in found.items()}
    return {name: value for name, value in named.items() if isinstance(value, str)}


def _from_hub(model: str, name: str) -> Path:
    try:
        from huggingface_hub import hf_hub_download
        from huggingface_hub.errors import EntryNotFoundError
    except ImportError:
        raise UserError(
            f"'{model}' is on the hub: pip install 'ontarget[train]', or give a directory"
        ) from None
    try:
        return Path(hf_hub_download(model, name))
    except (EntryNotFoundError, OSError, ValueError) as error:
        if name == _JINJA and isinstance(
            error, EntryNotFoundError
        ):  # older models have all in their configuration
            return Path(os.devnull)
        reason = str(error).strip().split("\n")[0]
        raise UserError(
            f"the chat template of '{model}' could not be had from the Hugging Face hub: {reason}"
        ) from None
