"""The API of DeepL, version 2: glossaries."""

from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ontarget.languages import Direction, directions_between
from ontarget.serving.body import checked_body, described, fields_of
from ontarget.serving.context import WithKey
from ontarget.serving.deepl_replies import GlossariesReply, GlossaryReply, PairsReply
from ontarget.serving.failure import wrong
from ontarget.serving.glossaries import KeptGlossary, entries_of
from ontarget.serving.replies import replies

router = APIRouter()

_LONGEST_NAME = 1024
_TSV = "text/tab-separated-values"


class GlossaryBody(BaseModel):
    """The body of `POST /v2/glossaries`."""

    name: str = Field(
        min_length=1, max_length=_LONGEST_NAME, description="A name for people.", examples=["animals"]
    )
    source_lang: str = Field(description="Language of the terms, such as DE.", examples=["IT"])
    target_lang: str = Field(description="Language of their translations, such as FR.", examples=["FR"])
    entries: str = Field(description="A term and its translation in each line.", examples=["cane\tchien"])
    entries_format: Literal["tsv", "csv"] = Field(
        description="Whether a tab or a comma separates the two.", examples=["tsv"]
    )


@router.post(
    "/v2/glossaries",
    status_code=201,
    summary="Create a glossary as DeepL.",
    openapi_extra=described(GlossaryBody, forms=True),
    responses={201: {"model": GlossaryReply}},
)
async def create(http: Request, service: WithKey) -> JSONResponse:
    """A glossary of the client, which nobody else sees, to be named by its ID in translations."""
    body = checked_body(GlossaryBody, await fields_of(http))
    direction = Direction(service.offered.named(body.source_lang), service.offered.named(body.target_lang))
    if direction.source == direction.target:
        raise wrong("the glossary has the same language twice; name two", "wrong_glossary")
    entries = entries_of(body.entries, body.entries_format, direction)
    owner = service.keys.client(http).name
    return JSONResponse(_shown(service.glossaries.create(body.name, direction, entries, owner)), 201)


@router.get("/v2/glossaries", summary="List the glossaries as DeepL.", responses=replies(GlossariesReply))
async def glossaries(http: Request, service: WithKey) -> JSONResponse:
    """The glossaries of the client, without their entries."""
    found = service.glossaries.of(service.keys.client(http).name)
    return JSONResponse({"glossaries": [_shown(one) for one in found]})


@router.get("/v2/glossaries/{id}", summary="One glossary as DeepL.", responses=replies(GlossaryReply))
async def glossary(id: str, http: Request, service: WithKey) -> JSONResponse:
    """A glossary without its entries."""
    return JSONResponse(_shown(service.glossaries.get(id, service.keys.client(http).name)))


@router.get(
    "/v2/glossaries/{id}/entries",
    summary="The entries of a glossary as DeepL.",
    response_class=Response,
    responses={200: {"content": {_TSV: {"schema": {"type": "string"}}}}},
)
async def entries(id: str, http: Request, service: WithKey) -> Response:
    """The entries, a line each, with a tab between a term and its translation."""
    found = service.glossaries.get(id, service.keys.client(http).name).entries
    text = "\n".join(f"{term}\t{translation}" for term, translation in found)
    return Response(text, media_type=_TSV)


@router.delete("/v2/glossaries/{id}", status_code=204, summary="Delete a glossary as DeepL.")
async def delete(id: str, http: Request, service: WithKey) -> Response:
    """Deletes a glossary; there is no way back."""
    service.glossaries.delete(id, service.keys.client(http).name)
    return Response(status_code=204)


@router.get(
    "/v2/glossary-language-pairs", summary="Directions of glossaries as DeepL.", responses=replies(PairsReply)
)
async def pairs(service: WithKey) -> JSONResponse:
    """Every pair of offered languages: what a glossary needs is text alone."""
    found = [
        {"source_lang": one.source.code.lower(), "target_lang": one.target.code.lower()}
        for one in directions_between(service.offered.languages)
    ]
    return JSONResponse({"supported_languages": found})


def _shown(one: KeptGlossary) -> dict[str, Any]:
    return {
        "glossary_id": one.id,
        "name": one.name,
        "ready": True,
        "source_lang": str(one.direction.source).lower(),
        "target_lang": str(one.direction.target).lower(),
        "creation_time": one.created.isoformat(timespec="microseconds"),
        "entry_count": len(one.entries),
    }
