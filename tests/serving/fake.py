"""A server on loopback of a translator without a model."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
import uvicorn
from tests.serving.table import ANSWERS, EMPTY, ESEL, LONG, Table

from ontarget.scoring.language_id.identifier import default_identifier
from ontarget.serving.app import make_app
from ontarget.serving.model_process import in_thread
from ontarget.serving.service import TranslationService

__all__ = ["ANSWERS", "EMPTY", "ESEL", "LONG", "Table", "client_of", "served", "service_of"]


def service_of(table: Table | None = None, **how: Any) -> TranslationService:
    table = table or Table()
    return TranslationService({"ontarget": in_thread(lambda: table)}, default_identifier(), **how)


@contextmanager
def served(service: TranslationService, hosts: Any = None) -> Iterator[str]:
    """The address of a server in a thread."""
    config = uvicorn.Config(make_app(service, hosts=hosts), port=0, log_config=None, access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started or not service.models.ready:
        assert thread.is_alive()
        threading.Event().wait(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def client_of(service: TranslationService | None = None, **how: Any) -> Iterator[httpx2.Client]:
    with served(service or service_of(), **how) as url, httpx2.Client(base_url=url, timeout=60) as client:
        yield client
