"""A client for servers with OpenAI's API, which the translation engine and the judge share.

vLLM, llama.cpp, Ollama, SGLang and hosted services offer it. Replies are treated as text and never executed.
The API key is read only from the environment, is sent only to this URL, and never appears in messages.

The library httpx2 does HTTP. It keeps connections open between requests, and unlike threads that wait for a
socket, its requests end at once after Ctrl-C. An event loop in a thread of its own runs them, so that this
also works in a notebook, which has a loop already.
"""

import email.utils
import json
import logging
import os
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from ontarget.errors import UserError
from ontarget.served_model import API_KEY_ENV, CONCURRENCY, check_url

if TYPE_CHECKING:
    import httpx2

Item = TypeVar("Item")
Result = TypeVar("Result")

_LOG = logging.getLogger(__name__)
_BUSY = {408, 409, 425, 429, 500, 502, 503, 504, 529}  # status codes after which a retry may succeed
_TRIES = 6
_LONGEST_WAIT = 60.0  # seconds between two tries, even if the server requests more
_CONNECT = 10.0  # seconds
_REPORTED = 1.0  # seconds between two reports on progress
_SHOWN = 300  # characters of a server's response that are shown


class ServerFailed(UserError):
    """A request without a usable reply.

    Attributes:
        cause: the message without the server's own words, which may repeat a text that was sent.
    """

    def __init__(self, message: str, cause: str = "") -> None:
        super().__init__(message)
        self.cause = cause or message


class Refused(ServerFailed):
    """A server's refusal of a request.

    Attributes:
        status: the HTTP status code.
        reason: the server's own words, in one line.
        details: the error object of its response, or an empty one.
    """

    def __init__(self, message: str, cause: str, status: int, reason: str, details: dict[str, Any]) -> None:
        super().__init__(message, cause)
        self.status, self.reason, self.details = status, reason, details


class NoReply(ServerFailed):
    """A server that was busy, or did not reply, at every try."""


class OpenAIServer:
    """A server, and how it is called.

    Args:
        url: the base URL, up to `/v1`.
        api_key_env: the environment variable with the API key; if it is not set, no key is sent.
        concurrency: number of requests at a time, those of all threads together.
        patience: seconds to wait for a reply.
    Raises:
        UserError: the URL is not valid.
    """

    def __init__(
        self,
        url: str,
        api_key_env: str = API_KEY_ENV,
        concurrency: int = CONCURRENCY,
        patience: float = 300.0,
    ) -> None:
        from anyio import CapacityLimiter
        from anyio.from_thread import BlockingPortalProvider

        check_url(url)
        self.url, self.api_key_env, self.concurrency = url.rstrip("/"), api_key_env, concurrency
        self.patience = patience
        self.has_replied = False
        # Threads that call at the same time share an event loop, and the limit of requests.
        self._portals, self._limit = BlockingPortalProvider(), CapacityLimiter(concurrency)

    def each(
        self,
        work: "Callable[[Session, Item], Awaitable[Result]]",
        items: Sequence[Item],
        progress: Callable[[int, int], None] | None = None,
    ) -> list[Result]:
        """The results of `work` for all items, in order. Threads may call this at the same time.

        After an error or Ctrl-C, all requests that are under way are cancelled.

        Args:
            work: what to do for an item by requests in a session; done for `concurrency` items at a time.
            items: the items.
            progress: called with the number of finished items and the number of all, in another thread; also
                every second, so that its exception can end the work while a server does not reply.
        Raises:
            UserError: the server refuses a request, or does not reply.
        """
        try:
            with self._portals as portal:
                running = portal.start_task_soon(self._each, work, items, progress)
                try:
                    return running.result()
                except BaseException:
                    running.cancel()
                    raise
        except BaseExceptionGroup as group:
            error: BaseException = group
            while isinstance(error, BaseExceptionGroup):
                error = error.exceptions[0]
            raise error from None

    async def _each(
        self,
        work: "Callable[[Session, Item], Awaitable[Result]]",
        items: Sequence[Item],
        progress: Callable[[int, int], None] | None,
    ) -> list[Result]:
        import httpx2
        from anyio import create_task_group, move_on_after, sleep_forever

        results: dict[int, Result] = {}
        numbers = iter(range(len(items)))
        limits = httpx2.Limits(max_connections=self.concurrency, max_keepalive_connections=self.concurrency)
        timeout = httpx2.Timeout(self.patience, connect=_CONNECT)

        async def worker(session: Session) -> None:
            for number in numbers:
                async with self._limit:
                    results[number] = await work(session, items[number])
                if progress is not None:
                    progress(len(results), len(items))

        async def report(progress: Callable[[int, int], None]) -> None:
            while True:
                with move_on_after(_REPORTED):
                    await sleep_forever()
                progress(len(results), len(items))

        async with (
            httpx2.AsyncClient(limits=limits, timeout=timeout, headers=self._headers()) as client,
            create_task_group() as reporting,
        ):
            if progress is not None:
                reporting.start_soon(report, progress)
            async with create_task_group() as workers:
                for _ in range(min(self.concurrency, len(items))):
                    workers.start_soon(worker, Session(self, client))
            reporting.cancel_scope.cancel()
        return [results[number] for number in range(len(items))]

    def nonsense(self, reply: object) -> ServerFailed:
        """The error for a reply that does not follow OpenAI's API."""
        shown = reply if isinstance(reply, str) else json.dumps(reply, ensure_ascii=False)
        cause = f"the reply of {self.url} is not in the format of OpenAI's API"
        return ServerFailed(f"{cause}: {_printable(shown)!r}; check the address", cause)

    def refusal(self, status: int, content: bytes, phrase: str) -> Refused:
        """The error for a response that is not a success.

        Args:
            status: the HTTP status code.
            content: the body of the response.
            phrase: the HTTP reason phrase.
        """
        details = _error_object(content)
        said = details.get("message") or content[: 4 * _SHOWN].decode("utf-8", "replace")
        reason = _printable(str(said)) or phrase
        if key := self._key():
            reason = reason.replace(key, "***")
        cause = f"{self.url} refuses ({status})"
        message = f"{cause}: {reason}"
        if status in (401, 403):
            state = "is set, but not accepted" if self._key() else "is not set"
            message = cause = f"{self.url} needs an API key ({status}): {self.api_key_env} {state}"
        elif 300 <= status < 400:
            message = f"{self.url} redirects to another address ({status}); give that address instead"
        elif status == 404:
            message += "; check the address, which usually ends in /v1, and the name of the model"
        return Refused(message, cause, status, reason, details)

    def _headers(self) -> dict[str, str]:
        headers = {"Content-Type": "application/json", "User-Agent": "ontarget"}
        if key := self._key():
            if not (key.isascii() and key.isprintable()):
                raise UserError(
                    f"the environment variable {self.api_key_env} is not an API key: it has a line break or "
                    "letters that cannot be sent; set it again"
                )
            headers["Authorization"] = f"Bearer {key}"
        return headers

    def _key(self) -> str:
        return os.environ.get(self.api_key_env, "").strip()


class Session:
    """Open connections to a server.

    Attributes:
        nonsense: see `OpenAIServer`.
    """

    def __init__(self, server: OpenAIServer, client: "httpx2.AsyncClient") -> None:
        self._server, self._client = server, client
        self.nonsense = server.nonsense

    async def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The reply to a request, a JSON object. Repeats it while the server is busy or out of reach.

        Args:
            path: the path below the base URL, such as `chat/completions`.
            body: the request.
        Raises:
            Refused: the server refuses the request.
            NoReply: the server stays busy, or does not reply.
            UserError: the reply is not a JSON object.
        """
        return await self._request("POST", path, json.dumps(body).encode("ascii"))

    async def get(self, path: str) -> dict[str, Any]:
        """The object at a path; otherwise as `post`."""
        return await self._request("GET", path, None)

    async def _request(self, method: str, path: str, body: bytes | None) -> dict[str, Any]:
        import httpx2
        from anyio import sleep

        url = self._server.url
        for number in range(1, _TRIES + 1):
            wait = ""
            try:
                response = await self._client.request(method, f"{url}/{path}", content=body)
            except httpx2.RequestError as error:
                failure = cause = f"no reply from {url}: {_reason(error)}"
                absent = isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout)
                if absent and not self._server.has_replied:
                    raise NoReply(f"{failure}; check the address, and that the server is running") from None
            else:
                self._server.has_replied = True
                if response.is_success:
                    return self._object(response.content)
                refused = self._server.refusal(response.status_code, response.content, response.reason_phrase)
                if response.status_code not in _BUSY:
                    raise refused
                failure, cause, wait = str(refused), refused.cause, response.headers.get("Retry-After", "")
            if number < _TRIES:
                _LOG.info("%s; trying again", cause)
                await sleep(_pause(number, wait))
        tried = f" (tried {_TRIES} times)"
        raise NoReply(failure + tried, cause + tried)

    def _object(self, content: bytes) -> dict[str, Any]:
        try:
            reply = json.loads(content)
        except (ValueError, RecursionError):
            reply = None
        if not isinstance(reply, dict):
            raise self._server.nonsense(content[: 4 * _SHOWN].decode("utf-8", "replace"))
        return reply


def _error_object(content: bytes) -> dict[str, Any]:
    """The object in a response to a bad request, in the forms of the usual servers, with its `message`."""
    try:
        reply = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    error = reply.get("error") or reply if isinstance(reply, dict) else {}
    if isinstance(error, str):
        return {"message": error}
    if not isinstance(error, dict):
        return {}
    return {"message": error["detail"], **error} if "detail" in error else error


def _reason(error: Exception) -> str:
    """What went wrong with a connection, in one line."""
    import httpx2

    if isinstance(error, httpx2.TimeoutException):
        return "the time is up"
    return _printable(str(error)) or "the connection was cut"


def _pause(number: int, retry_after: str) -> float:
    """Seconds to wait after a try: as long as the server says, or else longer from try to try.

    Requests that were refused at the same time are not repeated at the same time.
    """
    wait: float = 0.5 * 2**number * random.uniform(0.75, 1.25)
    if retry_after.isdecimal():
        wait = float(retry_after)
    elif retry_after:
        with suppress(ValueError):  # neither seconds nor a date
            wait = email.utils.parsedate_to_datetime(retry_after).timestamp() - time.time()
    return min(max(wait, 0.0), _LONGEST_WAIT)


def _printable(text: str) -> str:
    """The beginning of a server's words in one line, without control characters."""
    return "".join(c if c.isprintable() else " " for c in " ".join(text.split()))[:_SHOWN]
