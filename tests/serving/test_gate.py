"""Requests that pages of other sites send, without their user knowing."""

from collections.abc import Iterator
from html import unescape

import httpx2
import pytest
from tests.checked.fake import FRENCH, GERMAN
from tests.serving.fake import client_of, service_of

from ontarget.serving.api_keys import ApiKeys

EVIL = "https://evil.example"
KEY = "the-right-key"
TEXT = {"text": GERMAN, "source": "de", "target": "fr"}
GLOSSARY = {
    "name": "x",
    "source_lang": "DE",
    "target_lang": "FR",
    "entries": "Hund\tchien",
    "entries_format": "tsv",
}


@pytest.fixture(scope="module")
def client() -> Iterator[httpx2.Client]:
    with client_of(service_of(public_url="https://MT.example.org/de")) as client:
        yield client


def test_pages_of_other_sites_reach_no_route_that_translates_or_changes_anything(
    client: httpx2.Client,
) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    unsafe = [(method, path) for path, of in paths.items() for method in of if method not in ("get", "head")]
    assert {"/translate", "/v2/translate", "/v2/glossaries", "/document"} < {path for _, path in unsafe}
    for method, path in [*unsafe, ("post", "/"), ("post", "/page/document"), ("post", "/no/such/path")]:
        reply = client.request(method, path, headers={"Origin": EVIL})
        assert (reply.status_code, reply.json()["error"]["code"]) == (403, "cross_origin"), path
    assert client.post("/v2/glossaries", data=GLOSSARY, headers={"Origin": EVIL}).status_code == 403
    assert client.get("/v2/glossaries").json() == {"glossaries": []}
    assert client.get("/health", headers={"Origin": EVIL, "Sec-Fetch-Site": "cross-site"}).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "SELF"}, 200),
        ({"Origin": "SELF", "Sec-Fetch-Site": "same-origin"}, 200),
        ({"Origin": "null", "Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Origin": "https://mt.example.org", "Sec-Fetch-Site": "cross-site"}, 200),
        ({"Origin": "https://mt.example.org"}, 200),
        ({"Origin": "http://mt.example.org"}, 403),
        ({"Origin": "https://mt.example.org.evil.example"}, 403),
        ({"Origin": EVIL}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "SELF", "Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
def test_who_may_send_requests_to_a_server_without_keys(
    client: httpx2.Client, headers: dict[str, str], status: int
) -> None:
    own = str(client.base_url).rstrip("/")
    reply = client.post(
        "/translate", json=TEXT, headers={n: own if v == "SELF" else v for n, v in headers.items()}
    )
    assert reply.status_code == status


def test_a_key_is_enough_whoever_sends_it() -> None:
    with client_of(service_of(keys=ApiKeys([KEY]))) as client:
        for key, status in ((KEY, 200), ("wrong", 401)):
            reply = client.post("/translate", json=TEXT, headers={"Origin": EVIL, "X-API-Key": key})
            assert reply.status_code == status


def test_the_form_of_the_page_is_sent_with_its_origin(client: httpx2.Client) -> None:
    page = client.get("/")
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert client.get("/health").headers["Referrer-Policy"] == "no-referrer"
    own = str(client.base_url).rstrip("/")
    assert FRENCH in unescape(client.post("/", data=TEXT, headers={"Origin": own}).text)
