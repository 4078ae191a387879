"""The routes of the page: `/` shows it and translates; `static` has its styles and its script."""

import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.staticfiles import StaticFiles

from ontarget.checked.source import AUTO
from ontarget.serving.body import checked_body, fields_of
from ontarget.serving.context import Open
from ontarget.serving.document_api import REPORT
from ontarget.serving.documents import SUFFIXES
from ontarget.serving.downloads import data_reply
from ontarget.serving.failure import Failure, wrong
from ontarget.serving.page.badges import STATES, Badge
from ontarget.serving.page.off_target import OffTargetFile, off_target_file
from ontarget.serving.page.sentences import PageSentence, sentences_of, whole_of
from ontarget.serving.page.terms import terms_of
from ontarget.serving.prepared import prepared
from ontarget.serving.service import TranslationService
from ontarget.serving.streaming import StreamedPiece, begun, stream, whole
from ontarget.serving.uploads import uploaded

_FOLDER = Path(__file__).parent
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_ENGLISH = "en"
_IN_THE_FORM = {
    "invalid_api_key": "the API key is missing or wrong; enter it in the field 'API key'",
    "no_file": "no file was chosen; choose a document",
}
"""Messages, by the code of a failure, where the usual one speaks of what the page does not show."""

router = APIRouter(include_in_schema=False)
static = StaticFiles(directory=_FOLDER / "static")
"""Styles, script and icon, which `app.py` serves at `/page`."""

_environment = Environment(
    loader=FileSystemLoader(_FOLDER),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


_BLANK = PageSentence("", "", badge=Badge("right", "", (), False))  # what the script copies and fills


class PageBody(BaseModel):
    """What the page sends, as a form or from its script.

    Attributes:
        text: the text to translate.
        source: its language; `auto`: identify it.
        target: the language to translate into.
        terms: the glossary, see `terms.py`.
        model: the name of the model; empty: the default.
        alternatives: number of other translations of the text.
        swap: not empty: exchange the languages, and show `translation` as the text.
        translation: the translation that the form shows.
        detected: the identified language of the text that it shows.
    """

    text: str = ""
    source: str = AUTO
    target: str = ""
    terms: str = ""
    model: str = ""
    alternatives: int = Field(0, ge=0, le=8)
    swap: str = ""
    translation: str = ""
    detected: str = ""


@router.get("/")
@router.head("/")
async def show(http: Request, service: Open) -> HTMLResponse:
    """The page without a text."""
    return _page(service, PageBody(target=_preferred(http, service)))


@router.post("/")
async def translate(http: Request, service: Open) -> Response:
    """A form is answered with the page, the script's JSON with lines of JSON, one for each sentence."""
    if http.headers.get("content-type", "").startswith("application/json"):
        service.keys.require(http)
        body = checked_body(PageBody, await fields_of(http))
        lines = _alternatives if body.alternatives else _sentences
        return StreamingResponse(await lines(http, service, body), media_type="application/x-ndjson")
    body = PageBody(target=_preferred(http, service))
    try:
        fields = {
            name: value.replace("\r\n", "\n") if isinstance(value, str) else value
            for name, value in (await fields_of(http)).items()
        }
        body = checked_body(PageBody, fields)
        if body.swap:
            return _page(service, _swapped(body))
        service.keys.require(http, fields.get("api_key"))
        pieces = [one async for one in await _begun(http, service, body)] if body.text.strip() else []
    except Failure as failure:
        return _page(service, body, failure=failure)
    if pieces:
        body.detected = str(whole(pieces)[0].source or "") if body.source == AUTO else ""
        body.translation = "".join(one.translation.text for one in pieces)
    return _page(
        service, body, [one for piece in pieces for one in sentences_of(piece.source, piece.translation)]
    )


@router.post("/page/document")
async def translate_document(http: Request, service: Open) -> Response:
    """The form with a file is answered with the translated file, or with the page that says what is wrong.

    A file that is not wholly in the target language is behind a link of that page.
    """
    body = PageBody(target=_preferred(http, service))
    try:
        upload = await uploaded(http)
        fields = {name: value.replace("\r\n", "\n") for name, value in upload.fields.items()}
        body = checked_body(PageBody, fields)
        service.keys.require(http, fields.get("api_key"))
        glossary = terms_of(body.terms) if body.terms.strip() else None
        file = await prepared(service, upload, body.source, body.target, glossary, body.model)
        found = await file.translate(http, service)
        off_target = off_target_file(found, service.files)
    except Failure as failure:
        return _page(service, body, failure=failure, root="..")
    if off_target is not None:
        return _page(service, body, file=off_target, root="..")
    return data_reply(found.name, found.data, {REPORT: json.dumps(found.report())})


async def _begun(http: Request, service: TranslationService, body: PageBody) -> AsyncIterator[StreamedPiece]:
    """The pieces of the text with their translations, of which the first one is there."""
    pieces = stream(
        http,
        service,
        [body.text],
        body.source,
        body.target,
        glossary=terms_of(body.terms),
        model=body.model or None,
    )
    try:
        return await begun(pieces)
    except Failure as failure:
        if failure.code == "unidentified_language":
            message = "the language of the text cannot be identified; choose the source language"
            raise wrong(message, failure.code) from None
        raise


async def _sentences(http: Request, service: TranslationService, body: PageBody) -> AsyncIterator[str]:
    """Lines with the sentences of a text, then one with its language."""
    pieces = await _begun(http, service, body)

    async def lines() -> AsyncIterator[str]:
        sent = list[StreamedPiece]()
        try:
            async for piece in pieces:
                sent.append(piece)
                for one in sentences_of(piece.source, piece.translation):
                    yield _line(sentence=one.to_dict())
        except Failure as failure:
            yield _line(**failure.to_dict())
        else:
            source = whole(sent)[0].source if sent else None
            yield _line(done={"source": str(source), "name": source.name()} if source else {})

    return lines()


async def _alternatives(http: Request, service: TranslationService, body: PageBody) -> AsyncIterator[str]:
    """Lines with other translations of one sentence."""
    (served,) = await service.translate(
        http,
        [body.text],
        body.source,
        body.target,
        glossary=terms_of(body.terms),
        alternatives=min(body.alternatives, service.limits.alternatives),
        model=body.model or None,
    )

    async def lines() -> AsyncIterator[str]:
        for one in served.alternatives or ():
            yield _line(alternative=whole_of(body.text, one).to_dict())
        yield _line(done={})

    return lines()


def _line(**fields: Any) -> str:
    return f"{json.dumps(fields, ensure_ascii=False)}\n"


def _swapped(body: PageBody) -> PageBody:
    """The languages exchanged, and the translation as the text.

    Raises:
        Failure: the source language is not known, so it cannot be the target.
    """
    target = body.detected if body.source == AUTO else body.source
    if not target:
        raise wrong("choose the source language before you swap")
    changes = {"text": body.translation or body.text, "source": body.target, "target": target}
    return body.model_copy(update={**changes, "translation": "", "detected": ""})


def _preferred(http: Request, service: TranslationService) -> str:
    """The first offered language that the browser prefers, or English, or the first one."""
    codes = {str(one) for one in service.offered.languages}
    wanted = [part.split(";")[0].strip() for part in http.headers.get("accept-language", "").split(",")]
    for code in [*(name for one in wanted for name in (one, one.split("-")[0])), _ENGLISH]:
        if code in codes:
            return code
    return str(service.offered.languages[0])


def _page(
    service: TranslationService,
    body: PageBody,
    sentences: Sequence[PageSentence] = (),
    failure: Failure | None = None,
    file: OffTargetFile | None = None,
    root: str = ".",
) -> HTMLResponse:
    """The page.

    Args:
        file: a translated document that can be downloaded.
        root: where `/` is from the address of the reply, because a proxy may have it under any path.
    """
    message = _IN_THE_FORM.get(failure.code, failure.message) if failure else ""
    html = _environment.get_template("page.html.j2").render(
        root=service.root or root,
        models=service.models.names,
        languages=[(str(one), one.name()) for one in service.offered.languages],
        auto=AUTO,
        form=body,
        sentences=sentences,
        counts={
            state: count
            for state in STATES
            if (count := sum(one.badge is not None and one.badge.state == state for one in sentences))
        },
        states=STATES,
        blank=_BLANK,
        error=_sentence(message) if message else "",
        file=file,
        with_key=bool(service.keys),
        limit=service.limits.characters,
        endings=SUFFIXES,
    )
    # With the gate's `no-referrer`, browsers would send the form with `Origin: null`.
    headers = {"Content-Security-Policy": _POLICY, "Referrer-Policy": "same-origin"}
    headers |= failure.headers if failure else {}
    return HTMLResponse(html, failure.status if failure else 200, headers)


def _sentence(message: str) -> str:
    return f"{message[0].upper()}{message[1:]}{'' if message.endswith('?') else '.'}"
