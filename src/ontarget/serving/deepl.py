"""The API of DeepL, version 2: texts, languages and usage."""

from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field, field_validator
from starlette.requests import Request
from starlette.responses import JSONResponse

from ontarget.languages import Language
from ontarget.serving.body import checked_body, described, fields_of
from ontarget.serving.context import WithKey
from ontarget.serving.failure import wrong
from ontarget.serving.required import require_translated

router = APIRouter()

_UNLIMITED = 1_000_000_000_000  # characters, as for accounts without a limit
# DeepL's clients want a variant of these languages to translate into.
_VARIANTS = {"en": ("EN-GB", "EN-US"), "pt": ("PT-BR", "PT-PT")}


class DeepLBody(BaseModel):
    """The body of `POST /v2/translate`; other keys, such as `formality`, are accepted and ignored."""

    text: list[str] = Field(min_length=1, description="The texts.", examples=[["Buongiorno"]])
    target_lang: str = Field(description="Language to translate into.", examples=["FR", "EN-GB"])
    source_lang: str | None = Field(
        None, description="Language of the texts; without it, each is identified.", examples=["IT"]
    )
    tag_handling: Literal["", "xml", "html"] = Field("", description="Whether the texts have tags.")
    ignore_tags: list[str] = Field([], description="XML elements whose contents stay.")
    split_sentences: str = Field("1", description="0: translate each line whole; otherwise by sentence.")
    glossary_id: str | None = Field(None, description="Refused: this server has no glossaries.")
    formality: str = Field("default", description="Accepted and ignored.")

    @field_validator("text", "ignore_tags", mode="before")
    @classmethod
    def _one_is_a_list(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @field_validator("ignore_tags", mode="after")
    @classmethod
    def _separated(cls, value: list[str]) -> list[str]:
        return [name.strip() for one in value for name in one.split(",") if name.strip()]

    @field_validator("split_sentences", mode="before")
    @classmethod
    def _as_text(cls, value: Any) -> Any:
        return str(int(value)) if isinstance(value, bool | int) else value


class LanguagesBody(BaseModel):
    """The body of `/v2/languages`."""

    type: Literal["source", "target"] = "source"


@router.post("/v2/translate", summary="Translate as DeepL.", openapi_extra=described(DeepLBody, forms=True))
async def translate(http: Request, service: WithKey) -> JSONResponse:
    """Translations with the languages of their sources."""
    body = checked_body(DeepLBody, await fields_of(http))
    if body.glossary_id:
        raise wrong("this server has no glossaries; omit glossary_id", "no_glossary")
    results = await service.translate(
        http,
        body.text,
        body.source_lang,
        body.target_lang,
        format=body.tag_handling or "text",
        level="line" if body.split_sentences == "0" else "sentence",
        ignored=body.ignore_tags,
    )
    require_translated(results)
    return JSONResponse(
        {
            "translations": [
                {
                    "detected_source_language": one.direction.source.primary.upper(),
                    "text": one.text,
                    "billed_characters": len(text),
                }
                for one, text in zip(results, body.text, strict=True)
            ]
        }
    )


@router.get("/v2/languages", summary="List the languages as DeepL.")
@router.post("/v2/languages", include_in_schema=False)
async def languages(
    http: Request, service: WithKey, type: Literal["source", "target"] = "source"
) -> JSONResponse:
    """The languages of sources, or those to translate into with their variants."""
    if await http.body():  # DeepL's own client sends the type there
        type = checked_body(LanguagesBody, await fields_of(http)).type
    found = []
    for one in service.offered.languages:
        codes = _VARIANTS.get(str(one), ()) if type == "target" else ()
        for code in codes or (str(one).upper(),):
            found.append({"language": code, "name": Language(code).name(), "supports_formality": False})
    return JSONResponse(found)


@router.get("/v2/usage", summary="Characters so far, as DeepL.")
@router.post("/v2/usage", include_in_schema=False)
async def usage(http: Request, service: WithKey) -> JSONResponse:
    """The number of characters of this API key since the server has started, and its limit."""
    client = service.keys.client(http)
    limit = client.limits.character_limit or _UNLIMITED
    return JSONResponse({"character_count": client.characters, "character_limit": limit})
