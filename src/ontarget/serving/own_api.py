"""The server's own API: translations with all of their verdicts, scores, health and metrics.

`POST /translate` is in `libretranslate.py`, since both APIs have this path.
"""

import time
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from ontarget.checked.source import AUTO
from ontarget.documents.glossary import Glossary
from ontarget.documents.keep import Keep
from ontarget.languages import Direction
from ontarget.scoring.off_target import OffTarget
from ontarget.serving.body import checked_body, described, fields_of
from ontarget.serving.context import Open, WithKey
from ontarget.serving.events import EventsResponse, event
from ontarget.serving.failure import Failure, wrong
from ontarget.serving.query import check_query
from ontarget.serving.replies import ReadyReply, ScoreReply, StatusReply, replies
from ontarget.serving.required import require_on_target, require_translated
from ontarget.serving.service import TranslationService
from ontarget.serving.streaming import StreamedPiece, begun, stream, whole
from ontarget.serving.texts import ServedText

router = APIRouter()

_MOST_TERMS = 1000
Term = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class TranslateBody(BaseModel):
    """The body of `POST /translate`."""

    model_config = ConfigDict(extra="forbid")

    text: str | list[str] = Field(
        description="The text, or several texts.", examples=["Buongiorno", ["Buongiorno", "Grazie"]]
    )
    target: str = Field(description="Language to translate into.", examples=["fr"])
    source: str = Field(AUTO, description="Language of the texts; auto identifies each.", examples=["it"])
    format: Literal["text", "html", "xml"] = Field("text", description="Whether the texts have tags.")
    strict: bool = Field(
        False, description="Answer with status 422 if a text is off-target, or untranslated."
    )
    stream: bool = Field(False, description="Answer with server-sent events, sentence by sentence.")
    alternatives: int = Field(0, ge=0, description="Number of other translations of each text, at most.")
    glossary: list[tuple[Term, Term]] = Field(
        [],
        max_length=_MOST_TERMS,
        description="Terms with their translations, which the translations should have.",
        examples=[[["dog", "chien"]]],
    )
    keep: list[Term] = Field(
        [],
        max_length=_MOST_TERMS,
        description="Words that stay as they are, such as names.",
        examples=[["ACME"]],
    )
    model: str | None = Field(None, description="Name of the model; the first one of the server by default.")


class ScoreBody(BaseModel):
    """The body of `POST /score`."""

    model_config = ConfigDict(extra="forbid")

    lines: list[str] = Field(
        min_length=1, description="Translations of any system.", examples=[["Bonjour", "Merci"]]
    )
    target: str = Field(description="Requested target language.", examples=["fr"])
    sources: list[str] | None = Field(
        None,
        description="The sources of the lines, to recognise copies.",
        examples=[["Buongiorno", "Grazie"]],
    )
    source: str | None = Field(None, description="Language of the sources.", examples=["it"])


async def translate(http: Request, service: TranslationService, fields: dict[str, Any]) -> Response:
    """Answers `POST /translate` in the server's own form.

    Raises:
        Failure: the request is wrong, or `strict` and a text is off-target or untranslated.
    """
    check_query(http)
    body = checked_body(TranslateBody, fields)
    begin = time.monotonic()
    texts = [body.text] if isinstance(body.text, str) else body.text
    model = service.models.resolved(body.model)

    def reply(results: Sequence[ServedText]) -> dict[str, Any]:
        seconds = round(time.monotonic() - begin, 3)
        translations = [one.to_dict() for one in results]
        return {"translations": translations, "model": model, "seconds": seconds}

    required = (require_translated, require_on_target) if body.strict or service.strict else ()
    how: Any = {
        "format": body.format,
        "keep": Keep.of_texts(body.keep) if body.keep else None,
        "glossary": Glossary(body.glossary) if body.glossary else None,
        "model": model,
    }
    if body.stream:
        if body.alternatives:
            raise wrong("a stream has one translation of each sentence; omit alternatives, or stream")
        pieces = stream(http, service, texts, body.source, body.target, required=required, **how)
        return EventsResponse(_events(await begun(pieces), reply))
    results = await service.translate(
        http, texts, body.source, body.target, alternatives=body.alternatives, **how
    )
    for require in required:
        require(results)
    return JSONResponse(reply(results))


async def _events(
    pieces: AsyncIterator[StreamedPiece], reply: Callable[[Sequence[ServedText]], dict[str, Any]]
) -> AsyncIterator[str]:
    sent = []
    try:
        async for piece in pieces:
            sent.append(piece)
            yield event(piece.to_dict(), "segment")
        yield event(reply(whole(sent)), "done")
    except Failure as failure:
        yield event(failure.to_dict(), "error")


@router.post(
    "/score", summary="Score translations.", openapi_extra=described(ScoreBody), responses=replies(ScoreReply)
)
async def score(http: Request, service: WithKey) -> JSONResponse:
    """The off-target ratio of lines, and the identified language of each."""
    check_query(http)
    body = checked_body(ScoreBody, await fields_of(http))
    service.check_size([*body.lines, *(body.sources or ())])
    if body.sources is not None and len(body.sources) != len(body.lines):
        raise wrong("lines and sources differ in number; send a source for each line")
    # No model is needed, so any language will do that the identifier knows.
    target = service.offered.recognised(body.target)
    into = Direction(service.offered.recognised(body.source), target) if body.source else target
    count = OffTarget(into, service.identifier)
    segments = await service.compute(http, partial(count.add, body.lines, body.sources))
    total = count.score
    of_lines = [
        {
            "language": one.guess.label,
            "confidence": round(one.guess.probability, 4),
            "off_target": one.off,
            "outcome": one.outcome,
            "doubt": one.doubt,
        }
        for one in segments
    ]
    return JSONResponse(
        {"otr": total.value, "n": total.n, "off": count.off, "signature": total.signature, "lines": of_lines}
    )


@router.get("/health", summary="Whether the server runs.", responses=replies(StatusReply))
@router.head("/health", include_in_schema=False)
async def health(service: Open) -> JSONResponse:
    """Answers as soon as the server runs, also while the model is loaded; 503: only a restart helps."""
    if service.models.state == "lost":
        service.check_ready()
    return JSONResponse({"status": "ok"})


@router.get("/ready", summary="Whether the model is loaded.", responses=replies(ReadyReply))
@router.head("/ready", include_in_schema=False)
async def ready(service: Open) -> JSONResponse:
    """Answers with 503 while the server does not translate."""
    service.check_ready()
    return JSONResponse({"status": "ready", "model": service.models.default, "models": service.models.names})


@router.get("/metrics", summary="Metrics in Prometheus' format.", response_class=PlainTextResponse)
async def metrics(service: WithKey) -> Response:
    """Requests, latency, tokens, and off-target segments before and after repair."""
    return Response(service.metrics.text(), media_type="text/plain; version=0.0.4")
