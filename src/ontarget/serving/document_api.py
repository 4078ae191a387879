"""The server's own API for documents."""

import json
from base64 import b64encode
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ontarget.documents.glossary import Glossary
from ontarget.languages import Direction, Language
from ontarget.serving.body import checked_body
from ontarget.serving.context import Open
from ontarget.serving.documents import SUFFIXES
from ontarget.serving.downloads import data_reply
from ontarget.serving.glossaries import entries_of
from ontarget.serving.prepared import prepared
from ontarget.serving.query import check_query
from ontarget.serving.uploads import described_upload, uploaded

router = APIRouter()

REPORT = "Ontarget-Report"
"""The header of a translated file with numbers of its verdicts, as JSON."""


class DocumentForm(BaseModel):
    """The fields of `POST /document` besides the file."""

    model_config = ConfigDict(extra="forbid")

    target: str = Field(description="Language to translate into, such as fr.", examples=["fr"])
    source: str = Field("auto", description="Language of the document; auto identifies it.")
    glossary: str = Field("", description="Lines with a term, a tab and its translation.")
    model: str = Field("", description="Name of the model; the first one of the server by default.")
    strict: bool = Field(False, description="Answer with status 422 if a segment is off-target.")
    api_key: str = Field("", description="The API key, unless a header has it.")


@router.get("/document", summary="Kinds of documents that can be translated.")
async def kinds(service: Open) -> JSONResponse:
    """The endings of files, and the size of the largest."""
    return JSONResponse({"suffixes": SUFFIXES, "max_bytes": service.limits.document_bytes})


@router.post(
    "/document",
    summary="Translate a document.",
    response_class=Response,
    openapi_extra=described_upload(DocumentForm),
)
async def translate(http: Request, service: Open, report: Literal["", "segments"] = "") -> Response:
    """The translated file, with numbers of its verdicts in the header `Ontarget-Report`.

    With `?report=segments`, JSON with the file in base64 and the verdict on each segment.
    """
    check_query(http, "report")
    upload = await uploaded(http)
    service.keys.require(http, upload.fields.get("api_key"))
    form = checked_body(DocumentForm, dict(upload.fields))
    glossary = _glossary(form.glossary)
    file = await prepared(service, upload, form.source, form.target, glossary, form.model, strict=form.strict)
    found = await file.translate(http, service)
    if report == "segments":
        segments = [one.to_dict() for one in found.segments]
        data = b64encode(found.data).decode()
        return JSONResponse(found.report() | {"segments": segments, "name": found.name, "data": data})
    return data_reply(found.name, found.data, {REPORT: json.dumps(found.report())})


def _glossary(text: str) -> Glossary | None:
    if not text.strip():
        return None
    any_languages = Direction(Language("en"), Language("de"))  # lines of tabs name none
    return Glossary(entries_of(text.replace("\r\n", "\n"), "tsv", any_languages))
