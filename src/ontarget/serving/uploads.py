"""Reads a form with a file, `multipart/form-data`."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from pydantic import BaseModel
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from ontarget.serving.failure import Failure, wrong

_KIND = "multipart/form-data"
_MOST_FIELDS = 50
_LARGEST_FIELD = 1 << 20  # bytes, of any field but the file
_LONGEST_NAME = 200  # characters


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that a client has sent, and the other fields of its form.

    Attributes:
        name: the name of the file, without folders.
        data: its bytes.
        fields: the other fields; of several with one name, the last one.
    """

    name: str
    data: bytes
    fields: Mapping[str, str]

    def named(self, name: str) -> "Upload":
        """The file with another name, unless that is empty."""
        return replace(self, name=_name_of(name)) if name else self


async def uploaded(http: Request) -> Upload:
    """The file in the field `file` of a form.

    Raises:
        Failure: it is not such a form, or the file is missing or empty.
    """
    kind = http.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _KIND:
        message = f"the body has an unsupported type; send a file as {_KIND}"
        raise Failure(415, "unsupported_type", message)
    try:
        async with _as_bytes(http).form(
            max_files=1, max_fields=_MOST_FIELDS, max_part_size=_LARGEST_FIELD
        ) as form:
            file = form.get("file")
            if not isinstance(file, UploadFile):
                raise wrong("the form has no file; send it in the field 'file', with its name", "no_file")
            data, name = await file.read(), _name_of(_text_of(file.filename or ""))
            texts = [(key, value) for key, value in form.multi_items() if isinstance(value, str)]
            fields = {_text_of(key): _text_of(value) for key, value in texts}
    except HTTPException as error:
        raise wrong(f"the form is not valid: {str(error.detail).lower()}", "invalid_form") from None
    except UnicodeError:
        raise wrong("the form is not in UTF-8", "invalid_form") from None
    if not data and not name:  # what a browser sends for a form without a choice
        raise wrong("no file was chosen; choose one, or send it in the field 'file' with its name", "no_file")
    if not data:
        raise wrong("the file is empty", "empty_file")
    return Upload(name, data, fields)


def _as_bytes(http: Request) -> Request:
    """The request with Latin-1 as the charset of its form, in which each character stands for a byte.

    The parser would use any codec of Python that the client names, and Latin-1 if text is not in that.
    """
    headers = [
        (name, value + b"; charset=latin-1" if name == b"content-type" else value)
        for name, value in http.scope["headers"]
    ]
    return Request({**http.scope, "headers": headers}, http.receive)


def _text_of(value: str) -> str:
    """The text in UTF-8 whose bytes are the characters of a value.

    Raises:
        UnicodeError: it is not in UTF-8.
    """
    return value.encode("latin-1").decode()


def _name_of(given: str) -> str:
    """The name of a file without folders, of any system, and without what a header cannot have."""
    name = PurePosixPath(given.replace("\\", "/")).name
    printable = "".join(character for character in name if character.isprintable())
    return printable[-_LONGEST_NAME:]  # the ending stays


def described_upload(fields: type[BaseModel]) -> dict[str, Any]:
    """The body of a route in the OpenAPI schema: a file, and other fields."""
    schema = fields.model_json_schema()
    schema["properties"]["file"] = {"type": "string", "format": "binary", "description": "The file."}
    schema["required"] = [*schema.get("required", ()), "file"]
    return {"requestBody": {"required": True, "content": {_KIND: {"schema": schema}}}}
