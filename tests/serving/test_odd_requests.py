"""No request, however odd, makes the server fail."""

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.serving.fake import client_of

_LANGUAGES = st.sampled_from(["de", "fr", "auto", "EN-US", "zh-Hant", "", "x", "de-fr", "\x00"])
_TEXTS = st.text(max_size=40) | st.sampled_from(["<b>", "</s>", "{x}", "a\r\nb", "\ud83d", "&#0;", "12"])
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _TEXTS | _LANGUAGES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
_FIELDS = {
    "/translate": [
        "text",
        "q",
        "source",
        "target",
        "format",
        "strict",
        "alternatives",
        "api_key",
        "stream",
        "glossary",
        "keep",
        "model",
    ],
    "/v2/glossaries": ["name", "source_lang", "target_lang", "entries", "entries_format"],
    "/detect": ["q"],
    "/score": ["lines", "target", "sources", "source"],
    "/v2/translate": ["text", "source_lang", "target_lang", "tag_handling", "ignore_tags", "glossary_id"],
    "/v2/languages": ["type"],
    "/v1/chat/completions": ["model", "messages", "translation_options", "stream", "n"],
}
_LIKELY = {
    "text": _TEXTS | st.lists(_TEXTS, max_size=3),
    "q": _TEXTS | st.lists(_TEXTS, max_size=3),
    "lines": st.lists(_TEXTS, max_size=3),
    "sources": st.lists(_TEXTS, max_size=3),
    **dict.fromkeys(["source", "target", "source_lang", "target_lang"], _LANGUAGES),
    "stream": st.booleans(),
    "keep": st.lists(_TEXTS, max_size=2),
    "glossary": st.lists(st.lists(_TEXTS, min_size=2, max_size=2), max_size=2),
    "alternatives": st.integers(0, 12),
    "format": st.sampled_from(["text", "html", "xml"]),
    "tag_handling": st.sampled_from(["xml", "html"]),
    "model": st.sampled_from(["ontarget:de-fr", "ontarget:fr", "ontarget:", "x"]),
    "messages": st.lists(st.fixed_dictionaries({"role": st.just("user"), "content": _TEXTS}), max_size=2),
}


@pytest.fixture(scope="module")
def client() -> Iterator[httpx2.Client]:
    with client_of() as client:
        yield client


@st.composite
def _requests(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    path = draw(st.sampled_from(sorted(_FIELDS)))
    fields = {
        name: draw(_LIKELY.get(name, _VALUES) if draw(st.integers(0, 7)) else _VALUES)
        for name in _FIELDS[path]
        if draw(st.integers(0, 7))
    }
    return path, fields


@given(request=_requests())
@settings(max_examples=150)
def test_odd_fields(client: httpx2.Client, request: tuple[str, dict[str, Any]]) -> None:
    path, fields = request
    reply = client.post(path, content=json.dumps(fields), headers={"Content-Type": "application/json"})
    assert reply.status_code < 500, (fields, reply.text)
    if reply.status_code >= 400:
        assert reply.json()["error"]["message"]


@given(path=st.sampled_from(sorted(_FIELDS)), body=st.binary(max_size=60))
@settings(max_examples=50)
def test_odd_forms(client: httpx2.Client, path: str, body: bytes) -> None:
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert client.post(path, content=body, headers=kind).status_code < 500


_LONG = ["😀" * 2000, "de-" + "1901-" * 400, "xx-" + "a" * 2000, "\\ud83d" * 400]
_REQUESTS = {
    "/translate": {"text": "Hund", "source": "de", "target": "fr"},
    "/v2/translate": {"text": ["Hund"], "source_lang": "DE", "target_lang": "FR"},
    "/v1/chat/completions": {
        "model": "ontarget:de-fr",
        "messages": [{"role": "user", "content": "Hund"}],
    },
    "/v2/glossaries": {
        "name": "x",
        "source_lang": "DE",
        "target_lang": "FR",
        "entries": "a\tb",
        "entries_format": "tsv",
    },
    "/score": {"lines": ["Hund"], "target": "fr"},
}


@pytest.mark.parametrize("long", _LONG)
@pytest.mark.parametrize("path", sorted(_REQUESTS))
def test_no_message_has_more_of_a_value_than_its_beginning_and_end(
    client: httpx2.Client, path: str, long: str
) -> None:
    refused = 0
    for name in [*_FIELDS[path], long]:
        for value in (f'"{long}"', f'{{"{long}": 1, "{long}": 1}}', f'[["{long}", "{long}"]]'):
            fields = _REQUESTS[path] | {name: "VALUE"}
            body = json.dumps(fields, ensure_ascii=False).replace('"VALUE"', value)
            reply = client.post(path, content=body.encode(), headers={"Content-Type": "application/json"})
            assert reply.status_code < 500, (name, reply.text)
            if reply.status_code >= 400:
                refused += 1
                assert len(reply.json()["message"]) < 650, reply.text
    assert refused > 3


def test_no_message_about_a_document_is_long(client: httpx2.Client) -> None:
    for long in _LONG[:3]:
        units = f"<file source-language='{long}'><body/></file>"
        xliff = f"<xliff xmlns='urn:oasis:names:tc:xliff:document:1.2' version='1.2'>{units}</xliff>"
        for name, text, fields in (
            ("a.txt", "Hund", {"target": long}),
            ("a.txt", "Hund", {"target": "fr", "source": long}),
            ("a.txt", "Hund", {"target": "fr", "source": "de", "glossary": f"a\t{long}\tb"}),
            ("a.xlf", xliff, {"target": "fr", "source": "it"}),
            (f"a.{long}", "Hund", {"target": "fr"}),
            ("a.json", f'{{"{long}": ', {"target": "fr"}),
        ):
            reply = client.post("/document", files={"file": (name, text.encode())}, data=fields)
            assert reply.status_code == 400, (name, reply.text)
            assert len(reply.json()["message"]) < 650, reply.text


def test_many_keys_are_compared_in_one_pass(client: httpx2.Client) -> None:
    body = "{" + "".join(f'"{number}":1,' for number in range(60_000)) + '"x":1,"x":1}'
    reply = client.post("/translate", content=body, headers={"Content-Type": "application/json"})
    assert reply.json()["message"] == "the key 'x' is there twice; send it once"
