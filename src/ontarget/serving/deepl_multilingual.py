"""The API of DeepL, version 3: glossaries of any number of directions, each with a dictionary."""

from dataclasses import replace
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ontarget.serving.body import checked_body, described, fields_of
from ontarget.serving.context import WithKey
from ontarget.serving.deepl_glossaries import DictionaryBody, GlossaryName, as_tsv, direction_of
from ontarget.serving.deepl_replies import (
    DictionariesReply,
    DictionaryReply,
    MultilingualReply,
    MultilingualsReply,
)
from ontarget.serving.failure import Failure, wrong
from ontarget.serving.glossaries import KeptDictionary, KeptGlossary, in_words
from ontarget.serving.replies import replies
from ontarget.serving.service import TranslationService

router = APIRouter()

_MOST = 1000
_EXAMPLE = {"source_lang": "IT", "target_lang": "FR", "entries": "cane\tchien", "entries_format": "tsv"}


class MultilingualBody(BaseModel):
    """The body of `POST /v3/glossaries`."""

    name: GlossaryName
    dictionaries: list[DictionaryBody] = Field(
        min_length=1,
        max_length=_MOST,
        description="Terms with their translations, for each direction.",
        examples=[[_EXAMPLE]],
    )


class ChangesBody(BaseModel):
    """The body of `PATCH /v3/glossaries/{id}`; what it does not name stays."""

    name: GlossaryName | None = None
    dictionaries: list[DictionaryBody] = Field(
        [], max_length=_MOST, description="New entries, and others for terms that are there."
    )


@router.post(
    "/v3/glossaries",
    status_code=201,
    summary="Create a multilingual glossary as DeepL.",
    openapi_extra=described(MultilingualBody),
    responses={201: {"model": MultilingualReply}},
)
async def create(http: Request, service: WithKey) -> JSONResponse:
    """A glossary of the client, which nobody else sees, to be named by its ID in translations."""
    body = checked_body(MultilingualBody, await fields_of(http))
    found = await run_in_threadpool(_kept, body.dictionaries, service)  # many entries take time
    made = service.glossaries.create(body.name, found, service.keys.client(http).name)
    return JSONResponse(_shown(made), 201)


@router.get("/v3/glossaries", summary="List all glossaries as DeepL.", responses=replies(MultilingualsReply))
async def glossaries(http: Request, service: WithKey) -> JSONResponse:
    """The glossaries of the client, without their entries."""
    found = service.glossaries.of(service.keys.client(http).name)
    return JSONResponse({"glossaries": [_shown(one) for one in found]})


@router.get(
    "/v3/glossaries/{id}",
    summary="One multilingual glossary as DeepL.",
    responses=replies(MultilingualReply),
)
async def glossary(id: str, http: Request, service: WithKey) -> JSONResponse:
    """A glossary without its entries."""
    return JSONResponse(_shown(_named(id, http, service)))


@router.patch(
    "/v3/glossaries/{id}",
    summary="Change a glossary as DeepL.",
    openapi_extra=described(ChangesBody),
    responses=replies(MultilingualReply),
)
async def change(id: str, http: Request, service: WithKey) -> JSONResponse:
    """Changes the name, and adds entries; those of terms that are there already are replaced."""
    body = checked_body(ChangesBody, await fields_of(http))
    changes = await run_in_threadpool(_kept, body.dictionaries, service)
    one = _named(id, http, service)
    before = {each.direction: each.entries for each in one.dictionaries}
    merged = [
        replace(new, entries=tuple((dict(before.get(new.direction, ())) | dict(new.entries)).items()))
        for new in changes
    ]
    changed = replace(one, name=body.name or one.name).having(*merged)
    return JSONResponse(_shown(service.glossaries.put(changed)))


@router.delete("/v3/glossaries/{id}", status_code=204, summary="Delete a multilingual glossary as DeepL.")
async def delete(id: str, http: Request, service: WithKey) -> Response:
    """Deletes a glossary; there is no way back."""
    service.glossaries.delete(id, service.keys.client(http).name)
    return Response(status_code=204)


@router.get(
    "/v3/glossaries/{id}/entries",
    summary="The entries of a dictionary as DeepL.",
    responses=replies(DictionariesReply),
)
async def entries(
    id: str, source_lang: str, target_lang: str, http: Request, service: WithKey
) -> JSONResponse:
    """The entries of one direction, a line each, with a tab between a term and its translation."""
    found = _dictionary(_named(id, http, service), service, source_lang, target_lang)
    shown = {**_sides(found), "entries": as_tsv(found), "entries_format": "tsv"}
    return JSONResponse({"dictionaries": [shown]})


@router.put(
    "/v3/glossaries/{id}/dictionaries",
    summary="Replace a dictionary as DeepL.",
    openapi_extra=described(DictionaryBody),
    responses=replies(DictionaryReply),
)
async def put(id: str, http: Request, service: WithKey) -> JSONResponse:
    """Replaces the entries of one direction, or adds this direction."""
    new = await run_in_threadpool(checked_body(DictionaryBody, await fields_of(http)).kept, service)
    service.glossaries.put(_named(id, http, service).having(new))
    return JSONResponse(_counted(new))


@router.delete("/v3/glossaries/{id}/dictionaries", status_code=204, summary="Delete a dictionary as DeepL.")
async def delete_dictionary(
    id: str, source_lang: str, target_lang: str, http: Request, service: WithKey
) -> Response:
    """Deletes the entries of one direction; there is no way back."""
    one = _named(id, http, service)
    gone = _dictionary(one, service, source_lang, target_lang)
    rest = tuple(each for each in one.dictionaries if each is not gone)
    service.glossaries.put(replace(one, dictionaries=rest))
    return Response(status_code=204)


def _named(id: str, http: Request, service: TranslationService) -> KeptGlossary:
    return service.glossaries.get(id, service.keys.client(http).name)


def _kept(bodies: list[DictionaryBody], service: TranslationService) -> list[KeptDictionary]:
    found = [one.kept(service) for one in bodies]
    if len({one.direction for one in found}) < len(found):
        raise wrong("the glossary has a direction twice; send one dictionary for it", "wrong_glossary")
    return found


def _dictionary(one: KeptGlossary, service: TranslationService, source: str, target: str) -> KeptDictionary:
    direction = direction_of(service, source, target)
    for each in one.dictionaries:
        if each.direction == direction:
            return each
    message = f"the glossary has no dictionary {in_words(direction)}; GET shows those that it has"
    raise Failure(404, "unknown_dictionary", message)


def _shown(one: KeptGlossary) -> dict[str, Any]:
    return {
        "glossary_id": one.id,
        "name": one.name,
        "creation_time": one.created.isoformat(timespec="microseconds"),
        "dictionaries": [_counted(each) for each in one.dictionaries],
    }


def _counted(one: KeptDictionary) -> dict[str, Any]:
    return {**_sides(one), "entry_count": len(one.entries)}


def _sides(one: KeptDictionary) -> dict[str, str]:
    return {
        "source_lang": str(one.direction.source).lower(),
        "target_lang": str(one.direction.target).lower(),
    }
