"""Models of a server with names: `--model NAME=MODEL`."""

import re
from collections.abc import Sequence
from pathlib import Path

from ontarget.errors import UserError
from ontarget.serving.models import DEFAULT_NAME

_NAMED = re.compile(r"([A-Za-z0-9][\w.-]{0,63})=(.+)", re.ASCII)


def models_by_name(values: Sequence[str]) -> dict[str, str]:
    """The models that `--model` names, in order. A single one needs no name.

    A path may have the sign `=` in a folder's name, so an existing path is never taken apart.

    Raises:
        UserError: a name is missing or occurs twice.
    """
    found = dict[str, str]()
    for value in values:
        match = None if Path(value).expanduser().exists() else _NAMED.fullmatch(value)
        if match is None and len(values) > 1:
            raise UserError(
                f"--model '{value}' has no name; write --model NAME=MODEL for each of several models"
            )
        name, model = (match[1], match[2]) if match else (DEFAULT_NAME, value)
        if name in found:
            raise UserError(f"--model '{name}=...' occurs twice; give each model a name of its own")
        found[name] = model
    return found
