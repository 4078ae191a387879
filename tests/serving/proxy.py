"""A reverse proxy on loopback that has a server under a path, as nginx and Caddy do."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

PATH = "/mt"


class Proxy(ThreadingHTTPServer):
    """Forwards what is under `PATH` to `upstream`; all else is 404.

    Attributes:
        upstream: the address of the server.
        removes: whether the server is asked for the rest of the path, and not for the whole.
    """

    upstream: str
    removes: bool

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}{PATH}"


class _Handler(BaseHTTPRequestHandler):
    server: Proxy

    def do_GET(self) -> None:
        if not f"{self.path}/".startswith(f"{PATH}/"):
            self.send_error(404)
            return
        path = self.path.removeprefix(PATH) or "/" if self.server.removes else self.path
        connection = HTTPConnection(urlsplit(self.server.upstream).netloc, timeout=60)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        connection.request(self.command, path, body, dict(self.headers.items()))
        reply = connection.getresponse()
        data = reply.read()
        self.send_response(reply.status)
        for name, value in reply.getheaders():
            if name.lower() not in ("connection", "transfer-encoding", "content-length", "date"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
        connection.close()

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def proxied(serve: Callable[[str], str], *, removes: bool) -> Iterator[str]:
    """The public address of a server.

    Args:
        serve: is given this address, and returns that of the server.
        removes: see `Proxy`.
    """
    with Proxy() as proxy:
        proxy.upstream, proxy.removes = serve(proxy.url), removes
        thread = threading.Thread(target=proxy.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield proxy.url
        finally:
            proxy.shutdown()
            thread.join()
