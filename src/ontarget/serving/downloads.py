"""Replies that are files."""

from mimetypes import guess_type
from pathlib import Path
from urllib.parse import quote

from starlette.background import BackgroundTask
from starlette.responses import FileResponse, Response

_ANY = "application/octet-stream"


def file_headers(name: str) -> dict[str, str]:
    """The headers of a reply that browsers save as a file, whatever it contains."""
    return {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}"}


def data_reply(name: str, data: bytes, headers: dict[str, str]) -> Response:
    """A reply with the bytes of a file."""
    return Response(data, media_type=_media_type(name), headers=file_headers(name) | headers)


def file_reply(name: str, path: Path, headers: dict[str, str], after: BackgroundTask | None) -> Response:
    """A reply with a file of the server.

    Args:
        name: its name for the client.
        path: where it is.
        headers: more headers.
        after: done when the file is sent.
    """
    return FileResponse(
        path, media_type=_media_type(name), headers=file_headers(name) | headers, background=after
    )


def _media_type(name: str) -> str:
    return guess_type(name)[0] or _ANY
