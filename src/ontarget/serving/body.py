"""Reads the body of a request, JSON or a form, into a checked model."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import parse_qs

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from ontarget.errors import excerpt, nearest
from ontarget.mistakes import Mistake, known_keys, mistakes_in
from ontarget.serving.failure import Failure, wrong

_FORM = "application/x-www-form-urlencoded"
_MOST_FIELDS = 1000
_NAMED = 3  # mistakes that a message names

Model = TypeVar("Model", bound=BaseModel)


async def fields_of(http: Request) -> dict[str, Any]:
    """The fields of a body. Those that a form has several times are lists.

    Raises:
        Failure: it is neither a JSON object nor a form.
    """
    if http.headers.get("content-encoding", "identity") != "identity":
        raise Failure(415, "unsupported_encoding", "the body is compressed; send it without Content-Encoding")
    kind = http.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await http.body()
    if kind == _FORM:
        try:
            form = parse_qs(
                body.decode(), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS
            )
        except UnicodeDecodeError:
            raise wrong("the form is not in UTF-8", "invalid_form") from None
        except ValueError:
            raise wrong(f"the form has more than {_MOST_FIELDS} fields", "invalid_form") from None
        return {name: values[0] if len(values) == 1 else values for name, values in form.items()}
    if kind and kind != "application/json" and not kind.endswith("+json"):
        message = f"the body has an unsupported type; send application/json or {_FORM}"
        raise Failure(415, "unsupported_type", message)
    try:
        found = json.loads(body, object_pairs_hook=_each_once, parse_constant=_no_number, parse_int=_integer)
        json.dumps(found, ensure_ascii=False).encode()
    except UnicodeDecodeError:
        raise wrong("the body is not in UTF-8", "invalid_json") from None
    except UnicodeEncodeError:
        message = (
            "a text has half of a surrogate pair, such as \\ud83d; encode the body again from whole text"
        )
        raise wrong(message, "invalid_json") from None
    except RecursionError:
        raise wrong(
            "the body is nested too deeply; send fewer levels of lists and objects", "invalid_json"
        ) from None
    except ValueError as error:
        where = f" at line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise wrong(f"the body is not valid JSON{where}", "invalid_json") from None
    if not isinstance(found, dict):
        raise wrong('the body is not a JSON object, such as {"text": "Guten Tag"}', "invalid_json")
    return found


def checked_body(model: type[Model], fields: dict[str, Any]) -> Model:
    """The fields as a model.

    Raises:
        Failure: a field is missing or wrong.
    """
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        errors = error.errors(include_url=False, include_input=False)
        raise wrong(sentence_of(errors, fields, model)) from None


def unused_fields(given: Mapping[str, Any], model: type[BaseModel]) -> list[str]:
    """The names of fields that were sent with a value, but that a model does not have."""
    unknown = given.keys() - model.model_fields.keys()
    return sorted(excerpt(name) for name in unknown if given[name] not in (None, "", []))


def sentence_of(
    errors: Sequence[Mapping[str, Any]], fields: Any = None, model: type[BaseModel] | None = None
) -> str:
    """The first mistakes that pydantic has found, in one line without any value of the request.

    Args:
        errors: from `ValidationError.errors()`.
        fields: what was validated.
        model: its fields are the ones that a misspelt field may mean.
    """
    return "; ".join(_sentence(mistake, model) for mistake in mistakes_in(errors, fields)[:_NAMED])


def _sentence(mistake: Mistake, model: type[BaseModel] | None) -> str:
    # The name of a field that does not exist is of the user's own.
    name = ".".join(map(excerpt, mistake.path)) or "the body"
    if mistake.kind == "missing":
        return f"{name} is missing"
    if mistake.kind == "extra_forbidden":
        *block, last = mistake.errors[0]["loc"]
        hint = nearest(str(last), known_keys(model, block)) if model else ""
        return f"{name} is not a known field{hint}"
    return f"{name} {mistake.requirement}"


def described(*models: type[BaseModel], forms: bool = False) -> dict[str, Any]:
    """The body of a route in the OpenAPI schema."""
    schemas = [_whole(model.model_json_schema()) for model in models]
    schema = schemas[0] if len(schemas) == 1 else {"anyOf": schemas}
    kinds = ["application/json", *([_FORM] if forms else [])]
    return {"requestBody": {"required": True, "content": {kind: {"schema": schema} for kind in kinds}}}


def _whole(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema with its definitions in the places of the references to them, which OpenAPI would not find."""
    definitions = schema.pop("$defs", {})

    def filled(part: Any) -> Any:
        if isinstance(part, list):
            return [filled(one) for one in part]
        if not isinstance(part, dict):
            return part
        if "$ref" in part:
            return filled(definitions[part["$ref"].rpartition("/")[2]])
        return {name: filled(value) for name, value in part.items()}

    whole = filled(schema)
    assert isinstance(whole, dict)
    return whole


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON whose keys differ: of two equal ones, programs take different ones."""
    found = dict(pairs)
    if len(found) < len(pairs):
        counts = Counter(name for name, _ in pairs)
        twice = next(name for name, count in counts.items() if count > 1)
        raise wrong(f"the key '{excerpt(twice)}' is there twice; send it once", "invalid_json")
    return found


def _no_number(name: str) -> None:
    raise wrong(f"{name} is not a number in JSON", "invalid_json")


def _integer(digits: str) -> int:
    try:
        return int(digits)
    except ValueError:  # Python reads no longer ones, since that takes the square of their length
        message = (
            f"a number has {len(digits.removeprefix('-')):,} digits; send a shorter one, or a text in quotes"
        )
        raise wrong(message, "invalid_json") from None
