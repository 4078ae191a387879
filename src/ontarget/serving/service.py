"""What all APIs of the server call: checks the limits, translates, and gives up if the client has left."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlsplit

from starlette.requests import Request

from ontarget.documents.glossary import Glossary
from ontarget.documents.keep import Keep
from ontarget.documents.parts import Document
from ontarget.documents.segments import Level
from ontarget.documents.terms import TranslateRequests
from ontarget.errors import UserError, counted
from ontarget.languages import Language
from ontarget.openai_api import NoReply
from ontarget.scoring.language_id.identifier import Identifier
from ontarget.serving.api_keys import ApiKeys
from ontarget.serving.choices import translate_with_choices
from ontarget.serving.document_jobs import DocumentJobs
from ontarget.serving.failure import Failure, client_left, wrong
from ontarget.serving.glossaries import GlossaryStore
from ontarget.serving.kept_files import KeptFiles
from ontarget.serving.limits import ServerLimits
from ontarget.serving.metrics import ServerMetrics
from ontarget.serving.model_calls import ModelCall, ModelEnded, Results
from ontarget.serving.model_owner import STEP_SECONDS, ModelOwner, Restarts, State
from ontarget.serving.model_process import Launch
from ontarget.serving.models import ServedModels
from ontarget.serving.offered import OfferedLanguages
from ontarget.serving.sources import directions_of
from ontarget.serving.texts import ServedText, TextFormat, document_of
from ontarget.translation.system import Request as ModelRequest

Result = TypeVar("Result")

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
    """Models that serve many clients.

    Args:
        launches: for each model by name, what starts one of its workers; the first model is the default.
        languages: the languages to offer; default: all that the identifier recognises.
        identifier: the identifier of the checks.
        keys: the accepted API keys.
        limits: the limits of requests.
        workers: number of workers of each model.
        restarts: when a worker that has ended is started again.
        step_seconds: how long a decoding step may take, see `ModelOwner`.
        glossaries: those that clients keep on the server; default: in memory.
        public_url: what addresses of the server begin with for its clients; empty: as in their requests.
        strict: whether a text without an on-target translation is an error for all clients.

    Attributes:
        root: the path in the public URL, such as `/mt`, or an empty text.
        draining: whether no new requests are accepted, because the server is about to end.
    """

    def __init__(
        self,
        launches: Mapping[str, Launch],
        identifier: Identifier,
        *,
        languages: Sequence[Language] = (),
        keys: ApiKeys | None = None,
        limits: ServerLimits | None = None,
        workers: int = 1,
        restarts: Restarts | None = None,
        step_seconds: float = STEP_SECONDS,
        glossaries: GlossaryStore | None = None,
        public_url: str = "",
        strict: bool = False,
    ) -> None:
        self.identifier, self.strict = identifier, strict
        self.public_url, self.root = public_url, urlsplit(public_url).path
        self.keys = keys or ApiKeys()
        self.limits = limits or ServerLimits()
        self.metrics = ServerMetrics()
        self.glossaries = glossaries or GlossaryStore()
        self.files = KeptFiles()
        self.documents = DocumentJobs(self.files, self.limits.documents)
        self.offered = OfferedLanguages(languages, identifier)
        owners = {
            name: ModelOwner(
                launch,
                name=name if len(launches) > 1 else "",
                workers=workers,
                restarts=restarts,
                step_seconds=step_seconds,
                on_restart=self.metrics.model_restarts.inc,
            )
            for name, launch in launches.items()
        }
        self.models = ServedModels(owners)
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
        lines: bool = True,
        keep: Keep | None = None,
        glossary: Glossary | None = None,
        alternatives: int = 0,
        model: str | None = None,
    ) -> list[ServedText]:
        """Translates the texts of a request.

        Args:
            http: the request; if its client leaves, the work ends.
            texts: the texts.
            source: code of their language; None or `auto`: identify that of each sentence.
            target: code of the language to translate into.
            format: whether the texts have tags.
            level: what is translated at a time.
            ignored: with XML, names of elements whose contents stay as they are.
            lines: whether a line of plain text ends a sentence; else only an empty line does.
            keep: patterns of text that stays as it is.
            glossary: terms with their translations, see `documents/terms.py`.
            alternatives: number of alternatives of a text, at most.
            model: the name of the model; None: the default.
        Raises:
            Failure: the request is wrong or too large, or the server is busy or not ready.
        """
        self.check_size(texts)
        if alternatives > self.limits.alternatives:
            raise wrong(f"too many alternatives; ask for at most {self.limits.alternatives}")
        into = self.offered.named(target)
        known = self.offered.source(source)

        def work(translate: TranslateRequests) -> list[ServedText]:
            documents: list[Document] = [document_of(text, format, ignored, lines=lines) for text in texts]
            directions = directions_of(documents, known, into, self.offered)
            return translate_with_choices(
                documents,
                directions,
                translate,
                level=level,
                identifier=self.identifier,
                keep=keep,
                glossary=glossary,
                alternatives=alternatives,
            )

        characters = sum(map(len, texts))
        results = await self.run(http, characters, work, model=model)
        self.metrics.translated(characters, [one.checked for each in results for one in each.segments])
        return results

    async def run(
        self,
        http: Request,
        characters: int,
        work: Callable[[TranslateRequests], Result],
        *,
        background: bool = False,
        model: str | None = None,
    ) -> Result:
        """Does the work of a request in a thread: it is admitted once, charged once, and ends as a whole.

        Args:
            http: the request; if its client leaves, or time is up, the work ends.
            characters: number of characters of the sources.
            work: is given the model.
            background: whether the work goes on for as long as it takes, without its client.
            model: the name of the model; None: the default.
        Raises:
            Failure: the request is wrong, or the server is busy or not ready.
        """
        ticket, name = Ticket(), self.models.resolved(model)
        owner = self.models.named(name)

        def translate(requests: Sequence[ModelRequest], count: int) -> Results:
            try:
                return ticket.result(owner.submit(ModelCall(requests, count)))
            except (UserError, ModelEnded) as error:
                raise _of_the_model(error) from None

        with self.keys.client(http).spending(characters):
            self.check_ready(name, accepted=background)
            return await self._done(None if background else http, partial(work, translate), ticket)

    async def compute(self, http: Request, work: Callable[[], Result]) -> Result:
        """Does work that needs no model in a thread, so that other requests are answered meanwhile.

        Args:
            http: the request; if its client leaves, or time is up, nobody waits for the work.
            work: is bounded, since nothing ends it.
        Raises:
            Failure: the request is wrong, or the server is busy or about to end.
        """
        if self.draining:
            self.check_ready()
        return await self._done(http, work, Ticket())

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
        """Whether nothing is being translated, and no document waits for that or for its download."""
        return self._in_progress == 0 and self.documents.idle

    def check_ready(self, model: str | None = None, *, accepted: bool = False) -> None:
        """Refuses requests while a model does not answer, or the server is about to end.

        Args:
            model: the name of the model that has to answer; None: all.
            accepted: whether the request was accepted before the server was about to end.
        Raises:
            Failure: it is so.
        """
        asked = self.models if model is None else self.models.named(model)
        state: State = "closed" if self.draining and not accepted else asked.state
        if state != "ready":
            code, message, seconds = _WHY[state]
            # A connection that ends lets the load balancer choose another server.
            ends = {"Connection": "close"} if state == "closed" else {}
            raise Failure(503, code, message, headers=_soon(seconds) | ends)

    def close(self) -> None:
        """Ends the models; requests that are still in progress fail."""
        self.draining = True
        self.documents.close()
        self.models.close()
        self.keys.close()
        self._threads.shutdown(wait=False, cancel_futures=True)
        self.files.close()

    async def _done(self, http: Request | None, work: Callable[[], Result], ticket: Ticket) -> Result:
        """The result of work in a thread, unless time is up or the client leaves; None: there is none."""
        if self._in_progress >= self.limits.requests:
            raise Failure(429, "busy", "too many requests at a time; try again", headers=_soon(1))
        self._in_progress += 1
        self.metrics.in_progress.inc()
        future = self._threads.submit(work)
        loop = asyncio.get_running_loop()

        def release(_: "Future[Result]") -> None:
            with suppress(RuntimeError):  # the server has ended, and its loop is closed
                loop.call_soon_threadsafe(self._release)

        future.add_done_callback(release)
        result = asyncio.wrap_future(future)
        gone = asyncio.ensure_future(_left(http))
        try:
            until: set[asyncio.Future[Any]] = {result, gone}
            seconds = self.limits.seconds if http is not None else None
            await asyncio.wait(until, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
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
                result.cancel()  # the thread goes on for a moment, but nobody waits for what it gives
            elif not result.cancelled():
                result.exception()  # marks it as seen, if this task was cancelled at the same time

    def _release(self) -> None:
        self._in_progress -= 1
        self.metrics.in_progress.dec()


async def _left(http: Request | None) -> None:
    """Returns when the client has left; never without one."""
    if http is None:
        await asyncio.Event().wait()
        return
    while (await http.receive())["type"] != "http.disconnect":
        pass


def _given_up(gone: bool, seconds: float) -> Failure:
    if gone:
        return client_left()
    message = f"the request took longer than {seconds:g} seconds; try again later, or send less text"
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


def _soon(seconds: int) -> dict[str, str]:
    return {"Retry-After": str(seconds)}
