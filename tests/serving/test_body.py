"""Bodies that are broken on their way, or that programs would read differently."""

import json
import socket
from collections.abc import Iterator

import httpx2
import pytest
from tests.checked.fake import GERMAN
from tests.serving.fake import client_of

JSON = {"Content-Type": "application/json"}
GOOD = {"text": GERMAN, "source": "de", "target": "fr"}


@pytest.fixture(scope="module")
def client() -> Iterator[httpx2.Client]:
    with client_of() as client:
        yield client


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"text": "a", "target": "fr", "text": "b"}', "the key 'text' is there twice"),
        (b'{"text": "a", "more": {"x": 1, "x": 1}}', "the key 'x' is there twice"),
        (b'{"text": NaN}', "NaN is not a number in JSON"),
        (b'{"text": [Infinity, -Infinity]}', "Infinity is not a number"),
        (b'{"text": ' + b"9" * 5000 + b"}", "a number has 5,000 digits; send a shorter one"),
        (b'{"text": -' + b"9" * 5000 + b"}", "a number has 5,000 digits"),
        (b'{"text": 1e999, "target": "fr"}', "text"),
        (b'{"a":' * 900 + b"1" + b"}" * 900, "text"),
        (b'{"text": "a\x00"}', "not valid JSON"),
        (b'{"text": "a", "target": "f\\u0000"}', "language"),
        (b'{"text": "a", "target": "fr", "source": ["de"]}', "source"),
        (b'{"text": [["a"]], "target": "fr"}', "text"),
        (b"null", "not a JSON object"),
        (b"\x1f\x8b\x08", "UTF-8"),
    ],
)
@pytest.mark.parametrize("path", ["/translate", "/v2/translate", "/v1/chat/completions", "/score", "/detect"])
def test_a_broken_body_is_a_mistake_of_the_request(
    client: httpx2.Client, path: str, body: bytes, said: str
) -> None:
    reply = client.post(path, content=body, headers=JSON)
    assert reply.status_code == 400, reply.text
    message = reply.json()["error"]["message"]
    assert "\n" not in message
    assert path != "/translate" or said in message


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("/translate", {"text": 5, "target": "fr"}, "text should be a string or a list"),
        ("/translate", {"text": ["a", 5], "target": "fr"}, "text.1 should be a string"),
        ("/translate", {"q": None, "target": "fr"}, "q should be a string or a list"),
        (
            "/translate",
            {"text": "a", "target": "fr", "format": "md"},
            "format should be 'text', 'html' or 'xml'",
        ),
        ("/translate", {"text": "a", "target": "fr", "stream": "maybe"}, "stream should be true or false"),
        ("/translate", {"text": "a"}, "target is missing"),
        ("/translate", {"text": "a", "target": "fr", "glossary": [["a"]]}, "glossary.0.1 is missing"),
        ("/translate", {"text": "a", "target": "fr", "glossary": ["a"]}, "glossary.0 should be a list"),
        (
            "/translate",
            {"text": "a", "target": "fr", "keep": [""]},
            "keep.0 should have at least 1 character",
        ),
        ("/v2/translate", {"text": [1], "target_lang": "FR"}, "text.0 should be a string"),
        ("/v2/translate", {"text": [], "target_lang": "FR"}, "text should have at least 1 entry"),
        (
            "/v1/chat/completions",
            {"model": "ontarget:de-fr", "messages": [{"role": "user", "content": 3}]},
            "messages.0.content should be a string or a list",
        ),
        (
            "/v1/chat/completions",
            {"model": "ontarget:de-fr", "messages": [{"role": "user", "content": [{"text": 3}]}]},
            "messages.0.content.0.text should be a string",
        ),
        ("/score", {"lines": "a", "target": "fr"}, "lines should be a list"),
    ],
)
def test_a_message_names_the_field_as_the_client_has_it(
    client: httpx2.Client, path: str, body: dict[str, object], message: str
) -> None:
    """A value that may have several types has an error of pydantic for each, with the type in its place."""
    reply = client.post(path, json=body)
    assert (reply.status_code, reply.json()["error"]["message"]) == (400, message)


def test_a_compressed_body_is_refused(client: httpx2.Client) -> None:
    reply = client.post("/translate", content=b"\x1f\x8b", headers={**JSON, "Content-Encoding": "gzip"})
    assert reply.status_code == 415
    assert "without Content-Encoding" in reply.json()["message"]


@pytest.mark.parametrize(
    "kind", ["text/plain", "multipart/form-data; boundary=x", "application/xml", "utf-8"]
)
def test_another_type_is_refused(client: httpx2.Client, kind: str) -> None:
    reply = client.post("/score", content=json.dumps(GOOD), headers={"Content-Type": kind})
    assert reply.status_code == 415


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_json_has_the_encodings_of_its_standard(client: httpx2.Client, encoding: str) -> None:
    content = json.dumps({**GOOD, "text": "schläft"}, ensure_ascii=False).encode(encoding)
    reply = client.post("/translate", content=content, headers=JSON)
    assert reply.json()["translations"][0]["text"] == "schläft"


@pytest.mark.parametrize(
    "cut",
    [
        b"POST /translate HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\n{",
        b"POST /translate HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
        b"POST /translate HTTP/1.1\r\nContent-Le",
        b"\x16\x03\x01 TLS",
    ],
)
def test_an_upload_that_is_cut_harms_nobody_else(client: httpx2.Client, cut: bytes) -> None:
    address = (client.base_url.host, client.base_url.port)
    with socket.create_connection(address, timeout=60) as connection:
        connection.sendall(cut)
    assert client.post("/translate", json=GOOD).status_code == 200
