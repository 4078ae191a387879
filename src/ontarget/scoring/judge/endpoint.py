"""A judge: a model on a server with OpenAI's API, with a cache so that no request is paid twice."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ontarget.errors import UserError
from ontarget.openai_api import NoReply, OpenAIServer, Session

Message = dict[str, str]  # role, content

_BEGIN = b'{"key": "'  # beginning of each cached reply


@dataclass(frozen=True, slots=True)
class Reply:
    """A model's reply with its numbers of tokens; `fresh` if it is new, and not from the cache."""

    text: str
    tokens_in: int
    tokens_out: int
    fresh: bool


class ReplyCache:
    """Replies by the SHA-256 of their request, one per line of a JSONL file."""

    def __init__(self, path: Path) -> None:
        """Reads the file, if it exists; an incomplete last line is removed and requested again.

        Raises:
            UserError: a line is not a reply.
        """
        self.path = path
        self._replies: dict[str, Reply] = {}
        data = path.read_bytes() if path.exists() else b""
        *lines, rest = data.split(b"\n")
        for number, line in enumerate(lines, start=1):
            try:
                record = json.loads(line)
                texts, numbers = (record["key"], record["text"]), (record["tokens_in"], record["tokens_out"])
            except (ValueError, KeyError, TypeError, RecursionError):
                raise self._not_kept(number) from None
            if not all(isinstance(x, str) for x in texts) or not all(isinstance(x, int) for x in numbers):
                raise self._not_kept(number)
            self._replies[texts[0]] = Reply(texts[1], *numbers, fresh=False)
        if rest:
            if not rest.startswith(_BEGIN[: len(rest)]):  # not a cache of ours, so leave it unchanged
                raise self._not_kept(len(lines) + 1)
            with path.open("rb+") as file:
                file.truncate(len(data) - len(rest))

    def _not_kept(self, line: int) -> UserError:
        return UserError(f"{self.path}, line {line} is not a cached reply; give another file, or remove it")

    def __len__(self) -> int:
        """The number of replies."""
        return len(self._replies)

    def get(self, key: str) -> Reply | None:
        """The reply to a request, if it is cached."""
        return self._replies.get(key)

    def put(self, key: str, reply: Reply) -> None:
        """Caches a reply; it is on disk when this returns."""
        record = {
            "key": key,
            "text": reply.text,
            "tokens_in": reply.tokens_in,
            "tokens_out": reply.tokens_out,
        }
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(json.dumps(record, ensure_ascii=False) + "\n")
        self._replies[key] = replace(reply, fresh=False)


@dataclass(frozen=True)
class Endpoint:
    """A model on a server.

    Attributes:
        server: the server, with OpenAI's API.
        model: the model's name on the server.
        cache: the cache of replies.
        settings: fields added to each request, such as `{"temperature": 0}`.
    """

    server: OpenAIServer
    model: str
    cache: ReplyCache
    settings: dict[str, Any] = field(default_factory=dict)

    async def ask(self, session: Session, messages: Sequence[Message]) -> Reply:
        """The model's reply to a conversation.

        Raises:
            UserError: the server refuses, or does not reply after several tries.
        """
        request = {"model": self.model, "messages": list(messages), **self.settings}
        canonical = json.dumps([self.server.url, request], sort_keys=True, ensure_ascii=False)
        key = hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()
        reply = self.cache.get(key)
        if reply is None:
            try:
                reply = self._read(await session.post("chat/completions", request))
            except NoReply as error:
                kept = f"; replies so far are in {self.cache.path}: run it again" if len(self.cache) else ""
                raise UserError(f"{error}{kept}") from None
            self.cache.put(key, reply)
        return reply

    def _read(self, response: dict[str, Any]) -> Reply:
        try:
            text = response["choices"][0]["message"]["content"]
            usage = response.get("usage") or {}
            read, written = (int(usage.get(name) or 0) for name in ("prompt_tokens", "completion_tokens"))
        except (ValueError, KeyError, IndexError, TypeError, AttributeError):
            raise self.server.nonsense(response) from None
        return Reply(text if isinstance(text, str) else "", read, written, fresh=True)
