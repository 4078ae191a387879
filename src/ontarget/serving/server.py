"""Runs the application with uvicorn: prints the address, and ends after the requests in progress."""

import signal
import socket
import time
from collections.abc import Callable, Collection
from types import FrameType
from typing import Any

import uvicorn

from ontarget.errors import UserError
from ontarget.serving.app import LOCAL, make_app
from ontarget.serving.service import TranslationService

_DRAIN = 60  # seconds for the requests in progress when the server ends
_LAST = 5  # seconds for their responses to be sent
_KEEP_ALIVE = 30  # seconds


class DrainingServer(uvicorn.Server):
    """A server that ends after the requests in progress.

    Until then it goes on listening, so that load balancers hear from `/ready` that it ends, and new requests
    get status 503 instead of a refused connection. A second Ctrl-C ends it at once; a second SIGTERM is
    ignored, since clusters send it to a process and to its parents, which forward it.

    Args:
        config: see uvicorn.
        service: has the requests in progress.
    """

    def __init__(self, config: uvicorn.Config, service: TranslationService) -> None:
        super().__init__(config)
        self._service = service
        self._end: float | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begins to end, or ends."""
        if self._end is None:
            super().handle_exit(sig, frame)
            self._service.draining = True
            self._end = time.monotonic() + _DRAIN
            self.should_exit = False  # `on_tick` sets it
        elif sig == signal.SIGINT:
            self.should_exit = self.force_exit = True
            self.config.timeout_graceful_shutdown = 0

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Ends the requests that are still in progress, and the application."""
        await super().shutdown(sockets)
        if self.force_exit:  # uvicorn would leave both as they are
            for task in self.server_state.tasks:
                task.cancel()
            await self.lifespan.shutdown()

    async def on_tick(self, counter: int) -> bool:
        """Called ten times a second; returns whether to end."""
        if self._end is not None and (self._service.idle or time.monotonic() > self._end):
            self.should_exit = True
        return await super().on_tick(counter)


def serve(
    service: TranslationService,
    host: str,
    port: int,
    *,
    hosts: Collection[str] = (),
    started: Callable[[str], None] = lambda address: None,
) -> None:
    """Serves until SIGTERM or Ctrl-C; the requests in progress are still answered.

    Args:
        service: translates.
        host: the address to listen at.
        port: the port; 0 chooses a free one.
        hosts: names of the server in the header Host, if it is for this machine alone.
        started: called with the address before the model is loaded.
    Raises:
        UserError: the address is not free, or the model cannot be loaded.
    """
    listening = _listening(host, port)
    local = listening.getsockname()[0] in ("127.0.0.1", "::1")
    name = f"[{host}]" if ":" in host else host
    server: uvicorn.Server

    def failed() -> None:
        server.should_exit = True

    app = make_app(service, hosts={*LOCAL, name, *hosts} if local else None, failed=failed)
    settings: dict[str, Any] = {
        "log_config": None,
        "access_log": False,  # it has paths, which may be text of users; `gate.py` logs routes
        "server_header": False,
        "timeout_graceful_shutdown": _LAST,
        "timeout_keep_alive": _KEEP_ALIVE,
    }
    server = DrainingServer(uvicorn.Config(app, **settings), service)
    started(f"http://{name}:{listening.getsockname()[1]}")
    with listening:
        server.run(sockets=[listening])
    if service.models.error is not None:
        raise service.models.error


def _listening(host: str, port: int) -> socket.socket:
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind)
    except OSError:
        raise UserError(f"--host '{host}' is not an address of this machine; try 127.0.0.1") from None
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
    except OSError as error:
        listening.close()
        raise UserError(
            f"the server cannot listen at {host}:{port}: {error.strerror}; choose another --port or --host"
        ) from None
    return listening
