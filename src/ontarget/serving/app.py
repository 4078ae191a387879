"""The web application: its routes and what all of them share."""

from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse

from ontarget.serving import (
    deepl,
    deepl_documents,
    deepl_glossaries,
    deepl_multilingual,
    document_api,
    libretranslate,
    libretranslate_files,
    openai_chat,
    own_api,
)
from ontarget.serving.body import sentence_of
from ontarget.serving.failure import Failure, client_left, wrong
from ontarget.serving.gate import Gate
from ontarget.serving.page import routes as page
from ontarget.serving.replies import ERRORS
from ontarget.serving.service import TranslationService
from ontarget.version import __version__

LOCAL = ("127.0.0.1", "localhost", "[::1]")
"""Names of this machine in the header Host."""

_UPLOADS = ("/document", "/page/document", "/v2/document", "/translate_file")
_GLOSSARIES = ("/v2/glossaries", "/v3/glossaries")


def make_app(
    service: TranslationService,
    *,
    hosts: Collection[str] | None = None,
    failed: Callable[[], None] = lambda: None,
) -> Gate:
    """The application of a service, which loads its model when the application starts.

    Args:
        service: translates.
        hosts: accepted values of the header Host, without ports; None: all.
        failed: called if the model cannot be loaded.
    """

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        service.models.start(failed)
        try:
            yield
        finally:
            service.close()

    app = FastAPI(
        title="ontarget",
        version=__version__,
        description="Translations that carry a verdict on their language.",
        lifespan=life,
        docs_url=None,  # these pages load scripts from another server
        redoc_url=None,
        redirect_slashes=False,
        responses=ERRORS,
        servers=[{"url": service.public_url}] if service.public_url else None,
    )
    app.state.service = service
    for api in (
        own_api,
        document_api,
        libretranslate,
        libretranslate_files,
        deepl,
        deepl_glossaries,
        deepl_multilingual,
        deepl_documents,
        openai_chat,
        page,
    ):
        app.include_router(api.router)
    app.mount("/page", page.static)
    app.add_exception_handler(Failure, _failure)
    app.add_exception_handler(RequestValidationError, _wrong_parameter)
    app.add_exception_handler(HTTPException, _http_exception)
    app.add_exception_handler(ClientDisconnect, _left)
    app.add_exception_handler(Exception, _bug)
    limits = service.limits
    of_files = dict.fromkeys((*_UPLOADS, *_GLOSSARIES), limits.document_bytes + limits.body_bytes)
    # Without a key, which a page of another site does not have, its requests would be those of the user.
    origins = None if service.keys else _origins(service.public_url)
    return Gate(app, service.metrics, limits.body_bytes, hosts, of_files, origins, service.root)


def _origins(public_url: str) -> list[str]:
    """The origin of the page under the address that clients know, if there is one."""
    return ["/".join(public_url.lower().split("/", 3)[:3])] if public_url else []


async def _failure(_: Request, failure: Exception) -> JSONResponse:
    assert isinstance(failure, Failure)
    return failure.response()


async def _wrong_parameter(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    return wrong(sentence_of(error.errors())).response()


async def _http_exception(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    messages = {
        404: "there is no such path; GET /openapi.json lists them",
        405: f"this path takes {(error.headers or {}).get('Allow', 'other methods')}",
    }
    message = messages.get(error.status_code, str(error.detail))
    code = "method_not_allowed" if error.status_code == 405 else "not_found"
    return Failure(error.status_code, code, message, headers=error.headers).response()


async def _bug(_: Request, __: Exception) -> JSONResponse:
    return Failure(500, "internal", "the server has made a mistake; its log has the place").response()


async def _left(_: Request, __: Exception) -> JSONResponse:
    return client_left().response()
