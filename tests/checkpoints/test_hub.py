"""Questions to the Hugging Face Hub, which nobody answers here."""

import logging
from collections.abc import Callable
from typing import Any

import pytest

pytest.importorskip("transformers", reason="needs the extra `train`")

import httpx2
from huggingface_hub.errors import RepositoryNotFoundError

from ontarget.checkpoints import hub, messages


def failing(error: Exception) -> Callable[..., None]:
    def ask(*_: Any, **__: Any) -> None:
        raise error

    return ask


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda *_: None)


@pytest.mark.parametrize(
    "error",
    [
        httpx2.ConnectError("Name or service not known"),
        httpx2.ConnectTimeout("timed out"),
        RepositoryNotFoundError(
            "404", response=httpx2.Response(404, request=httpx2.Request("HEAD", "http://a"))
        ),
    ],
)
@pytest.mark.usefixtures("cache")
def test_what_cannot_be_asked_for_is_not_there(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.get_hf_file_metadata", failing(error))
    assert not hub.has("owner/model", "config.json")


@pytest.mark.usefixtures("cache")
def test_the_hub_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real client of the library, whose connections fail: its downloads would try six times more."""
    asked = []

    def connect(self: Any, request: httpx2.Request) -> None:
        asked.append(str(request.url))
        raise httpx2.ConnectError("Name or service not known")

    monkeypatch.setattr(httpx2.HTTPTransport, "handle_request", connect)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    assert not hub.has("owner/model", "config.json")
    of_model = [url for url in asked if "/owner/model/" in url]  # the library may ask for lists of its own
    assert [url.partition("/owner/")[2] for url in of_model] == ["model/resolve/main/config.json"]


def test_what_is_in_the_cache_is_there_without_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda *_: "/cache/config.json")
    monkeypatch.setattr("huggingface_hub.get_hf_file_metadata", failing(AssertionError("asked")))
    assert hub.has("owner/model", "config.json")


def test_retries_are_one_sentence(caplog: pytest.LogCaptureFixture) -> None:
    hub.tell_retries_once()
    messages.warn_once.cache_clear()
    log = logging.getLogger("huggingface_hub.utils._http")
    with caplog.at_level(logging.WARNING):
        for number in range(1, 6):
            log.warning("'[Errno -2] Name or service not known' thrown while requesting HEAD https://a")
            log.warning(f"Retrying in {number}s [Retry {number}/5].")
        log.warning("the token is old")
    told = "the Hugging Face Hub does not answer; trying again for half a minute"
    assert caplog.messages == [told, "the token is old"]
