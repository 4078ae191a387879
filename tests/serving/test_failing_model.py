"""What clients and the log get when the model fails: never its address, its key, or text of users."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import anyio
import httpx2
import pytest
from tests.checked.fake import GERMAN
from tests.openai_server import CUT, Answer, serving
from tests.serving.fake import client_of

from ontarget import CheckedTranslator, Translator
from ontarget.scoring.language_id.identifier import default_identifier
from ontarget.served_model import ServedModel
from ontarget.serving.service import TranslationService

FIELDS = {"text": GERMAN, "source": "de", "target": "fr"}


@contextmanager
def client_with(answer: Answer) -> Iterator[httpx2.Client]:
    """A client of a server whose model is on a second one, which answers so."""
    with serving(lambda path, _: {"data": [{"id": "m"}]} if path == "models" else answer) as backend:

        def load() -> CheckedTranslator:
            return CheckedTranslator(Translator(ServedModel(backend.url), template="plain"), num_beams=1)

        with client_of(TranslationService(load, default_identifier())) as client:
            yield client


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
    with caplog.at_level(logging.ERROR, "ontarget.serving"), client_with(answer) as client:
        reply = client.post("/translate", json=FIELDS)
    assert reply.status_code == status, reply.text
    assert reply.json()["error"]["type"] == "server_error"
    assert not any(secret in reply.text for secret in ("127.0.0.1", "OPENAI", "who are you", GERMAN))
    assert cause in caplog.text
    assert GERMAN not in caplog.text
