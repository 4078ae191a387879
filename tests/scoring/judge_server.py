"""A chat endpoint on this machine: it answers as a function says, and remembers what it was asked."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = str | tuple[int, dict[str, str], str]  # an answer's text; or a status, headers and a body
FIRST, SECOND = '{"better": 1}', '{"better": 2}'


class Judge:
    """`answer` gets the conversation; `asked` holds every request's body and headers."""

    def __init__(self, answer: Callable[[list[dict[str, str]]], Reply]) -> None:
        self.answer, self.url = answer, ""
        self.asked: list[tuple[dict[str, Any], dict[str, str]]] = []


@contextmanager
def serving(answer: Callable[[list[dict[str, str]]], Reply]) -> Iterator[Judge]:
    judge = Judge(answer)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            judge.asked.append((body, dict(self.headers)))
            reply = judge.answer(body["messages"])
            if isinstance(reply, str):
                usage = {"prompt_tokens": 100, "completion_tokens": 7}
                choice = {"message": {"role": "assistant", "content": reply}}
                reply = 200, {}, json.dumps({"choices": [choice], "usage": usage})
            status, headers, text = reply
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    judge.url = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield judge
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def prefers(good: str) -> Callable[[list[dict[str, str]]], Reply]:
    """A judge that finds the answer with this word better, wherever it stands; else the first."""

    def answer(messages: list[dict[str, str]]) -> Reply:
        text = messages[1]["content"]
        return SECOND if text.find(good) > text.index("answer 2") else FIRST

    return answer
