"""Explains a mistake in a recipe: the dotted path, the value, and the allowed values."""

import json
import re
from collections.abc import Mapping
from typing import Any, get_args

from pydantic import ValidationError

from ontarget.errors import nearest
from ontarget.mistakes import known_keys, mistakes_in, options_of
from ontarget.recipes.schema.recipe import Recipe


def explain(error: ValidationError, data: Mapping[str, Any]) -> str:
    """Describes an unknown key, or else the first mistake; with the requirement of each type that is allowed.

    An unknown key may be a misspelt one, which is then missing, too.
    """
    mistakes = mistakes_in(error.errors(include_url=False), data)
    mistake = next((one for one in mistakes if one.kind == "extra_forbidden"), mistakes[0])
    first, path = mistake.errors[0], ".".join(mistake.path)
    if mistake.kind == "extra_forbidden":
        known = known_keys(Recipe, first["loc"][:-1])
        hint = nearest(str(first["loc"][-1]), known) or f"; known here: {', '.join(known)}"
        return f"unknown key '{path}'{hint}"
    if mistake.kind == "missing":
        return f"'{path}' is missing"
    if mistake.kind.startswith("union_tag"):
        tag, kinds = first.get("ctx", {}).get("tag"), _expected(first)
        given = f"{tag!r}" if tag else "missing"
        return f"'{path}.kind' is {given}: it should be one of {kinds}{_nearest(tag, kinds)}"
    reasons = mistake.requirement
    if not path:
        return reasons
    literals = [_expected(one) for one in mistake.errors if one["type"] == "literal_error"]
    reasons += _nearest(first["input"], *literals)
    value = short(first["input"])
    if isinstance(first["input"], Mapping) and value != repr(first["input"]):
        return f"'{path}': {reasons}"  # half a block explains nothing
    return f"'{path}' is {value}: {reasons}"


def _expected(error: Any) -> str:
    """The allowed values, each in quotation marks."""
    context = error.get("ctx", {})
    return (
        context.get("expected_tags") or context.get("expected") or ", ".join(repr(kind) for kind in _kinds())
    )


def _nearest(value: object, *expected: str) -> str:
    """A hint at the allowed values closest to a misspelt one, or an empty string."""
    return nearest(value, re.findall(r"'([^']*)'", " ".join(expected))) if isinstance(value, str) else ""


def short(value: object) -> str:
    """A value as in YAML, shortened for messages."""
    text = json.dumps(value) if value is None or isinstance(value, bool) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _kinds() -> list[str]:
    stages = options_of(get_args(Recipe.model_fields["stages"].annotation)[1])
    return [str(get_args(stage.model_fields["kind"].annotation)[0]) for stage in stages]
