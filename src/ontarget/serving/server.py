"""Runs the application with uvicorn: prints the address, and ends after the requests in progress."""

import socket
from collections.abc import Callable, Collection
from typing import Any

import uvicorn

from ontarget.errors import UserError
from ontarget.serving.app import LOCAL, make_app
from ontarget.serving.service import TranslationService

_DRAIN = 60  # seconds for the requests in progress when the server ends
_KEEP_ALIVE = 30  # seconds


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
        "timeout_graceful_shutdown": _DRAIN,
        "timeout_keep_alive": _KEEP_ALIVE,
    }
    server = uvicorn.Server(uvicorn.Config(app, **settings))
    started(f"http://{name}:{listening.getsockname()[1]}")
    with listening:
        server.run(sockets=[listening])
    if service.batcher.error is not None:
        raise service.batcher.error


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
