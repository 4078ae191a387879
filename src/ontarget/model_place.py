"""Where a model is: in a directory of this machine, or under a name on the Hugging Face hub."""

import re
from pathlib import Path

from ontarget.errors import UserError, nearest
from ontarget.files import expanded


def locate(model: str | Path) -> Path | str:
    """The directory of a model, with `~` and `$NAME` expanded, or else its hub name.

    A hub name is written `owner/name`, and is no path of this machine. A bare word is a directory: looking
    for a misspelt one on the hub would take a minute without a network.

    Raises:
        UserError: it is no hub name, and no directory is there; or a variable is not set.
    """
    path = expanded(str(model))
    if path.is_dir():
        return path
    if isinstance(model, str) and re.fullmatch(r"\w[\w.-]*/[\w.-]+", model) and not path.parent.is_dir():
        return model
    raise UserError(missing(path))


def missing(path: Path) -> str:
    """What to say of a directory that is not there, with those beside it that are named nearly so."""
    parent = path.parent
    known = [child.name for child in parent.iterdir() if child.is_dir()] if parent.is_dir() else []
    reason = "" if parent.is_dir() else f" ('{parent}' does not exist either)"
    return f"there is no model directory '{path}'{reason}{nearest(path.name, known)}"
