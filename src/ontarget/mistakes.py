"""The mistakes that pydantic finds in recipes, templates and requests, in our words.

Where a value may have several types, pydantic has an error for each, and the type in the place of the error
(`text.list[str].0`). Here they are one mistake at the place that the user has written (`text.0`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

Error = Mapping[str, Any]

_KINDS = {
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "finite": "a finite number",
    "string": "a string",
    "list": "a list",
    "tuple": "a list",
    "dict": "a mapping of keys to values",
    "mapping": "a mapping of keys to values",
    "model": "a mapping of keys to values",
}
"""What a value should be, by the beginning of the type of error."""
_WRONG_KIND = ("_type", "_parsing", "_parsing_size", "_from_float", "_number")


@dataclass(frozen=True)
class Mistake:
    """What is wrong with one value.

    Attributes:
        path: the keys and numbers that lead to it.
        errors: pydantic's errors: one for each type that the value may have.
    """

    path: tuple[str, ...]
    errors: tuple[Error, ...]

    @property
    def kind(self) -> str:
        """Pydantic's type of the first error, such as `missing`."""
        return str(self.errors[0]["type"])

    @property
    def requirement(self) -> str:
        """What the value should be or have: `should be a whole number or 'all'`."""
        first, *others = dict.fromkeys(map(_requirement, self.errors))
        if first.startswith("should be "):
            others = [other.removeprefix("should be ") for other in others]
        return " or ".join([first, *others])


def mistakes_in(errors: Sequence[Error], data: Any = None) -> list[Mistake]:
    """Pydantic's errors by the value that they are about.

    Args:
        errors: from `ValidationError.errors()`.
        data: what was validated; without it, places keep pydantic's names of types.
    """
    found = dict[tuple[str, ...], list[Error]]()
    for error in errors:
        found.setdefault(_path(error["loc"], data, error["type"] == "missing"), []).append(error)

    def explained_within(path: tuple[str, ...]) -> bool:
        """Whether the value has one of its types, in which something else is wrong."""
        return any(other != path and other[: len(path)] == path for other in found)

    return [Mistake(path, tuple(some)) for path, some in found.items() if not explained_within(path)]


def _requirement(error: Error) -> str:
    kind, context, message = str(error["type"]), error.get("ctx", {}), str(error["msg"])
    beginning = kind.partition("_")[0]
    if kind.endswith(_WRONG_KIND) and beginning in _KINDS:
        return f"should be {_KINDS[beginning]}"
    if kind in ("too_short", "too_long"):
        number = context["min_length" if kind == "too_short" else "max_length"]
        most_or_least = "at least" if kind == "too_short" else "at most"
        return f"should have {most_or_least} {number} {'entry' if number == 1 else 'entries'}"
    message = message.removeprefix("Value error, ").removeprefix("Input ").removeprefix("String ")
    return message if kind == "value_error" else f"{message[:1].lower()}{message[1:]}"


def _path(location: Sequence[int | str], data: Any, missing: bool) -> tuple[str, ...]:
    if data is None:
        return tuple(map(str, location))
    parts = list[str]()
    for number, part in enumerate(location):
        within = (
            part in data
            if isinstance(data, Mapping)
            else isinstance(data, list | tuple) and isinstance(part, int) and part < len(data)
        )
        if within:
            data = data[part]
        if within or (missing and number == len(location) - 1):
            parts.append(str(part))
    return tuple(parts)


def known_keys(model: type[BaseModel], location: Sequence[int | str]) -> list[str]:
    """The keys that a model has at a location, as pydantic's errors give it."""
    here: list[Any] = [model]
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
            yield from options_of(fields[str(part)].annotation)
        elif "kind" in fields and part in get_args(fields["kind"].annotation):
            yield type_  # the tag of a union
    elif get_origin(type_) is dict:
        yield from options_of(get_args(type_)[1])


def options_of(type_: Any) -> Iterator[Any]:
    """The types of a union, without `Annotated`."""
    if get_origin(type_) is Annotated:
        yield from options_of(get_args(type_)[0])
    elif get_origin(type_) in (Union, UnionType):
        for option in get_args(type_):
            yield from options_of(option)
    else:
        yield type_


def _is_block(type_: Any) -> bool:
    return isinstance(type_, type) and issubclass(type_, BaseModel)
