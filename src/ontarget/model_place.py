"""Locates a model: a directory or a GGUF file on this machine, or a name on the Hugging Face hub."""

import re
from pathlib import Path

from ontarget.checkpoints.gguf import SUFFIX, plain_checkpoint
from ontarget.errors import UserError, nearest
from ontarget.files import expanded
from ontarget.served_model import is_url

_SERVER = re.compile(r"[\w.-]+:\d+(/.*)?")


def locate(model: str | Path) -> Path | str:
    """The directory of a model, with `~` and `$NAME` expanded, or else its hub name.

    A file that ends in `.gguf` is converted to a directory first. A hub name is written `owner/name` and is
    not a path on this machine. A bare word is a directory: looking for a misspelt one on the hub would take a
    minute without a network.

    Raises:
        UserError: it is not a hub name and there is no such directory or file, but perhaps a server; the file
            cannot be converted; or a variable is not set.
    """
    if is_url(model):
        raise UserError(
            f"'{model}' is a server, which can only translate; for this, give the directory of a model, a "
            ".gguf file or a hub name"
        )
    path = expanded(str(model))
    if path.is_dir():
        return path
    if path.suffix == SUFFIX and path.is_file():
        return plain_checkpoint(path)
    hub = isinstance(model, str) and path.suffix != SUFFIX and re.fullmatch(r"\w[\w.-]*/[\w.-]+", model)
    if hub and not path.parent.is_dir():
        return str(model)
    raise UserError(missing(path))


def missing(path: Path) -> str:
    """The message for a model that is not there, with the nearest names beside it, or for another file."""
    if _SERVER.fullmatch(str(path)):
        return (
            f"there is no model directory '{path}'; if it is a server, write its address with http://, as in "
            "http://localhost:8000/v1"
        )
    if path.is_file():
        return f"'{path}' is a file, not a model; give a directory, a .gguf file or a hub name"
    file, parent = path.suffix == SUFFIX, path.parent
    siblings = list(parent.iterdir()) if parent.is_dir() else []
    known = [child.name for child in siblings if child.is_dir() or child.suffix == SUFFIX]
    reason = "" if parent.is_dir() else f" ('{parent}' does not exist either)"
    hint = nearest(path.name, known)
    if not (hint or reason or file) and len(path.parts) == 1:
        hint = "; a model of the Hugging Face Hub has a name such as owner/name"
    return f"there is no model {'file' if file else 'directory'} '{path}'{reason}{hint}"
