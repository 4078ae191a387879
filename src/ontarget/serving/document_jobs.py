"""Documents that are translated in the background, while their clients ask how far they are."""

import asyncio
import logging
import math
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from hmac import compare_digest
from typing import Any, Literal

from ontarget.serving.documents import ServedDocument
from ontarget.serving.failure import Failure, place_of_error
from ontarget.serving.kept_files import KeptFiles

_LOG = logging.getLogger(__name__)
_AT_ONCE = 2  # documents; each has many segments, which fill the batches of the model
_TRIES = 20  # while the model is busy or being loaded again
_PASSES = ("busy", "not_ready", "model_restarting", "model_unavailable")
_AGAIN = 60.0  # seconds after a download; what the system has taken may still get lost on its way
_FETCHED = 10.0  # seconds; clients ask every few seconds whether a document is done
_PATIENCE = 1.0  # seconds that a question waits for the end, so that a small document needs one alone

JobStatus = Literal["queued", "translating", "done", "error"]


@dataclass(eq=False)
class DocumentJob:
    """A document that is translated in the background.

    Attributes:
        id: its name in requests.
        key: what a client must know besides the id.
        owner: the name of the client's API key.
        characters: number of characters of its text.
        status: how far it is.
        failure: what went wrong, if the status is `error`.
        token: of the translated file, if the status is `done`.
        report: numbers of its verdicts then.
    """

    owner: str
    characters: int
    id: str = field(default_factory=lambda: secrets.token_hex(16).upper())
    key: str = field(default_factory=lambda: secrets.token_hex(32).upper())
    status: JobStatus = "queued"
    failure: Failure | None = None
    token: str = ""
    report: dict[str, Any] = field(default_factory=dict)
    _give_back: Callable[[], None] = lambda: None
    _work: "asyncio.Task[None] | None" = None
    _wanted_until: float = math.inf
    _sent: bool = False

    @property
    def open(self) -> bool:
        """Whether it is in work, or its client is likely to be about to download it."""
        return self.failure is None and not self._sent and time.monotonic() < self._wanted_until

    def refund(self) -> None:
        """Gives the characters back, unless the client has the translation; at most once."""
        if not self._sent:
            self._give_back()
            self._give_back = lambda: None

    async def wait(self) -> None:
        """Waits a moment for the end."""
        if self._work is not None:
            await asyncio.wait({self._work}, timeout=_PATIENCE)


class DocumentJobs:
    """The documents of all clients. Each is forgotten an hour after its end, or soon after its download.

    Args:
        files: keeps the translated files.
        most: number of documents that wait or are translated.
        again: seconds after a download in which there may be another.
        fetched: seconds after a translation, or a question about it, in which its client is likely to
            download it.
    """

    def __init__(self, files: KeptFiles, most: int, again: float = _AGAIN, fetched: float = _FETCHED) -> None:
        self._files, self._most, self._again, self._fetched = files, most, again, fetched
        self._known = dict[str, DocumentJob]()
        self._turns = asyncio.Semaphore(_AT_ONCE)

    def check_room(self) -> None:
        """Refuses another document if too many wait.

        Raises:
            Failure: it is so.
        """
        waiting = sum(one.status in ("queued", "translating") for one in self._known.values())
        if waiting >= self._most:
            message = f"{waiting} documents wait already; try again later"
            raise Failure(429, "too_many_documents", message, headers={"Retry-After": "10"})

    def begin(
        self,
        owner: str,
        characters: int,
        translate: Callable[[], Awaitable[ServedDocument]],
        give_back: Callable[[], None],
    ) -> DocumentJob:
        """Lets a document wait for its translation.

        Args:
            owner: the name of the client's API key.
            characters: number of characters of the document.
            translate: translates it; called again if the model is busy.
            give_back: takes back what the client was charged, if the translation fails or is lost.
        """
        job = DocumentJob(owner, characters, _give_back=give_back)
        self._known[job.id] = job
        job._work = asyncio.create_task(self._run(job, translate))
        return job

    def get(self, id: str, key: str, owner: str) -> DocumentJob:
        """A document of a client.

        Raises:
            Failure: the client has no such document, or not any more.
        """
        job = self._known.get(id)
        if job is None or job.owner != owner or not compare_digest(job.key.encode(), key.encode()):
            message = "there is no such document; it may have been kept too long, or downloaded before"
            raise Failure(404, "unknown_document", message)
        if job.status == "done":
            job._wanted_until = time.monotonic() + self._fetched
        return job

    def sent(self, job: DocumentJob) -> None:
        """Forgets a document soon, since its file was sent to its client."""
        job._sent = True
        asyncio.get_running_loop().call_later(self._again, self.forget, job)

    def forget(self, job: DocumentJob) -> None:
        """Removes a document and its file."""
        self._known.pop(job.id, None)
        self._files.remove(job.token)

    @property
    def idle(self) -> bool:
        """Whether no document is in work or about to be downloaded, so that the server may end."""
        return not any(one.open for one in self._known.values())

    def close(self) -> None:
        """Forgets all documents; what their clients do not have costs them nothing."""
        for job in list(self._known.values()):
            job.refund()
            self.forget(job)

    async def _run(self, job: DocumentJob, translate: Callable[[], Awaitable[ServedDocument]]) -> None:
        try:
            async with self._turns:
                job.status = "translating"
                found = await _when_possible(translate)
            job.token, job.report = self._files.put(found.name, found.data), found.report()
            job.status, job._wanted_until = "done", time.monotonic() + self._fetched
        except Failure as failure:
            job.status, job.failure = "error", failure
        except Exception as error:
            _LOG.error("a document failed: %s", place_of_error(error))
            message = "the server has made a mistake; its log has the place"
            job.status, job.failure = "error", Failure(500, "internal", message)
        if job.failure is not None:
            job.refund()
        asyncio.get_running_loop().call_later(self._files.seconds, self.forget, job)


async def _when_possible(translate: Callable[[], Awaitable[ServedDocument]]) -> ServedDocument:
    for _ in range(_TRIES - 1):
        try:
            return await translate()
        except Failure as failure:
            if failure.code not in _PASSES:
                raise
            await asyncio.sleep(math.ceil(float(failure.headers.get("Retry-After", 1))))
    return await translate()
