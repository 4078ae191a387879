"""The replies of the server for the OpenAPI schema; tests compare the server's replies with them."""

from typing import Any, Literal

from pydantic import BaseModel

from ontarget.checked.verdict import Action, Flag, VerdictOutcome
from ontarget.documents.translating import Way


class VerdictReply(BaseModel):
    """A verdict, see `Verdict`."""

    outcome: VerdictOutcome
    language: str
    confidence: float
    action: Action
    flags: list[Flag]
    details: dict[Flag, list[str]]


class SegmentReply(VerdictReply):
    """A segment of a text."""

    where: str
    source: str
    text: str
    direction: str
    finish_reason: str
    tokens: int
    way: Way
    terms_missing: dict[str, list[str]] = {}


class AlternativeReply(VerdictReply):
    """Another translation of a text."""

    text: str


class TextReply(VerdictReply):
    """A translated text with the verdict on its worst segment."""

    text: str
    source: str | None
    target: str
    on_target: bool
    finish_reason: str
    terms_missing: dict[str, list[str]] = {}
    segments: list[SegmentReply] = []
    alternatives: list[AlternativeReply] = []


class TranslateReply(BaseModel):
    """The reply of `POST /translate` to a body with `text`."""

    translations: list[TextReply]
    model: str
    seconds: float


class DetectedReply(BaseModel):
    """An identified language, with a confidence from 0 to 100, as in LibreTranslate's API."""

    language: str
    confidence: float


class LibreTranslateReply(BaseModel):
    """The reply of `POST /translate` to a body with `q`: lists if `q` is a list."""

    translatedText: str | list[str]
    on_target: bool | list[bool]
    verdict: VerdictReply | list[VerdictReply]
    detectedLanguage: DetectedReply | list[DetectedReply] | None = None
    alternatives: list[str] | list[list[str]] | None = None
    ignored: list[str] = []


class LineReply(BaseModel):
    """The language of a line."""

    language: str
    confidence: float
    off_target: bool
    outcome: str
    doubt: str | None


class ScoreReply(BaseModel):
    """The reply of `POST /score`."""

    otr: float
    n: int
    off: int
    signature: str
    lines: list[LineReply]


class StatusReply(BaseModel):
    """The reply of `/health`."""

    status: str


class ReadyReply(StatusReply):
    """The reply of `/ready`: the default model, and all models."""

    model: str
    models: list[str]


class ChatReply(BaseModel):
    """The reply of `POST /v1/chat/completions`; `choices` and `usage` are as in OpenAI's API."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[dict[str, Any]]
    usage: dict[str, int]
    translation: TextReply
    ignored: list[str] = []


class ModelReply(BaseModel):
    """A model."""

    id: str
    object: Literal["model"]
    created: int
    owned_by: str


class ModelsReply(BaseModel):
    """The reply of `/v1/models`."""

    object: Literal["list"]
    data: list[ModelReply]


class ErrorDetail(BaseModel):
    """What is wrong with a request."""

    message: str
    type: str
    code: str


class ErrorReply(BaseModel):
    """The reply to a request that cannot be served; with status 422, `translations` may have the verdicts."""

    error: ErrorDetail
    message: str
    translations: list[TextReply] = []


ERRORS: dict[int | str, dict[str, Any]] = {
    "4XX": {"model": ErrorReply, "description": "The request is wrong; the message has the remedy."},
    "5XX": {"model": ErrorReply, "description": "The server cannot serve the request; try again later."},
}
"""The errors of all routes."""


def replies(model: Any, *, events: bool = False) -> dict[int | str, dict[str, Any]]:
    """The reply of a route that answers with a response of its own.

    Args:
        model: its JSON.
        events: whether it may be server-sent events instead.
    """
    content: dict[str, Any] = {"content": {"text/event-stream": {}}} if events else {}
    return {200: {"model": model, **content}}
