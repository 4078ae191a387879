"""Models on servers: which addresses are ones, and which are refused."""

import pytest

from ontarget.errors import UserError
from ontarget.served_model import ServedModel, is_url


def test_an_address_is_told_from_a_directory_and_a_hub_name() -> None:
    assert all(map(is_url, ["http://localhost:8000/v1", "HTTPS://a.b/v1", "http:"]))
    assert not any(map(is_url, ["runs/http/models", "owner/name", "https", "", None]))


@pytest.mark.parametrize("url", ["file:///etc/passwd", "api.openai.com/v1", "", "http://", "http://a:b/v1"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(UserError, match="is not the address of a server; it must be of the form http://loc"):
        ServedModel(url)


@pytest.mark.parametrize("url", ["http://me:sk-1@host/v1", "http://host/v1?key=sk-1", "http://host/v1#sk-1"])
def test_a_secret_in_an_address_is_refused_without_naming_it(url: str) -> None:
    with pytest.raises(UserError, match="the server host must be of the form") as caught:
        ServedModel(url)
    assert "sk-1" not in str(caught.value)


def test_it_has_a_name_in_messages_and_at_least_one_request_at_a_time() -> None:
    assert str(ServedModel("http://a/v1", "m")) == "m at http://a/v1"
    assert str(ServedModel("http://a/v1")) == "http://a/v1"
    with pytest.raises(UserError, match="concurrency must be at least 1, not 0"):
        ServedModel("http://a/v1", concurrency=0)
