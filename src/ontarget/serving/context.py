"""The service of a request, as a parameter of routes."""

from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from ontarget.serving.service import TranslationService


# FastAPI runs a dependency that is not a coroutine in a thread, which costs more than what these do.
async def _service(http: Request) -> TranslationService:
    service = http.app.state.service
    assert isinstance(service, TranslationService)
    return service


async def _with_key(http: Request) -> TranslationService:
    service = await _service(http)
    service.keys.require(http)
    return service


Open = Annotated[TranslationService, Depends(_service)]
"""The service, for everybody; a route that reads its key from the body checks it by itself."""

WithKey = Annotated[TranslationService, Depends(_with_key)]
"""The service, for clients with an accepted key in the headers."""
