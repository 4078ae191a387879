"""LibreTranslate's API for files: the reply to an upload has an address to download the translation at."""

import json
from pathlib import PurePath

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ontarget.checked.source import AUTO
from ontarget.serving.body import checked_body
from ontarget.serving.context import Open
from ontarget.serving.document_api import REPORT
from ontarget.serving.downloads import data_reply
from ontarget.serving.prepared import prepared
from ontarget.serving.replies import replies
from ontarget.serving.uploads import described_upload, uploaded

router = APIRouter()


class FileFields(BaseModel):
    """The fields of `POST /translate_file` besides the file."""

    source: str = Field(AUTO, description="Language of the file; auto identifies it.")
    target: str = Field(description="Language to translate into.", examples=["fr"])
    model: str = Field("", description="Name of the model; the first one of the server by default.")
    strict: bool = Field(False, description="Answer with status 422 if a segment is off-target.")
    api_key: str = Field("", description="The API key, unless a header has it.")


class FileReply(BaseModel):
    """The reply of `POST /translate_file`."""

    translatedFileUrl: str
    on_target: bool
    off_target: int
    untranslated: int
    segments: int


@router.post(
    "/translate_file",
    summary="Translate a file as LibreTranslate.",
    openapi_extra=described_upload(FileFields),
    responses=replies(FileReply),
)
async def translate_file(http: Request, service: Open) -> JSONResponse:
    """The address of the translated file, which nobody can guess, for an hour; and its verdict in numbers."""
    upload = await uploaded(http)
    service.keys.require(http, upload.fields.get("api_key"))
    body = checked_body(FileFields, {"target": "", **upload.fields})  # `prepared` says that it is missing
    file = await prepared(service, upload, body.source, body.target, model=body.model, strict=body.strict)
    found = await file.translate(http, service)
    name = service.files.put_for_download(found.name, found.data)
    path = http.app.url_path_for("download_file", name=name)
    address = f"{service.public_url or str(http.base_url).rstrip('/')}{path}"
    report = found.report()
    verdict = {key: report[key] for key in ("on_target", "off_target", "untranslated", "segments")}
    return JSONResponse({"translatedFileUrl": address, **verdict}, headers={REPORT: json.dumps(report)})


@router.get("/download_file/{name}", summary="Download a translated file.", response_class=Response)
async def download_file(name: str, service: Open) -> Response:
    """A translated file by the address that `/translate_file` gave; the address is the key."""
    file = service.files.get(PurePath(name).stem)
    return data_reply(file.name, file.read(), {})
