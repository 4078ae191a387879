"""What clients and the log get when the model fails: never its address, its key, or text of users."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import anyio
import pytest
from tests.checked.fake import GERMAN
from tests.openai_server import CUT, Answer, serving
from tests.serving.fake import client_of

from ontarget import CheckedTranslator, Translator
from ontarget.scoring.language_id.identifier import default_identifier
from ontarget.served_model import ServedModel
from ontarget.serving.limits import ServerLimits
from ontarget.serving.model_process import in_thread
from ontarget.serving.service import TranslationService

FIELDS = {"text": GERMAN, "source": "de", "target": "fr"}


@contextmanager
def service_with(answer: Callable[[], Answer], **how: Any) -> Iterator[TranslationService]:
    """A service whose model is on a second server, which answers so."""
    with serving(lambda path, _: {"data": [{"id": "m"}]} if path == "models" else answer()) as backend:

        def load() -> CheckedTranslator:
            return CheckedTranslator(Translator(ServedModel(backend.url), template="plain"), num_beams=1)

        yield TranslationService({"ontarget": in_thread(load)}, default_identifier(), **how)


@pytest.mark.parametrize(
    ("answer", "status", "cause"),
    [
        ((401, {}, "who are you?"), 502, "OPENAI_API_KEY is not set"),
        ((400, {}, f"no: {GERMAN}"), 502, "refuses (400)"),
        ((200, {}, f"<html>{GERMAN}"), 502, "not in the format"),
        ({"choices": [], "echo": GERMAN}, 502, "not in the format"),
        ((500, {}, GERMAN), 503, "refuses (500) (tried 6 times)"),
        (CUT, 503, "no reply from"),
    ],
)
def test_a_failure_of_the_model_is_the_servers(
    answer: Answer,
    status: int,
    cause: str,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def sleep(seconds: float) -> None:
        pass

    monkeypatch.setattr(anyio, "sleep", sleep)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with (
        caplog.at_level(logging.ERROR, "ontarget.serving"),
        service_with(lambda: answer) as service,
        client_of(service) as client,
    ):
        reply = client.post("/translate", json=FIELDS)
    assert reply.status_code == status, reply.text
    assert reply.json()["error"]["type"] == "server_error"
    assert not any(secret in reply.text for secret in ("127.0.0.1", "OPENAI", "who are you", GERMAN))
    assert cause in caplog.text
    assert GERMAN not in caplog.text


def test_a_model_that_does_not_reply_is_given_up_with_the_request() -> None:
    go_on, waited_for = threading.Event(), list[str]()

    def answer() -> Answer:
        if not go_on.wait(10):
            waited_for.append("an answer")
        return {"choices": [{"text": "a"}]}

    with service_with(answer, limits=ServerLimits(seconds=0.2)) as service, client_of(service) as client:
        try:
            reply = client.post("/translate", json=FIELDS)
            while service._in_progress:
                time.sleep(0.01)
            assert not waited_for
        finally:
            go_on.set()
    assert reply.status_code == 504
    assert "try again later" in reply.json()["message"]
