"""Translators without a model. They import no server, so that a process with one starts soon."""

import logging
import os
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.checked.fake import ENGLISH, FRENCH, GERMAN, Scripted, plain

from ontarget.checked.alternatives import alternatives_checked
from ontarget.checked.attempt import attempts_of
from ontarget.checked.check import Checker
from ontarget.checked.translate import translate_checked
from ontarget.checked.verdict import Checked
from ontarget.settings.decoding import Decoding
from ontarget.translation.engines.protocol import Progress
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
    """Answers by a table, all else with the source; `go` lets calls wait."""

    stalled = 0.0

    def __init__(self, answers: Mapping[str, Sequence[str]] = ANSWERS) -> None:
        self.checker = Checker()
        self.batches: list[list[str]] = []
        self.go = threading.Event()
        self.go.set()
        self.waits: set[str] | None = None  # only calls with these texts wait
        self.begun = threading.Semaphore(0)
        engine = _Engine(lambda text, _: answers.get(text, [text]))
        self.attempts = attempts_of(plain(), engine, ["rerank"])

    def translate_requests(
        self, requests: Sequence[Request], *, count: int = 1, progress: Progress | None = None
    ) -> list[list[Checked]]:
        self.batches.append([f"{one.direction} {one.source}" for one in requests])
        self.begun.release()
        if self.waits is None or any(one.source in self.waits for one in requests):
            for _ in range(6000):
                if self.go.wait(0.01):
                    break
                if progress is not None:  # as an engine does while it decodes
                    progress(0, len(requests))
        texts = [one.source for one in requests]
        if "boom" in texts:
            raise ZeroDivisionError(f"about {texts}")
        if count > 1:
            return alternatives_checked(requests, self.attempts, count, self.checker, progress)
        return [[one] for one in translate_checked(requests, self.attempts, self.checker, progress)]


class Slow(Table):
    """Says when it begins to translate, and waits until there is a file."""

    def translate_requests(self, requests: Sequence[Request], **how: Any) -> list[list[Checked]]:
        print("begun", flush=True)
        while not Path(os.environ["GO_ON"]).exists():
            time.sleep(0.01)
        return super().translate_requests(requests, **how)


def load_slow(_: object) -> Slow:
    """In the place of `serve._load`."""
    logging.basicConfig(level=logging.INFO)
    return Slow()


class Hanging(Table):
    """Never answers about the text `hang`."""

    def translate_requests(self, requests: Sequence[Request], **how: Any) -> list[list[Checked]]:
        if any(one.source == "hang" for one in requests):
            threading.Event().wait(60)
        return super().translate_requests(requests, **how)
