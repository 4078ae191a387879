"""Explains a mistake in a recipe: the dotted path, the value, and the allowed values."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from ontarget.errors import nearest
from ontarget.mistakes import mistakes_in
from ontarget.recipes.schema.recipe import Recipe


def explain(error: ValidationError, data: Mapping[str, Any]) -> str:
    """Describes an unknown key, or else the first mistake; with the requirement of each type that is allowed.

    An unknown key may be a misspelt one, which is then missing, too.
    """
    mistakes = mistakes_in(error.errors(include_url=False), data)
    mistake = next((one for one in mistakes if one.kind == "extra_forbidden"), mistakes[0])
    first, path = mistake.errors[0], ".".join(mistake.path)
    if mistake.kind == "extra_forbidden":
        known = _keys(first["loc"][:-1])
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


def _keys(location: Sequence[int | str]) -> list[str]:
    """The known keys at a location."""
    here: list[Any] = [Recipe]
    for part in location:
        here = [inner for type_ in here for inner in _inside(type_, part)]
    return [
        field.alias or name
        for type_ in here
        if _is_block(type_)
        for name, field in type_.model_fields.items()
    ]


def _inside(type_: Any, part: int | str) -> Iterator[Any]:
    if _is_block(type_):
        fields = {field.alias or name: field for name, field in type_.model_fields.items()}
        if part in fields:
            yield from _options(fields[str(part)].annotation)
        elif "kind" in fields and part in get_args(fields["kind"].annotation):
            yield type_  # the tag of a union
    elif get_origin(type_) is dict:
        yield from _options(get_args(type_)[1])


def _options(type_: Any) -> Iterator[Any]:
    """The types of a union, without `Annotated`."""
    if get_origin(type_) is Annotated:
        yield from _options(get_args(type_)[0])
    elif get_origin(type_) in (Union, UnionType):
        for option in get_args(type_):
            yield from _options(option)
    else:
        yield type_


def _is_block(type_: Any) -> bool:
    return isinstance(type_, type) and issubclass(type_, BaseModel)


def _kinds() -> list[str]:
    stages = _options(get_args(Recipe.model_fields["stages"].annotation)[1])
    return [str(get_args(stage.model_fields["kind"].annotation)[0]) for stage in stages]
