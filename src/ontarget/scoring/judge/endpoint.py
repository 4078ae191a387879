"""An OpenAI-compatible endpoint: one question, one answer, kept in a file, so that no question is paid twice.

OpenAI, vLLM, llama.cpp, Ollama and others answer `POST URL/chat/completions`. An answer is text; nothing in
it is ever run. The key comes from the environment alone, goes to that one address, and stands in no message.
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

_BUSY = {408, 409, 425, 429, 500, 502, 503, 504, 529}  # worth another try
_TRIES = 6
_LONGEST_WAIT = 60.0  # seconds between two tries, whatever the server asks for
_BEGIN = b'{"key": "'  # of each kept answer
_SHOWN = 300  # characters of what a server says


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model said, and the tokens that it took. `fresh`: paid for just now, and not from the file."""

    text: str
    tokens_in: int
    tokens_out: int
    fresh: bool


class ReplyCache:
    """Answers by the SHA-256 of their question, one a line of a JSONL file. Threads may share it."""

    def __init__(self, path: Path) -> None:
        """Reads what is there; a last line that a kill cut off is asked again.

        Raises:
            UserError: a line is not an answer.
        """
        self.path, self._lock = path, threading.Lock()
        self._answers: dict[str, Reply] = {}
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
            self._answers[texts[0]] = Reply(texts[1], *numbers, fresh=False)
        if rest:
            if not rest.startswith(_BEGIN[: len(rest)]):  # not ours to cut
                raise self._not_kept(len(lines) + 1)
            with path.open("rb+") as file:
                file.truncate(len(data) - len(rest))

    def _not_kept(self, line: int) -> UserError:
        return UserError(f"{self.path}, line {line} is not a kept answer; give another file, or remove it")

    def get(self, key: str) -> Reply | None:
        """The answer to a question, if it is there."""
        return self._answers.get(key)

    def put(self, key: str, answer: Reply) -> None:
        """Keeps an answer; it is written out when this returns."""
        record = {
            "key": key,
            "text": answer.text,
            "tokens_in": answer.tokens_in,
            "tokens_out": answer.tokens_out,
        }
        with self._lock:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8", newline="\n") as file:
                file.write(json.dumps(record, ensure_ascii=False) + "\n")
            self._answers[key] = replace(answer, fresh=False)


@dataclass(frozen=True)
class Endpoint:
    """A model behind an address.

    Attributes:
        url: up to `/v1`.
        model: what the server calls it.
        kept: where answers are looked up, and kept.
        key_variable: the environment variable that holds the key; not set: no key is sent.
        settings: what goes with each question: `{"temperature": 0}`.
        patience: seconds to wait for an answer.
    Raises:
        UserError: the address is none.
    """

    url: str
    model: str
    kept: ReplyCache
    key_variable: str = "OPENAI_API_KEY"
    settings: dict[str, Any] = field(default_factory=dict)
    patience: float = 300.0

    def __post_init__(self) -> None:
        if not self.url.startswith(("http://", "https://")):
            raise UserError(
                f"--url is '{self.url}': it should begin with http:// or https://, and end with /v1"
            )

    def ask(self, messages: Sequence[Message]) -> Reply:
        """The model's answer to a conversation.

        Raises:
            UserError: the server refuses, or does not answer after several tries.
        """
        question = {"model": self.model, "messages": list(messages), **self.settings}
        canonical = json.dumps([self.url, question], sort_keys=True, ensure_ascii=False)
        key = hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()
        answer = self.kept.get(key)
        if answer is None:
            answer = self._read(self._post(json.dumps(question).encode("ascii")))
            self.kept.put(key, answer)
        return answer

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
                said, wait = self._refusal(error), error.headers.get("Retry-After", "")
                if error.code not in _BUSY:
                    raise UserError(said) from None
            except (
                OSError,
                ValueError,
            ) as error:  # no connection, a timeout; or a header that cannot be sent
                reason = getattr(error, "reason", error)
                said, wait = f"no answer from {self.url}: {reason}", ""
            if number < _TRIES:
                time.sleep(min(float(wait) if wait.isdecimal() else 0.5 * 2**number, _LONGEST_WAIT))
        raise UserError(
            f"{said} (tried {_TRIES} times); answers so far are in {self.kept.path}: run it again"
        )

    def _refusal(self, error: urllib.error.HTTPError) -> str:
        said = " ".join(error.read(4 * _SHOWN).decode("utf-8", "replace").split())[:_SHOWN]
        if error.code in (401, 403):
            there = "is set, but not accepted" if os.environ.get(self.key_variable) else "is not set"
            return f"{self.url} wants a key ({error.code}): {self.key_variable} {there}"
        if 300 <= error.code < 400:
            return f"{self.url} sends to another address ({error.code}), which is not followed: give that one"
        return f"{self.url} refuses ({error.code}): {said or error.reason}"

    def _read(self, content: bytes) -> Reply:
        try:
            response = json.loads(content)
            text = response["choices"][0]["message"]["content"]
            usage = response.get("usage") or {}
            read, written = (int(usage.get(name) or 0) for name in ("prompt_tokens", "completion_tokens"))
        except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
            shown = content[:_SHOWN].decode("utf-8", "replace")
            raise UserError(
                f"{self.url} does not answer as OpenAI's chat completions do: {shown!r}"
            ) from None
        return Reply(text if isinstance(text, str) else "", read, written, fresh=True)


class _StayHere(urllib.request.HTTPRedirectHandler):
    """Follows nobody: the key is for one address."""

    def redirect_request(self, *_: Any) -> None:
        """No other request."""


_opener = urllib.request.build_opener(_StayHere)
