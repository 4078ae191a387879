"""The API of DeepL, version 2: texts, languages and usage."""

from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import JSONResponse

from ontarget.languages import Language
from ontarget.serving.body import checked_body, described, fields_of
from ontarget.serving.context import WithKey
from ontarget.serving.deepl_fields import TextFields, without_effect
from ontarget.serving.deepl_replies import TranslationsReply
from ontarget.serving.replies import replies
from ontarget.serving.required import require_on_target, require_translated
from ontarget.serving.texts import ServedText, terms_missing

router = APIRouter()

_UNLIMITED = 1_000_000_000_000  # characters, as for accounts without a limit
# DeepL's clients want a variant of these languages to translate into.
_VARIANTS = {"en": ("EN-GB", "EN-US"), "pt": ("PT-BR", "PT-PT")}
_CODES = {"NO": "NB"}  # the identifier's code of Norwegian, and DeepL's

LanguagesType = Literal["source", "target", "glossary"]


class LanguagesBody(BaseModel):
    """The body of `/v2/languages`."""

    type: LanguagesType = "source"


@router.post(
    "/v2/translate",
    summary="Translate as DeepL.",
    openapi_extra=described(TextFields, forms=True),
    responses=replies(TranslationsReply),
)
async def translate(http: Request, service: WithKey) -> JSONResponse:
    """Translations with the languages of their sources, and the fields that made no difference."""
    fields = await fields_of(http)
    body, ignored = checked_body(TextFields, fields), without_effect(fields, TextFields)
    results = await service.translate(
        http,
        body.text,
        body.source_lang,
        body.target_lang,
        format=body.tag_handling or "text",
        level="line" if body.split_sentences == "0" else "sentence",
        ignored=body.ignore_tags,
        lines=body.split_sentences != "nonewlines",
        glossary=await body.glossary(http, service),
    )
    require_translated(results)
    if body.strict or service.strict:
        require_on_target(results)
    translations = [_shown(one, text) for one, text in zip(results, body.text, strict=True)]
    return JSONResponse({"translations": translations} | ({"ignored": ignored} if ignored else {}))


@router.get("/v2/languages", summary="List the languages as DeepL.")
@router.post("/v2/languages", include_in_schema=False)
async def languages(http: Request, service: WithKey, type: LanguagesType = "source") -> JSONResponse:
    """The languages of sources or glossaries, or those to translate into with their variants."""
    if await http.body():  # DeepL's own client sends the type there
        type = checked_body(LanguagesBody, await fields_of(http)).type
    found = []
    for one in service.offered.languages:
        codes = _VARIANTS.get(str(one), ()) if type == "target" else ()
        for code in codes or (str(one).upper(),):
            found.append(
                {
                    "language": _CODES.get(code, code),
                    "name": Language(code).name(),
                    "supports_formality": False,
                }
            )
    return JSONResponse(found)


@router.get("/v2/usage", summary="Characters so far, as DeepL.")
@router.post("/v2/usage", include_in_schema=False)
async def usage(http: Request, service: WithKey) -> JSONResponse:
    """The number of characters of this API key since the server has started, and its limit."""
    client = service.keys.client(http)
    limit = client.limits.character_limit or _UNLIMITED
    return JSONResponse({"character_count": client.characters, "character_limit": limit})


def _shown(one: ServedText, source: str) -> dict[str, Any]:
    code = one.source.primary.upper() if one.source else ""  # as DeepL's clients have it without a language
    found: dict[str, Any] = {
        "detected_source_language": _CODES.get(code, code),
        "text": one.text,
        "billed_characters": len(source),
        "on_target": one.on_target,
        "verdict": one.verdict.to_dict(),
    }
    missing = terms_missing(one.segments)
    return found | ({"terms_missing": missing} if missing else {})
