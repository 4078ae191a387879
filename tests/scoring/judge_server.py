"""A judge on this machine: it answers as a function says, and remembers what it was asked."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests import openai_server

Reply = str | tuple[int, dict[str, str], str]  # an answer's text; or a status, headers and a body
FIRST, SECOND = '{"better": 1}', '{"better": 2}'


class Judge:
    """`answer` gets the conversation; `asked` holds every request's body and headers."""

    def __init__(self, answer: Callable[[list[dict[str, str]]], Reply], server: openai_server.Server) -> None:
        self.answer, self.url, self._server = answer, server.url, server

    @property
    def asked(self) -> list[tuple[dict[str, Any], dict[str, str]]]:
        return [(asked.body, asked.headers) for asked in self._server.asked]


@contextmanager
def serving(answer: Callable[[list[dict[str, str]]], Reply]) -> Iterator[Judge]:
    def reply(path: str, body: dict[str, Any]) -> openai_server.Answer:
        assert path == "chat/completions"
        said = judge.answer(body["messages"])
        return openai_server.chat_reply(said) if isinstance(said, str) else said

    with openai_server.serving(reply) as server:
        judge = Judge(answer, server)
        yield judge


def prefers(good: str) -> Callable[[list[dict[str, str]]], Reply]:
    """A judge that finds the answer with this word better, wherever it stands; else the first."""

    def answer(messages: list[dict[str, str]]) -> Reply:
        text = messages[1]["content"]
        return SECOND if text.find(good) > text.index("answer 2") else FIRST

    return answer
