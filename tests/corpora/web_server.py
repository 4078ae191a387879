"""A web server on this machine that does what it is told, well or badly."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Server:
    """What it serves, how badly, and what it was asked.

    Attributes:
        files: path -> content.
        cuts: how many bytes each answer gives at most before the connection drops, answer after answer.
        answers: status codes for the next requests, before any is answered well.
        ranges: whether it can go on in the middle of a file.
        tags: whether it says by an ETag which file it is.
        requests: path and Range of each request.
    """

    address: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    cuts: list[int] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    ranges: bool = True
    tags: bool = True
    content_type: str = "application/octet-stream"
    requests: list[tuple[str, str | None]] = field(default_factory=list)


@contextmanager
def web_server() -> Iterator[Server]:
    """The server, until the block ends."""
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers["Range"]
            state.requests.append((self.path, wanted))
            content = state.files.get(self.path)
            status = state.answers.pop(0) if state.answers else 200 if content is not None else 404
            if status != 200 or content is None:
                self.send_error(status)
                return
            tag = f'"{hashlib.sha256(content).hexdigest()}"'
            begin = 0
            if wanted and state.ranges and self.headers["If-Range"] == tag:
                begin = int(wanted.removeprefix("bytes=").removesuffix("-"))
                if begin >= len(content):
                    self.send_response(416)
                    self.send_header("Content-Range", f"bytes */{len(content)}")
                    self.end_headers()
                    return
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {begin}-{len(content) - 1}/{len(content)}")
            else:
                self.send_response(200)
            self.send_header("Content-Length", str(len(content) - begin))
            self.send_header("Content-Type", state.content_type)
            if state.tags:
                self.send_header("ETag", tag)
            self.end_headers()
            self.wfile.write(content[begin:][: state.cuts.pop(0) if state.cuts else None])

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    state.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
