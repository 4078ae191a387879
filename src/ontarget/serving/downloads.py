"""Replies that are files."""

from collections.abc import AsyncIterator, Callable
from mimetypes import guess_type
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

_ANY = "application/octet-stream"
_PIECE = 1 << 16  # bytes


def file_headers(name: str) -> dict[str, str]:
    """The headers of a reply that browsers save as a file, whatever it contains."""
    return {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"}


def data_reply(name: str, data: bytes, headers: dict[str, str]) -> Response:
    """A reply with the bytes of a file."""
    return Response(data, media_type=_media_type(name), headers=file_headers(name) | headers)


def sent_reply(
    http: Request, name: str, data: bytes, headers: dict[str, str], sent: Callable[[], None]
) -> Response:
    """A reply with the bytes of a file, which tells whether it was sent to the end.

    Args:
        http: the request.
        name: the name of the file for the client.
        data: the bytes.
        headers: more headers.
        sent: called once the reply is sent, unless the client has left before.
    """

    async def pieces() -> AsyncIterator[bytes]:
        for begin in range(0, len(data), _PIECE):
            yield data[begin : begin + _PIECE]
        yield b""  # returns when the connection has taken the pieces before, or is lost
        if not await http.is_disconnected():
            sent()

    headers = file_headers(name) | headers | {"Content-Length": str(len(data))}
    return StreamingResponse(pieces(), media_type=_media_type(name), headers=headers)


def _media_type(name: str) -> str:
    return guess_type(name)[0] or _ANY
