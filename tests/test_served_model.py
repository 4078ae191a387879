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


def test_it_is_known_by_its_name_wherever_it_is() -> None:
    here, there = ServedModel("http://a/v1", "m"), ServedModel("http://b:1/v1", "m", concurrency=2)
    assert here.identity == there.identity != ServedModel("http://a/v1", "n").identity
    assert str(here) == "m at http://a/v1"
    with pytest.raises(UserError, match="concurrency must be at least 1, not 0"):
        ServedModel("http://a/v1", concurrency=0)
