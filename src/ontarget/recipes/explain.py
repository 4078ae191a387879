"""Explains a mistake in a recipe: the dotted path, the value, and the allowed values."""

import re
from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from ontarget.errors import nearest
from ontarget.recipes.schema.recipe import Recipe

Location = tuple[int | str, ...]


def explain(error: ValidationError, data: Mapping[str, Any]) -> str:
    """Describes the first mistake; if several types are allowed, with the requirement of each."""
    first, *others = error.errors(include_url=False)
    path = _path(first["loc"], data, first["type"] == "missing")
    if first["type"] == "extra_forbidden":
        known = _keys(first["loc"][:-1])
        hint = nearest(str(first["loc"][-1]), known) or f"; known here: {', '.join(known)}"
        return f"unknown key '{path}'{hint}"
    if first["type"] == "missing":
        return f"'{path}' is missing"
    if first["type"].startswith("union_tag"):
        tag, kinds = first.get("ctx", {}).get("tag"), _expected(first)
        given = f"{tag!r}" if tag else "missing"
        return f"'{path}.kind' is {given}: it should be one of {kinds}{_nearest(tag, kinds)}"
    message = _message(first)
    if not path:
        return message
    same = [first, *(other for other in others if _path(other["loc"], data, False) == path)]
    reasons = " or ".join(dict.fromkeys(map(_message, same)))
    reasons += _nearest(first["input"], *(_expected(one) for one in same if one["type"] == "literal_error"))
    value = short(first["input"])
    if isinstance(first["input"], Mapping) and value != repr(first["input"]):
        return f"'{path}': {reasons}"  # half a block explains nothing
    return f"'{path}' is {value}: {reasons}"


def _message(error: Any) -> str:
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    text: str = error["msg"].removeprefix("Input ")
    if text.startswith("should be a valid dictionary"):
        return "should be a mapping of keys to values"
    return f"{text[:1].lower()}{text[1:]}"


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
    """A value, shortened for messages."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _path(location: Location, data: Any, missing: bool) -> str:
    """The dotted path in the recipe, without the types in the location of pydantic."""
    parts = []
    for number, part in enumerate(location):
        within = (
            part in data
            if isinstance(data, Mapping)
            else isinstance(data, list | tuple) and isinstance(part, int)
        )
        if within:
            data = data[part]
        if within or (missing and number == len(location) - 1):
            parts.append(str(part))
    return ".".join(parts)


def _keys(location: Location) -> list[str]:
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
