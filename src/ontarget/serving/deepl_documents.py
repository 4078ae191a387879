"""The API of DeepL, version 2: documents, which are uploaded, asked for, and downloaded."""

import json
from functools import partial
from pathlib import PurePath
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ontarget.serving.body import checked_body, described, fields_of
from ontarget.serving.context import WithKey
from ontarget.serving.deepl_fields import GlossaryFields, without_effect
from ontarget.serving.deepl_replies import DocumentReply, UploadReply
from ontarget.serving.document_api import REPORT
from ontarget.serving.document_jobs import DocumentJob
from ontarget.serving.documents import ServedDocument
from ontarget.serving.downloads import sent_reply
from ontarget.serving.failure import Failure, wrong
from ontarget.serving.prepared import prepared
from ontarget.serving.replies import replies
from ontarget.serving.service import TranslationService
from ontarget.serving.uploads import described_upload, uploaded

router = APIRouter()


class DocumentFields(GlossaryFields):
    """The fields of `POST /v2/document` besides the file."""

    filename: str = Field("", description="The name of the file, if its own is another.")
    output_format: str = Field("", description="The ending of the file: documents keep their format.")


class KeyBody(BaseModel):
    """The body of questions about a document."""

    document_key: str = Field(description="The key that the reply to the upload had.", examples=["0A1B"])


@router.post(
    "/v2/document",
    summary="Upload a document as DeepL.",
    openapi_extra=described_upload(DocumentFields),
    responses=replies(UploadReply),
)
async def upload(http: Request, service: WithKey) -> JSONResponse:
    """Lets a document wait for its translation; what is wrong with it is said at once."""
    file = await uploaded(http)
    body = checked_body(DocumentFields, dict(file.fields))
    ignored = without_effect(file.fields, DocumentFields)
    file = file.named(body.filename)
    suffix = PurePath(file.name).suffix.lower()
    if body.output_format and f".{body.output_format.lower()}" != suffix:
        message = f"a document keeps its format; omit output_format, or send {suffix.removeprefix('.')}"
        raise wrong(message, "wrong_output_format")
    glossary = await body.glossary(http, service)
    work = await prepared(service, file, body.source_lang, body.target_lang, glossary, strict=body.strict)
    service.check_ready()
    service.documents.check_room()
    client = service.keys.client(http)
    client.spend(work.characters)  # here, where a quota can be said to be used up

    async def translate() -> ServedDocument:
        return await work.translate(http, service, background=True)

    give_back = partial(client.give_back, work.characters)
    job = service.documents.begin(client.name, work.characters, translate, give_back)
    found = {"document_id": job.id, "document_key": job.key}
    return JSONResponse(found | ({"ignored": ignored} if ignored else {}))


@router.post(
    "/v2/document/{id}",
    summary="How far a document is, as DeepL.",
    openapi_extra=described(KeyBody, forms=True),
    responses=replies(DocumentReply),
)
async def status(id: str, http: Request, service: WithKey) -> JSONResponse:
    """Whether a document is translated; waits for a moment, since small ones soon are."""
    job = await _job(id, http, service)
    await job.wait()
    found: dict[str, Any] = {"document_id": job.id, "status": job.status}
    if job.failure is not None:
        found["error_message"] = job.failure.message
    if job.status == "done":
        found |= {"billed_characters": job.characters, "report": job.report}
    return JSONResponse(found)


@router.post(
    "/v2/document/{id}/result",
    summary="Download a translated document as DeepL.",
    openapi_extra=described(KeyBody, forms=True),
    response_class=Response,
)
async def result(id: str, http: Request, service: WithKey) -> Response:
    """The translated file, which is forgotten soon after it was sent to the end."""
    job = await _job(id, http, service)
    if job.failure is not None:
        raise job.failure
    if job.status != "done":
        message = "the document is not translated yet; ask for its status, and try again"
        raise Failure(503, "not_translated", message, headers={"Retry-After": "5"})
    file = service.files.get(job.token)
    headers = {REPORT: json.dumps(job.report)}
    return sent_reply(http, file.name, file.read(), headers, partial(service.documents.sent, job))


async def _job(id: str, http: Request, service: TranslationService) -> DocumentJob:
    body = checked_body(KeyBody, await fields_of(http))
    return service.documents.get(id, body.document_key, service.keys.client(http).name)
