"""What all APIs of the server call: checks the limits, translates, and gives up if the client has left."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from typing import Any

from starlette.requests import Request

from ontarget.checked.source import AUTO
from ontarget.checked.verdict import Checked
from ontarget.documents.parts import Document
from ontarget.documents.segments import Level
from ontarget.errors import UserError, counted
from ontarget.languages import Direction, Language
from ontarget.openai_api import NoReply
from ontarget.scoring.language_id.identifier import Identifier
from ontarget.serving.api_keys import ApiKeys
from ontarget.serving.failure import Failure, wrong
from ontarget.serving.glossaries import GlossaryStore
from ontarget.serving.limits import ServerLimits
from ontarget.serving.metrics import ServerMetrics
from ontarget.serving.model_calls import ModelCall, ModelEnded, Results
from ontarget.serving.model_owner import ModelOwner, Restarts, State
from ontarget.serving.model_process import Launch
from ontarget.serving.offered import OfferedLanguages
from ontarget.serving.texts import ServedText, TextFormat, detected, document_of, translate_texts
from ontarget.translation.system import Request as ModelRequest

_WHY: dict[State, tuple[str, str, int]] = {  # code, message and seconds until another try
    "loading": ("not_ready", "the model is being loaded; try again", 5),
    "restarting": ("model_restarting", "the model is being loaded again; try again", 5),
    "lost": ("model_lost", "the model has ended too often; this server has to be restarted", 60),
    "closed": ("draining", "this server is ending; try again", 5),
}


class Ticket:
    """The work of the model for a request, which ends if the client leaves."""

    def __init__(self) -> None:
        self._cancelled = False
        self._waiting = set[Future[Results]]()

    def cancel(self) -> None:
        """Ends the work."""
        self._cancelled = True
        for future in list(self._waiting):
            future.cancel()

    def result(self, future: "Future[Results]") -> Results:
        """Waits for translations.

        Raises:
            CancelledError: the work was ended.
        """
        self._waiting.add(future)
        if self._cancelled:
            future.cancel()
        try:
            return future.result()
        finally:
            self._waiting.discard(future)


class TranslationService:
    """A model that serves many clients.

    Args:
        launch: starts a worker of the model.
        name: the name of the model in replies.
        languages: the languages to offer; default: all that the identifier recognises.
        identifier: the identifier of the checks.
        keys: the accepted API keys.
        limits: the limits of requests.
        workers: number of workers.
        restarts: when a worker that has ended is started again.
        glossaries: those that clients keep on the server; default: in memory.

    Attributes:
        draining: whether no new requests are accepted, because the server is about to end.
    """

    def __init__(
        self,
        launch: Launch,
        identifier: Identifier,
        *,
        name: str = "ontarget",
        languages: Sequence[Language] = (),
        keys: ApiKeys | None = None,
        limits: ServerLimits | None = None,
        workers: int = 1,
        restarts: Restarts | None = None,
        glossaries: GlossaryStore | None = None,
    ) -> None:
        self.name = name
        self.identifier = identifier
        self.keys = keys or ApiKeys()
        self.limits = limits or ServerLimits()
        self.metrics = ServerMetrics()
        self.glossaries = glossaries or GlossaryStore()
        self.offered = OfferedLanguages(languages, identifier)
        self.owner = ModelOwner(
            launch,
            workers=workers,
            restarts=restarts,
            on_restart=self.metrics.model_restarts.inc,
            on_batch=self.metrics.batch,
        )
        self.draining = False
        self._in_progress = 0
        self._threads = ThreadPoolExecutor(self.limits.requests, "request")

    async def translate(
        self,
        http: Request,
        texts: Sequence[str],
        source: str | None,
        target: str,
        *,
        format: TextFormat = "text",
        level: Level = "sentence",
        ignored: Sequence[str] = (),
    ) -> list[ServedText]:
        """Translates the texts of a request.

        Args:
            http: the request; if its client leaves, the work ends.
            texts: the texts.
            source: code of their language; None or `auto`: identify that of each.
            target: code of the language to translate into.
            format: whether the texts have tags.
            level: what is translated at a time.
            ignored: with XML, names of elements whose contents stay as they are.
        Raises:
            Failure: the request is wrong or too large, or the server is busy or not ready.
        """
        self.check_size(texts)
        into = self.offered.named(target)
        known = None if source in (None, "", AUTO) else self.offered.named(str(source))
        ticket = Ticket()

        def ask(direction: Direction, lines: Sequence[str]) -> Sequence[Checked]:
            try:
                call = ModelCall([ModelRequest(line, direction) for line in lines])
                return [best for best, *_ in ticket.result(self.owner.submit(call))]
            except (UserError, ModelEnded) as error:
                raise _of_the_model(error) from None

        def work() -> list[ServedText]:
            documents: list[Document] = [document_of(text, format, ignored) for text in texts]
            directions = (
                detected(documents, into, self.identifier)
                if known is None
                else [Direction(known, into)] * len(texts)
            )
            return translate_texts(texts, documents, directions, ask, level, self.identifier)

        with self.keys.client(http).spending(sum(map(len, texts))):
            results = await self._done(http, work, ticket)
        segments = [one.checked for result in results for one in result.segments]
        self.metrics.translated(sum(map(len, texts)), segments)
        return results

    def check_size(self, texts: Sequence[str]) -> None:
        """Refuses too many texts, or too many characters.

        Raises:
            Failure: there are more than the server takes.
        """
        if len(texts) > self.limits.texts:
            message = f"{counted(len(texts), 'text')} in a request; send at most {self.limits.texts}"
            raise Failure(413, "too_many_texts", message)
        characters = sum(map(len, texts))
        if characters > self.limits.characters:
            message = (
                f"{counted(characters, 'character')} in a request; send at most {self.limits.characters}"
            )
            raise Failure(413, "too_many_characters", message)

    @property
    def idle(self) -> bool:
        """Whether no request is being translated."""
        return self._in_progress == 0

    def check_ready(self) -> None:
        """Refuses requests while the model does not answer, or the server is about to end.

        Raises:
            Failure: it is so.
        """
        state: State = "closed" if self.draining else self.owner.state
        if state != "ready":
            code, message, seconds = _WHY[state]
            # A connection that ends lets the load balancer choose another server.
            ends = {"Connection": "close"} if state == "closed" else {}
            raise Failure(503, code, message, headers=_soon(seconds) | ends)

    def close(self) -> None:
        """Ends the model; requests that are still in progress fail."""
        self.draining = True
        self.owner.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _done(
        self, http: Request, work: Callable[[], list[ServedText]], ticket: Ticket
    ) -> list[ServedText]:
        """The result of work in a thread, unless time is up or the client leaves."""
        self.check_ready()
        if self._in_progress >= self.limits.requests:
            raise Failure(429, "busy", "too many requests at a time; try again", headers=_soon(1))
        self._in_progress += 1
        self.metrics.in_progress.inc()
        future = self._threads.submit(work)
        loop = asyncio.get_running_loop()

        def release(_: "Future[list[ServedText]]") -> None:
            loop.call_soon_threadsafe(self._release)

        future.add_done_callback(release)
        result = asyncio.wrap_future(future)
        gone = asyncio.ensure_future(_left(http))
        try:
            until: set[asyncio.Future[Any]] = {result, gone}
            await asyncio.wait(until, timeout=self.limits.seconds, return_when=asyncio.FIRST_COMPLETED)
            if not result.done():
                raise _given_up(gone.done(), self.limits.seconds)
            return await result
        except UserError as error:
            raise wrong(str(error)) from None
        except CancelledError:
            raise _given_up(gone.done(), self.limits.seconds) from None
        finally:
            gone.cancel()
            if not result.done():
                ticket.cancel()
                result.add_done_callback(_forget)

    def _release(self) -> None:
        self._in_progress -= 1
        self.metrics.in_progress.dec()


async def _left(http: Request) -> None:
    """Returns when the client has left."""
    while (await http.receive())["type"] != "http.disconnect":
        pass


def _given_up(gone: bool, seconds: float) -> Failure:
    if gone:
        return Failure(499, "client_left", "the client has left")
    message = f"the translation took longer than {seconds:g} seconds; try again later, or send less text"
    return Failure(504, "timeout", message, headers=_soon(10))


def _of_the_model(error: Exception) -> Failure:
    """The failure of the model, not of the client; the log has the reason."""
    if isinstance(error, ModelEnded):
        message = "the model has ended before it answered; try again"
        return Failure(503, "model_restarting", message, headers=_soon(5))
    if isinstance(error, NoReply):
        message = "the model does not reply; try again later"
        return Failure(503, "model_unavailable", message, headers=_soon(30))
    message = "the model has failed; the log of this server has the reason"
    return Failure(502, "model_failed", message)


def _forget(result: "asyncio.Future[list[ServedText]]") -> None:
    """Marks the exception of abandoned work as seen."""
    if not result.cancelled():
        result.exception()


def _soon(seconds: int) -> dict[str, str]:
    return {"Retry-After": str(seconds)}
