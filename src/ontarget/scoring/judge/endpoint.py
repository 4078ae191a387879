"""A client for OpenAI-compatible endpoints, with a cache of replies so that no request is paid twice.

OpenAI, vLLM, llama.cpp, Ollama and others offer `POST URL/chat/completions`. Replies are treated as text and
never executed. The API key is read only from the environment, is sent only to this URL, and never appears in
messages.
"""

import hashlib
import json
import os
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ontarget.errors import UserError

Message = dict[str, str]  # role, content

_BUSY = {408, 409, 425, 429, 500, 502, 503, 504, 529}  # status codes after which a retry may succeed
_TRIES = 6
_LONGEST_WAIT = 60.0  # seconds between two tries, even if the server requests more
_BEGIN = b'{"key": "'  # beginning of each cached reply
_SHOWN = 300  # characters of a server's response that are shown


@dataclass(frozen=True, slots=True)
class Reply:
    """A model's reply with its numbers of tokens; `fresh` if it is new, and not from the cache."""

    text: str
    tokens_in: int
    tokens_out: int
    fresh: bool


class ReplyCache:
    """Replies by the SHA-256 of their request, one per line of a JSONL file. Threads may share it."""

    def __init__(self, path: Path) -> None:
        """Reads the file, if it exists; an incomplete last line is removed and requested again.

        Raises:
            UserError: a line is not a reply.
        """
        self.path, self._lock = path, threading.Lock()
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
        with self._lock:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8", newline="\n") as file:
                file.write(json.dumps(record, ensure_ascii=False) + "\n")
            self._replies[key] = replace(reply, fresh=False)


@dataclass(frozen=True)
class Endpoint:
    """A model on a server.

    Attributes:
        url: the base URL, up to `/v1`.
        model: the model's name on the server.
        cache: the cache of replies.
        key_variable: the environment variable with the API key; if it is not set, no key is sent.
        settings: fields added to each request, such as `{"temperature": 0}`.
        patience: seconds to wait for a reply.
    Raises:
        UserError: the URL is not valid.
    """

    url: str
    model: str
    cache: ReplyCache
    key_variable: str = "OPENAI_API_KEY"
    settings: dict[str, Any] = field(default_factory=dict)
    patience: float = 300.0

    def __post_init__(self) -> None:
        if not self.url.startswith(("http://", "https://")):
            raise UserError(
                f"--url is '{self.url}', but it must begin with http:// or https://, and end with /v1"
            )

    def ask(self, messages: Sequence[Message]) -> Reply:
        """The model's reply to a conversation.

        Raises:
            UserError: the server refuses, or does not reply after several tries.
        """
        request = {"model": self.model, "messages": list(messages), **self.settings}
        canonical = json.dumps([self.url, request], sort_keys=True, ensure_ascii=False)
        key = hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()
        reply = self.cache.get(key)
        if reply is None:
            reply = self._read(self._post(json.dumps(request).encode("ascii")))
            self.cache.put(key, reply)
        return reply

    def _post(self, body: bytes) -> bytes:
        headers = {"Content-Type": "application/json"}
        if key := os.environ.get(self.key_variable):
            headers["Authorization"] = f"Bearer {key}"
        request = urllib.request.Request(f"{self.url.rstrip('/')}/chat/completions", body, headers)
        for number in range(1, _TRIES + 1):
            try:
                with _opener.open(request, timeout=self.patience) as response:
                    content: bytes = response.read()
                    return content
            except urllib.error.HTTPError as error:
                failure, wait = self._refusal(error), error.headers.get("Retry-After", "")
                if error.code not in _BUSY:
                    raise UserError(failure) from None
            except (
                OSError,
                ValueError,
            ) as error:  # no connection, a timeout; or a header that cannot be sent
                reason = getattr(error, "reason", error)
                failure, wait = f"no reply from {self.url}: {reason}", ""
            if number < _TRIES:
                time.sleep(min(float(wait) if wait.isdecimal() else 0.5 * 2**number, _LONGEST_WAIT))
        raise UserError(
            f"{failure} (tried {_TRIES} times); replies so far are in {self.cache.path}: run it again"
        )

    def _refusal(self, error: urllib.error.HTTPError) -> str:
        message = " ".join(error.read(4 * _SHOWN).decode("utf-8", "replace").split())[:_SHOWN]
        if error.code in (401, 403):
            state = "is set, but not accepted" if os.environ.get(self.key_variable) else "is not set"
            return f"{self.url} needs an API key ({error.code}): {self.key_variable} {state}"
        if 300 <= error.code < 400:
            return f"{self.url} redirects to another address ({error.code}); give that address instead"
        return f"{self.url} refuses ({error.code}): {message or error.reason}"

    def _read(self, content: bytes) -> Reply:
        try:
            response = json.loads(content)
            text = response["choices"][0]["message"]["content"]
            usage = response.get("usage") or {}
            read, written = (int(usage.get(name) or 0) for name in ("prompt_tokens", "completion_tokens"))
        except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
            shown = content[:_SHOWN].decode("utf-8", "replace")
            raise UserError(
                f"the reply of {self.url} is not in the format of OpenAI's chat completions: {shown!r}"
            ) from None
        return Reply(text if isinstance(text, str) else "", read, written, fresh=True)


class _StayHere(urllib.request.HTTPRedirectHandler):
    """Follows no redirects, since the key is for one address only."""

    def redirect_request(self, *_: Any) -> None:
        """Makes no other request."""


_opener = urllib.request.build_opener(_StayHere)
