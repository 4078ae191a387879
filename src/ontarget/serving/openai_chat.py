"""OpenAI's chat API: the last message of the user is the text, and its languages are named, never guessed."""

import time
import uuid

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import JSONResponse

from ontarget.checked.source import AUTO
from ontarget.errors import UserError
from ontarget.languages import Direction
from ontarget.serving.body import checked_body, described, fields_of
from ontarget.serving.context import WithKey
from ontarget.serving.failure import wrong
from ontarget.serving.models import DEFAULT_NAME
from ontarget.serving.replies import ChatReply, ModelsReply, replies
from ontarget.serving.required import require_translated

router = APIRouter()

_REMEDY = (
    'name the languages in the model, such as "ontarget:de-fr", or in translation_options, such as '
    '{"source_lang": "auto", "target_lang": "fr"}'
)


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


class ChatBody(BaseModel):
    """The body of `POST /v1/chat/completions`; other keys, such as `temperature`, are ignored."""

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
    n: int | None = None


@router.post(
    "/v1/chat/completions",
    summary="Translate as OpenAI.",
    openapi_extra=described(ChatBody),
    responses=replies(ChatReply),
)
async def chat(http: Request, service: WithKey) -> JSONResponse:
    """The translation of the last message of the user."""
    body = checked_body(ChatBody, await fields_of(http))
    if body.stream:
        raise wrong("a translation is checked before it is sent; omit stream", "no_streaming")
    if body.n not in (None, 1):
        raise wrong("a text has one translation; omit n")
    name, _, languages = body.model.partition(":")
    model = service.models.resolved(name)
    source, target = _languages(languages, body.translation_options)
    text = next((one.text() for one in reversed(body.messages) if one.role == "user"), None)
    if text is None:
        raise wrong("no message has the role user; send the text in one")
    (result,) = await service.translate(http, [text], source, target, model=model)
    require_translated([result])
    prompt = sum(one.checked.hypothesis.prompt_tokens for one in result.segments)
    tokens = sum(one.checked.hypothesis.tokens for one in result.segments)
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": result.text, "refusal": None},
        "finish_reason": "stop" if result.finish_reason == "stop" else "length",
        "logprobs": None,
    }
    return JSONResponse(
        {
            "id": f"chatcmpl-{uuid.uuid4().hex}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": body.model,
            "choices": [choice],
            "usage": {
                "prompt_tokens": prompt,
                "completion_tokens": tokens,
                "total_tokens": prompt + tokens,
            },
            "translation": result.to_dict(),
        }
    )


@router.get("/v1/models", summary="List the models as OpenAI.", responses=replies(ModelsReply))
async def models(service: WithKey) -> JSONResponse:
    """All models, the default first; a direction may follow a name, as in `ontarget:de-fr`."""
    found = [
        {"id": name, "object": "model", "created": 0, "owned_by": DEFAULT_NAME}
        for name in service.models.names
    ]
    return JSONResponse({"object": "list", "data": found})


def _languages(given: str, options: LanguageOptions | None) -> tuple[str, str]:
    """Codes of the source and target language, by the end of the model's name or by the options."""
    if options is not None and given:
        message = "the languages are both in the model and in translation_options; name them in one of these"
        raise wrong(message)
    if options is not None:
        return options.source_lang, options.target_lang
    if not given:
        raise wrong(f"the target language is missing; {_REMEDY}", "missing_language")
    try:
        direction = Direction.parse(given)
    except UserError:
        return AUTO, given  # a single language
    return str(direction.source), str(direction.target)
