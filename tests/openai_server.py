"""A server with OpenAI's API on this machine: it answers as a function says, and remembers requests."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

CUT = "cut"  # in place of a reply: the connection is cut in the middle of one
Answer = dict[str, Any] | tuple[int, dict[str, str], str] | str
"""An object; or a status, headers and a body; or `CUT`."""


@dataclass(frozen=True)
class Asked:
    """A request."""

    path: str
    body: dict[str, Any]
    headers: dict[str, str]
    connection: tuple[str, int]


class Server:
    """`answer` gets the path below the URL and the body; `asked` holds every request."""

    def __init__(self, answer: Callable[[str, dict[str, Any]], Answer]) -> None:
        self.answer, self.url = answer, ""
        self.asked: list[Asked] = []
        self.at_once = self.most_at_once = 0
        self.lock = threading.Lock()

    def bodies(self, path: str) -> list[dict[str, Any]]:
        """The bodies of all requests to a path."""
        return [asked.body for asked in self.asked if asked.path == path]


@contextmanager
def serving(answer: Callable[[str, dict[str, Any]], Answer]) -> Iterator[Server]:
    """Serves on a port of its own within the block."""
    server = Server(answer)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # connections are used again

        def do_GET(self) -> None:
            self._reply({})

        def do_POST(self) -> None:
            self._reply(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def _reply(self, body: dict[str, Any]) -> None:
            path = self.path.removeprefix("/v1/")
            with server.lock:
                server.asked.append(Asked(path, body, dict(self.headers), self.client_address))
                server.at_once += 1
                server.most_at_once = max(server.most_at_once, server.at_once)
            try:
                reply = server.answer(path, body)
            finally:
                with server.lock:
                    server.at_once -= 1
            if isinstance(reply, dict):
                reply = 200, {}, json.dumps(reply)
            if isinstance(reply, str):
                self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")
                self.wfile.flush()
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return
            status, headers, text = reply
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    class Quiet(ThreadingHTTPServer):
        request_queue_size = 64

        def handle_error(self, *_: object) -> None:
            """Says nothing of clients that hang up."""

    http = Quiet(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    server.url = f"http://127.0.0.1:{http.server_port}/v1"
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


def chat_reply(
    text: str | None, *, finish: str = "stop", usage: tuple[int, int] = (100, 7)
) -> dict[str, Any]:
    """A reply of `chat/completions`."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": finish}
    return {
        "choices": [choice],
        "usage": {"prompt_tokens": usage[0], "completion_tokens": usage[1]},
    }
