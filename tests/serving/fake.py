"""A translator without a model, and a server of it on loopback."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import httpx2
import uvicorn
from tests.checked.fake import ENGLISH, FRENCH, GERMAN, Scripted, plain

from ontarget.checked.attempt import attempts_of
from ontarget.checked.check import Checker
from ontarget.checked.translate import translate_checked
from ontarget.checked.verdict import Checked
from ontarget.languages import Direction, Language
from ontarget.scoring.language_id.identifier import default_identifier
from ontarget.serving.app import make_app
from ontarget.serving.service import TranslationService
from ontarget.settings.decoding import Decoding
from ontarget.translation.hypothesis import Hypothesis
from ontarget.translation.system import Request

LONG = "Donaudampfschifffahrtskapitän"  # cannot be divided
EMPTY = "Die Antwort darauf ist leer."
ANSWERS = {
    EMPTY: [""],
    GERMAN: [FRENCH],
    ENGLISH: [ENGLISH, FRENCH],  # only the second hypothesis is on target
    "Der Esel ist heute sehr müde und schläft.": ["The donkey is very tired today and sleeps."],
}
ESEL = "Der Esel ist heute sehr müde und schläft."


class _Engine(Scripted):
    def _of(self, source: str, decoding: Decoding) -> list[Hypothesis]:
        return [Hypothesis("", "too-long", 0.0, 0, 99)] if source == LONG else super()._of(source, decoding)


class Table:
    """Answers by a table, all else with the source; `hold` lets batches wait."""

    def __init__(self, answers: Mapping[str, Sequence[str]] = ANSWERS) -> None:
        self.checker = Checker()
        self.batches: list[tuple[str, list[str]]] = []
        self.go = threading.Event()
        self.go.set()
        self.begun = threading.Semaphore(0)
        engine = _Engine(lambda text, _: answers.get(text, [text]))
        self.attempts = attempts_of(plain(), engine, ["rerank"])

    def translate(
        self, texts: Sequence[str], source: Any, target: Any, *, progress: Any = False
    ) -> list[Checked]:
        direction = Direction(Language(str(source)), Language(str(target)))
        self.batches.append((str(direction), list(texts)))
        self.begun.release()
        assert self.go.wait(60)
        if "boom" in texts:
            raise ZeroDivisionError(f"about {texts}")
        return translate_checked(
            [Request(text, direction) for text in texts], self.attempts, self.checker, progress
        )


def service_of(table: Table | None = None, **how: Any) -> TranslationService:
    table = table or Table()
    return TranslationService(lambda: table, default_identifier(), **how)


@contextmanager
def served(service: TranslationService, hosts: Any = None) -> Iterator[str]:
    """The address of a server in a thread."""
    config = uvicorn.Config(make_app(service, hosts=hosts), port=0, log_config=None, access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started or not service.batcher.ready:
        assert thread.is_alive()
        threading.Event().wait(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def client_of(service: TranslationService | None = None, **how: Any) -> Iterator[httpx2.Client]:
    with served(service or service_of(), **how) as url, httpx2.Client(base_url=url, timeout=60) as client:
        yield client
