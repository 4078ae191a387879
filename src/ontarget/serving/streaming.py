"""Translates sentence by sentence, so that a client has the first one before the last one is translated.

Never token by token: whether a sentence is in the right language is known at its end, and one that is not may
be translated again. What was sent cannot be taken back.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from starlette.requests import Request

from ontarget.documents.glossary import Glossary
from ontarget.documents.keep import Keep
from ontarget.documents.parts import Document
from ontarget.documents.segments import segments_of
from ontarget.documents.terms import TranslateRequests
from ontarget.documents.translating import as_text
from ontarget.serving.choices import translate_with_choices
from ontarget.serving.service import TranslationService
from ontarget.serving.sources import TextDirections, directions_of
from ontarget.serving.texts import LINE, ServedText, TextFormat, document_of, main_direction, overall


@dataclass(frozen=True, slots=True)
class StreamedPiece:
    """A sentence of a text with what is around it, and its translation.

    Attributes:
        number: the number of the text, from 1.
        where: its place in the text, such as `line 3`; empty for a whole text.
        source: the piece; those of a text together are the text.
        translation: its translation; the texts of those of a text together are its translation.
    """

    number: int
    where: str
    source: str
    translation: ServedText

    def to_dict(self) -> dict[str, Any]:
        """The piece as plain data, for JSON."""
        direction = {"direction": str(self.translation.direction)}
        where = {"where": self.where} if self.where else {}
        data = {name: value for name, value in self.translation.to_dict().items() if name != "target"}
        return {"number": self.number, **where, **data, "source": self.source, **direction}


@dataclass(frozen=True, slots=True)
class _Piece:
    number: int
    where: str
    text: str
    directions: TextDirections


async def stream(
    http: Request,
    service: TranslationService,
    texts: Sequence[str],
    source: str | None,
    target: str,
    *,
    format: TextFormat = "text",
    keep: Keep | None = None,
    glossary: Glossary | None = None,
    model: str | None = None,
    required: Sequence[Callable[[Sequence[ServedText], int], None]] = (),
) -> AsyncGenerator[StreamedPiece]:
    """The pieces of texts, in order, each as soon as it and those before it are translated.

    A text with tags is one piece. The first piece is translated alone, and each time twice as many as before:
    many sentences together take less time.

    Args:
        http, service: the request, and what it is for. If its client leaves, the work ends.
        texts, source, target, format, keep, glossary, model: see `TranslationService.translate`.
        required: what a piece must be to be sent, see `required.py`; called with the number of its text.
    Raises:
        Failure: see there, or a piece is not as required.
    """
    loop = asyncio.get_running_loop()
    done = asyncio.Queue[StreamedPiece | None]()
    characters = sum(map(len, texts))
    service.check_size(texts)
    into = service.offered.named(target)
    known = service.offered.source(source)

    def work(translate: TranslateRequests) -> list[ServedText]:
        documents: list[Document] = [document_of(text, format) for text in texts]
        directions = directions_of(documents, known, into, service.offered)
        pieces = iter(
            [
                _Piece(number, where, piece, of_piece)
                for number, (text, of_text) in enumerate(zip(texts, directions, strict=True), 1)
                for where, piece, of_piece in pieces_of(text, of_text, format, keep)
            ]
        )
        found, size = list[ServedText](), 1
        while some := list(islice(pieces, size)):
            results = translate_with_choices(
                [document_of(one.text, format) for one in some],
                [one.directions for one in some],
                translate,
                level="line" if format == "text" else "sentence",
                identifier=service.identifier,
                keep=keep,
                glossary=glossary,
            )
            for piece, result in zip(some, results, strict=True):
                loop.call_soon_threadsafe(done.put_nowait, _streamed(piece, result))
            found += results
            size *= 2
        return found

    running = asyncio.ensure_future(service.run(http, characters, work, model=model))
    running.add_done_callback(lambda _: done.put_nowait(None))
    try:
        while (piece := await done.get()) is not None:
            for require in required:
                require([piece.translation], piece.number)
            yield piece
        segments = [one.checked for each in await running for one in each.segments]
        service.metrics.translated(characters, segments)
    finally:
        running.cancel()


async def begun(pieces: AsyncGenerator[StreamedPiece]) -> AsyncIterator[StreamedPiece]:
    """The same pieces, of which the first one is there.

    Raises:
        Failure: there is none; the reply has not begun, so that it can have the status of the failure.
    """
    first = await anext(pieces, None)

    async def all_of_them() -> AsyncIterator[StreamedPiece]:
        async with aclosing(pieces):
            if first is not None:
                yield first
            async for piece in pieces:
                yield piece

    return all_of_them()


def whole(pieces: Sequence[StreamedPiece]) -> list[ServedText]:
    """The texts of all pieces, as `TranslationService.translate` gives them."""
    texts = []
    for number in dict.fromkeys(piece.number for piece in pieces):
        of_text = [piece.translation for piece in pieces if piece.number == number]
        segments = [segment for one in of_text for segment in one.segments]
        verdict = overall(
            [one.verdict for one in of_text if one.segments] or [one.verdict for one in of_text]
        )
        text = "".join(one.text for one in of_text)
        direction = main_direction(segments, of_text[0].direction)
        texts.append(ServedText(text, direction, verdict, segments))
    return texts


def pieces_of(
    text: str,
    directions: TextDirections,
    format: TextFormat = "text",
    keep: Keep | None = None,
) -> list[tuple[str, str, TextDirections]]:
    """The sentences of a text with what is around them, which together are the text.

    A text with tags is one piece, because a tag may be open for several sentences.

    Returns:
        The place of each piece, its text, and from which language it is to be translated.
    """
    if format != "text":
        return [("", text, directions)]
    found, cores, place, before = list[tuple[str, str]](), list[str](), 0, ""
    for number, line in enumerate(LINE.finditer(text), 1):
        before += text[place : line.start()]
        for segment in segments_of((line[0],), directions.main.source, keep=keep):
            found.append((f"line {number}", before + "".join(map(str, segment.filled(segment.core)))))
            cores.append(as_text(segment.core))
            before = ""
        place = line.end()
    if not found:
        return [("", text, directions)]
    where, last = found.pop()
    found.append((where, last + text[place:]))
    of_pieces = map(TextDirections, directions.of(cores))
    return [(*piece, one) for piece, one in zip(found, of_pieces, strict=True)]


def _streamed(piece: _Piece, result: ServedText) -> StreamedPiece:
    segments = [replace(one, where=piece.where or one.where) for one in result.segments]
    return StreamedPiece(piece.number, piece.where, piece.text, replace(result, segments=segments))
