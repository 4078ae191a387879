"""Errors of the server as JSON, in one form for all APIs: no traceback, no path, no text of a user."""

from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse

from ontarget.errors import excerpt

CLIENT_LEFT = 499
"""The status of requests whose client has left; no client sees it, but the log and the metrics do."""


_LONGEST_MESSAGE = 600  # characters; whoever sends long names or tags gets no more of them back


class Failure(Exception):
    """A request that cannot be served.

    Args:
        status: the HTTP status.
        code: a name for programs, such as `busy`.
        message: one sentence with the mistake and the remedy.
        headers: more headers of the response, such as `Retry-After`.
        more: more keys of the body.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        self.status, self.code, self.message = status, code, excerpt(message, _LONGEST_MESSAGE)
        super().__init__(self.message)
        self.headers, self.more = dict(headers or {}), dict(more or {})

    def to_dict(self) -> dict[str, Any]:
        """The body of the response: OpenAI's clients read `error`, and DeepL's read `message`."""
        error = {"message": self.message, "type": _kind(self.status), "code": self.code}
        return {"error": error, "message": self.message, **self.more}

    def response(self) -> JSONResponse:
        """The response."""
        return JSONResponse(self.to_dict(), self.status, self.headers)


def client_left() -> Failure:
    """The failure of a request whose client has left."""
    return Failure(CLIENT_LEFT, "client_left", "the client has left")


def wrong(message: str, code: str = "invalid_request") -> Failure:
    """The failure of a request with a mistake."""
    return Failure(400, code, message)


def _kind(status: int) -> str:
    return "invalid_request_error" if status < 500 else "server_error"


def place_of_error(error: BaseException) -> str:
    """The kind and the place of an exception, without its message, which may contain text of a user."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    at = f" in {trace.tb_frame.f_code.co_qualname}, line {trace.tb_lineno}" if trace else ""
    return f"{type(error).__name__}{at}"
