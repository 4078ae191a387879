"""The API of DeepL, version 2: glossaries of one direction; see `deepl_multilingual.py` for version 3."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ontarget.errors import counted
from ontarget.languages import Direction, directions_between
from ontarget.serving.body import checked_body, described, fields_of
from ontarget.serving.context import WithKey
from ontarget.serving.deepl_replies import GlossariesReply, GlossaryReply, PairsReply
from ontarget.serving.failure import wrong
from ontarget.serving.glossaries import KeptDictionary, KeptGlossary, entries_of
from ontarget.serving.replies import replies
from ontarget.serving.service import TranslationService

router = APIRouter()

_LONGEST_NAME = 1024
_TSV = "text/tab-separated-values"


GlossaryName = Annotated[
    str,
    Field(min_length=1, max_length=_LONGEST_NAME, description="A name for people.", examples=["animals"]),
]


class DictionaryBody(BaseModel):
    """The terms of a glossary in one direction."""

    source_lang: str = Field(description="Language of the terms, such as DE.", examples=["IT"])
    target_lang: str = Field(description="Language of their translations, such as FR.", examples=["FR"])
    entries: str = Field(description="A term and its translation in each line.", examples=["cane\tchien"])
    entries_format: Literal["tsv", "csv"] = Field(
        description="Whether a tab or a comma separates the two.", examples=["tsv"]
    )

    def kept(self, service: TranslationService) -> KeptDictionary:
        """The dictionary.

        Raises:
            Failure: a language or an entry is wrong.
        """
        direction = direction_of(service, self.source_lang, self.target_lang)
        return KeptDictionary(direction, entries_of(self.entries, self.entries_format, direction))


class GlossaryBody(DictionaryBody):
    """The body of `POST /v2/glossaries`."""

    name: GlossaryName


def direction_of(service: TranslationService, source: str, target: str) -> Direction:
    """The direction of a glossary between two offered languages.

    Raises:
        Failure: one is not offered, or both are the same.
    """
    direction = Direction(service.offered.named(source), service.offered.named(target))
    if direction.source == direction.target:
        raise wrong("the glossary has the same language twice; name two", "wrong_glossary")
    return direction


def as_tsv(one: KeptDictionary) -> str:
    """The entries, a line each, with a tab between a term and its translation."""
    return "\n".join(f"{term}\t{translation}" for term, translation in one.entries)


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
    owner = service.keys.client(http).name
    terms = await run_in_threadpool(body.kept, service)  # since reading many entries takes time
    return JSONResponse(_shown(service.glossaries.create(body.name, [terms], owner)), 201)


@router.get("/v2/glossaries", summary="List the glossaries as DeepL.", responses=replies(GlossariesReply))
async def glossaries(http: Request, service: WithKey) -> JSONResponse:
    """The glossaries of the client with one direction, without their entries."""
    found = service.glossaries.of(service.keys.client(http).name)
    return JSONResponse({"glossaries": [_shown(one) for one in found if len(one.dictionaries) == 1]})


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
    found = _only(service.glossaries.get(id, service.keys.client(http).name))
    return Response(as_tsv(found), media_type=_TSV)


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


def _only(one: KeptGlossary) -> KeptDictionary:
    if len(one.dictionaries) != 1:
        message = f"the glossary has {counted(len(one.dictionaries), 'direction')}; use /v3/glossaries for it"
        raise wrong(message, "multilingual_glossary")
    return one.dictionaries[0]


def _shown(one: KeptGlossary) -> dict[str, Any]:
    terms = _only(one)
    return {
        "glossary_id": one.id,
        "name": one.name,
        "ready": True,
        "source_lang": str(terms.direction.source).lower(),
        "target_lang": str(terms.direction.target).lower(),
        "creation_time": one.created.isoformat(timespec="microseconds"),
        "entry_count": len(terms.entries),
    }
