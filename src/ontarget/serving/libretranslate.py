"""LibreTranslate's API, and `POST /translate` of the server's own, which shares its path."""

from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ontarget.checked.source import AUTO
from ontarget.serving import own_api
from ontarget.serving.body import checked_body, described, fields_of, unused_fields
from ontarget.serving.context import Open
from ontarget.serving.documents import SUFFIXES
from ontarget.serving.failure import wrong
from ontarget.serving.replies import DetectedReply, LibreTranslateReply, TranslateReply, replies
from ontarget.serving.required import require_on_target, require_translated
from ontarget.serving.service import TranslationService

router = APIRouter()


class LibreTranslateBody(BaseModel):
    """The body of LibreTranslate's `POST /translate`."""

    q: str | list[str] = Field(
        description="The text, or several texts.", examples=["Buongiorno", ["Buongiorno", "Grazie"]]
    )
    source: str = Field(AUTO, description="Language of the texts; auto identifies each.", examples=["it"])
    target: str = Field(description="Language to translate into.", examples=["fr"])
    format: Literal["text", "html"] = Field("text", description="Whether the texts have tags.")
    strict: bool = Field(False, description="Answer with status 422 if a text is off-target.")
    alternatives: int = Field(0, ge=0, description="Number of alternatives of each text, at most.")
    model: str = Field("", description="Name of the model; the first one of the server by default.")
    api_key: str = Field("", description="The API key, unless a header has it.")


class DetectBody(BaseModel):
    """The body of LibreTranslate's `POST /detect`."""

    q: str = Field(description="The text.", examples=["Buongiorno"])
    api_key: str = Field("", description="The API key, unless a header has it.")


@router.post(
    "/translate",
    summary="Translate a text, or several.",
    openapi_extra=described(own_api.TranslateBody, LibreTranslateBody, forms=True),
    responses=replies(TranslateReply | LibreTranslateReply, events=True),
)
async def translate(http: Request, service: Open) -> Response:
    """With `text`, translations with their verdicts; with `q`, the form of LibreTranslate."""
    fields = await fields_of(http)
    if "q" in fields and "text" in fields:
        raise wrong("the body has both text and q; send text, or q as to LibreTranslate")
    if "q" not in fields:
        service.keys.require(http)
        return await own_api.translate(http, service, fields)
    service.keys.require(http, fields.get("api_key"))
    unused = unused_fields(fields, LibreTranslateBody)
    answer = await _translate(http, service, checked_body(LibreTranslateBody, fields))
    return JSONResponse(answer | ({"ignored": unused} if unused else {}))


async def _translate(http: Request, service: TranslationService, body: LibreTranslateBody) -> dict[str, Any]:
    several = not isinstance(body.q, str)
    texts = [body.q] if isinstance(body.q, str) else body.q
    wanted = min(body.alternatives, service.limits.alternatives)
    results = await service.translate(
        http,
        texts,
        body.source,
        body.target,
        format=body.format,
        alternatives=wanted,
        model=body.model or None,
    )
    require_translated(results)
    if body.strict or service.strict:
        require_on_target(results)

    def shown(values: list[Any]) -> Any:
        return values if several else values[0]

    answer: dict[str, Any] = {
        "translatedText": shown([one.text for one in results]),
        "on_target": shown([one.on_target for one in results]),
        "verdict": shown([one.verdict.to_dict() for one in results]),
    }
    if body.source == AUTO:
        confidence = service.offered.confidence
        answer["detectedLanguage"] = shown(
            [
                {"language": str(one.source or ""), "confidence": _percent(confidence(text, one.source))}
                for text, one in zip(texts, results, strict=True)
            ]
        )
    if body.alternatives:
        answer["alternatives"] = shown([[other.text for other in one.alternatives or ()] for one in results])
    return answer


@router.post(
    "/detect",
    summary="Detect the language.",
    openapi_extra=described(DetectBody, forms=True),
    responses=replies(list[DetectedReply]),
)
async def detect(http: Request, service: Open) -> JSONResponse:
    """The most probable language of a text, with a confidence from 0 to 100."""
    fields = await fields_of(http)
    service.keys.require(http, fields.get("api_key"))
    body = checked_body(DetectBody, fields)
    service.check_size([body.q])
    guess = service.offered.detected(body.q)
    found = [{"language": guess.label, "confidence": _percent(guess.probability)}] if guess.label else []
    return JSONResponse(found)


@router.get("/languages", summary="List the languages.")
async def languages(service: Open) -> JSONResponse:
    """The languages, each with those that it can be translated into."""
    codes = [str(one) for one in service.offered.languages]
    return JSONResponse(
        [
            {"code": str(one), "name": one.name(), "targets": [code for code in codes if code != str(one)]}
            for one in service.offered.languages
        ]
    )


@router.get("/frontend/settings", summary="Settings that clients of LibreTranslate ask for.")
async def settings(service: Open) -> JSONResponse:
    """What this server has of LibreTranslate's features."""
    return JSONResponse(
        {
            "apiKeys": bool(service.keys),
            "charLimit": service.limits.characters,
            "filesTranslation": True,
            "frontendTimeout": 500,
            "keyRequired": bool(service.keys),
            "language": {"source": {"code": AUTO, "name": "Auto Detect"}, "target": {}},
            "suggestions": False,
            "supportedFilesFormat": SUFFIXES,
        }
    )


def _percent(probability: float) -> float:
    return round(100 * min(1.0, probability), 1)
