"""What every request passes: checks of host, origin and size, headers of the reply, a log line, a count."""

import asyncio
import logging
import time
from collections.abc import Collection, Mapping
from urllib.parse import unquote

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ontarget.serving.failure import Failure, place_of_error
from ontarget.serving.metrics import ServerMetrics

_LOG = logging.getLogger(__name__)
_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
]


_SAFE = ("GET", "HEAD", "OPTIONS")  # methods that neither translate nor change anything


class Gate:
    """The outermost part of the server.

    Args:
        app: the application behind the gate.
        metrics: counts the requests.
        body_bytes: the size of the largest body.
        by_path: the same for paths that take more, and for those below them.
        hosts: accepted values of the header Host, without ports; None: all. A server for this machine alone
            accepts only its own names, so that no page on the web can reach it under another one.
        origins: None: pages of any site may send requests. Else only the server's own page and those of these
            origins, such as `https://mt.example.com`; programs, which name no origin, always may.
        root: a path such as `/mt` under which a proxy has the server. Paths may begin with it or not, since
            some proxies remove it.
    """

    def __init__(
        self,
        app: ASGIApp,
        metrics: ServerMetrics,
        body_bytes: int,
        hosts: Collection[str] | None = None,
        by_path: Mapping[str, int] | None = None,
        origins: Collection[str] | None = None,
        root: str = "",
    ) -> None:
        self._app, self._metrics, self._body_bytes, self._hosts = app, metrics, body_bytes, hosts
        self._by_path, self._origins, self._root = by_path or {}, origins, unquote(root)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves a request, or a message on the life of the server."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["path"] = self._without_root(scope["path"])
        begin, status = time.monotonic(), 0
        headers = {name.lower(): value for name, value in scope["headers"]}

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                own = list(message.get("headers", ()))
                names = {name.lower() for name, _ in own}
                message["headers"] = [*own, *(each for each in _HEADERS if each[0] not in names)]
            await send(message)

        try:
            largest = self._largest(scope["path"])
            self._check(headers, largest)
            if self._origins is not None and scope["method"] not in _SAFE:
                _check_origin(headers, self._origins)
            await self._app(scope, self._limited(receive, largest), sent)
        except Failure as failure:
            if not status:
                await failure.response()(scope, receive, sent)
        except asyncio.CancelledError:  # the server ends without waiting any longer
            if not status:
                message = "this server has ended before it answered; try again"
                await Failure(503, "draining", message).response()(scope, receive, sent)
        except Exception as error:
            # The app has answered. The message may contain text of the user, so it is not logged.
            _LOG.error("a request failed: %s", place_of_error(error))
        seconds = time.monotonic() - begin
        # The path may be text of the user, the route is not.
        route = getattr(scope.get("route"), "path", "other")
        self._metrics.answered(route, status, seconds)
        _LOG.info("%s %s %d %.3f s", scope["method"], route, status, seconds)

    def _without_root(self, path: str) -> str:
        if self._root and f"{path}/".startswith(f"{self._root}/"):
            return path[len(self._root) :] or "/"
        return path

    def _largest(self, path: str) -> int:
        of_path = (size for one, size in self._by_path.items() if f"{path}/".startswith(f"{one}/"))
        return next(of_path, self._body_bytes)

    def _check(self, headers: dict[bytes, bytes], largest: int) -> None:
        host = headers.get(b"host", b"").decode("latin-1")
        name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
        if self._hosts is not None and name.lower() not in self._hosts:
            message = "the header Host does not name this server; use its address, such as localhost"
            raise Failure(400, "wrong_host", message)
        length = headers.get(b"content-length", b"0")
        if length.isdigit() and int(length) > largest:
            raise _too_large(largest)

    def _limited(self, receive: Receive, largest: int) -> Receive:
        size = 0

        async def received() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > largest:
                raise _too_large(largest)
            return message

        return received


def _check_origin(headers: Mapping[bytes, bytes], origins: Collection[str]) -> None:
    """Refuses the request of a page of another origin, which a browser sends without its user knowing.

    The rules are those of Go's `http.CrossOriginProtection`: browsers say where a request comes from in
    `Sec-Fetch-Site`, or at least in `Origin`, and no page can change these headers.
    """
    site, origin, host = (
        headers.get(name, b"").decode("latin-1").lower() for name in (b"sec-fetch-site", b"origin", b"host")
    )
    known = {"", f"http://{host}", f"https://{host}"}
    allowed = site in ("same-origin", "none") if site else origin in known
    if not allowed and origin not in origins:
        message = (
            "a page of another site has sent this request, which a server without API keys refuses; "
            "send it from a program, or from the page of the server"
        )
        raise Failure(403, "cross_origin", message)


def _too_large(largest: int) -> Failure:
    return Failure(413, "too_large", f"the body is too large; send at most {largest} bytes")
