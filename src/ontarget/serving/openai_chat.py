"""OpenAI's chat API: the last message of the user is the text, and its languages are named, never guessed."""

import time
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ontarget.checked.source import AUTO
from ontarget.serving.body import checked_body, described, fields_of, unused_fields
from ontarget.serving.context import WithKey
from ontarget.serving.events import EventsResponse, event
from ontarget.serving.failure import Failure, wrong
from ontarget.serving.model_languages import REMEDY, source_and_target
from ontarget.serving.models import DEFAULT_NAME
from ontarget.serving.offered import OfferedLanguages
from ontarget.serving.replies import ChatReply, ModelReply, ModelsReply, replies
from ontarget.serving.required import require_on_target, require_translated
from ontarget.serving.streaming import StreamedPiece, begun, stream, whole
from ontarget.serving.texts import ServedText

router = APIRouter()


class ChatContent(BaseModel):
    """A part of a message."""

    type: str = "text"
    text: str = ""


class ChatMessage(BaseModel):
    """A message; those of other roles than `user` are ignored."""

    role: str
    content: str | list[ChatContent] | None = None

    def text(self) -> str:
        """Its text.

        Raises:
            Failure: it has something else, such as an image.
        """
        if self.content is None or isinstance(self.content, str):
            return self.content or ""
        if any(part.type != "text" for part in self.content):
            raise wrong("only text can be translated; send a message of text")
        return "".join(part.text for part in self.content)


class LanguageOptions(BaseModel):
    """The languages of a text."""

    target_lang: str
    source_lang: str = AUTO


class StreamOptions(BaseModel):
    """Options of `stream`."""

    include_usage: bool = False


class ChatBody(BaseModel):
    """The body of `POST /v1/chat/completions`; other keys, such as `temperature`, are named in `ignored`."""

    model: str = Field(
        description="The name of the model, which may have languages behind it.", examples=["ontarget:it-fr"]
    )
    messages: list[ChatMessage] = Field(
        min_length=1,
        description="The last one of the user is the text.",
        examples=[[{"role": "user", "content": "Buongiorno"}]],
    )
    translation_options: LanguageOptions | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: int | None = None
    strict: bool = Field(False, description="Whether an off-target translation is an error.")


@router.post(
    "/v1/chat/completions",
    summary="Translate as OpenAI.",
    openapi_extra=described(ChatBody),
    responses=replies(ChatReply, events=True),
)
async def chat(http: Request, service: WithKey) -> Response:
    """The translation of the last message of the user; with `stream`, sentence by sentence.

    Keys that make no difference are named in `ignored`, in a stream in its first chunk.
    """
    fields = await fields_of(http)
    body, unused = checked_body(ChatBody, fields), unused_fields(fields, ChatBody)
    ignored = {"ignored": unused} if unused else {}
    if body.n not in (None, 1):
        raise wrong("a text has one translation; omit n")
    name, _, languages = body.model.partition(":")
    model = service.models.resolved(name)
    source, target = _languages(languages, body.translation_options, service.offered)
    text = next((one.text() for one in reversed(body.messages) if one.role == "user"), None)
    if text is None:
        raise wrong("no message has the role user; send the text in one")
    required = [require_translated, *([require_on_target] if body.strict or service.strict else [])]
    if body.stream:
        pieces = stream(http, service, [text], source, target, model=model, required=required)
        return EventsResponse(_chunks(await begun(pieces), body, ignored))
    (result,) = await service.translate(http, [text], source, target, model=model)
    for require in required:
        require([result])
    message = {"role": "assistant", "content": result.text, "refusal": None}
    choice = {"index": 0, "message": message, "finish_reason": _finish_reason(result), "logprobs": None}
    reply = {"choices": [choice], "usage": _usage(result), "translation": result.to_dict()}
    return JSONResponse(_head(body, "chat.completion") | reply | ignored)


async def _chunks(
    pieces: AsyncIterator[StreamedPiece], body: ChatBody, first: Mapping[str, Any]
) -> AsyncIterator[str]:
    """The pieces as chunks of a chat completion, the first of which has more keys."""
    head, sent = _head(body, "chat.completion.chunk"), list[StreamedPiece]()
    with_usage = body.stream_options is not None and body.stream_options.include_usage

    def chunk(choices: Sequence[dict[str, Any]], **more: Any) -> str:
        return event({**head, "choices": choices, **({"usage": None} if with_usage else {}), **more})

    def choice(finish_reason: str | None = None, **delta: str) -> dict[str, Any]:
        return {"index": 0, "delta": delta, "finish_reason": finish_reason, "logprobs": None}

    try:
        yield chunk([choice(role="assistant", content="")], **first)
        async for piece in pieces:
            sent.append(piece)
            yield chunk([choice(content=piece.translation.text)], translation=piece.to_dict())
    except Failure as failure:
        yield event(failure.to_dict())
        return
    (result,) = whole(sent)
    yield chunk([choice(_finish_reason(result))])
    if with_usage:
        yield chunk([], usage=_usage(result))
    yield "data: [DONE]\n\n"


def _head(body: ChatBody, kind: str) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{uuid.uuid4().hex}",
        "object": kind,
        "created": int(time.time()),
        "model": body.model,
    }


def _finish_reason(result: ServedText) -> str:
    return "stop" if result.finish_reason == "stop" else "length"


def _usage(result: ServedText) -> dict[str, int]:
    """The numbers of tokens; a server of the model that does not count them leaves them 0."""
    prompt = sum(one.checked.hypothesis.prompt_tokens for one in result.segments)
    tokens = sum(one.checked.hypothesis.tokens for one in result.segments)
    return {"prompt_tokens": prompt, "completion_tokens": tokens, "total_tokens": prompt + tokens}


@router.get("/v1/models", summary="List the models as OpenAI.", responses=replies(ModelsReply))
async def models(service: WithKey) -> JSONResponse:
    """All models, the default first; a direction may follow a name, as in `ontarget:de-fr`."""
    return JSONResponse({"object": "list", "data": [_model(name) for name in service.models.names]})


@router.get("/v1/models/{name}", summary="Describe a model as OpenAI.", responses=replies(ModelReply))
async def model(name: str, service: WithKey) -> JSONResponse:
    """A model, by its name with or without a direction."""
    try:
        return JSONResponse(_model(service.models.resolved(name.partition(":")[0])))
    except Failure as failure:
        raise Failure(404, failure.code, failure.message) from None


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": DEFAULT_NAME}


def _languages(given: str, options: LanguageOptions | None, offered: OfferedLanguages) -> tuple[str, str]:
    """Codes of the source and target language, by the end of the model's name or by the options."""
    if options is not None and given:
        message = "the languages are both in the model and in translation_options; name them in one of these"
        raise wrong(message)
    if options is not None:
        return options.source_lang, options.target_lang
    if not given:
        raise wrong(f"the target language is missing; {REMEDY}", "missing_language")
    return source_and_target(given, offered)
