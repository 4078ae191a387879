import json
import time
from collections.abc import Iterator, Sequence
from typing import Any

import httpx2
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.checked.fake import ENGLISH, FRENCH, GERMAN
from tests.serving.fake import EMPTY, ESEL, Table, client_of, served, service_of

from ontarget.checked.verdict import Checked
from ontarget.languages import Direction
from ontarget.serving.sources import TextDirections
from ontarget.serving.streaming import pieces_of
from ontarget.translation.system import Request

DE_FR = Direction.parse("de-fr")
WORDS = ["Baum", "Hund", "Katze", "Tisch", "Stuhl", "Haus", "Garten"]
SEVEN = [f"Das ist der Satz mit dem Wort {word}." for word in WORDS]


def events_of(reply: httpx2.Response) -> Iterator[tuple[str, Any]]:
    """The events of a reply as they come: name and data."""
    name = ""
    for line in reply.iter_lines():
        key, _, value = line.partition(": ")
        if key == "event":
            name = value
        elif key == "data":
            yield name, json.loads(value) if value != "[DONE]" else value


def streamed(client: httpx2.Client, text: Any = GERMAN, **fields: Any) -> list[tuple[str, Any]]:
    fields = {"text": text, "source": "de", "target": "fr", "stream": True, **fields}
    with client.stream("POST", "/translate", json=fields) as reply:
        assert reply.status_code == 200, reply.read()
        assert reply.headers["content-type"].startswith("text/event-stream")
        return list(events_of(reply))


@pytest.fixture(scope="module")
def client() -> Iterator[httpx2.Client]:
    with client_of() as client:
        yield client


_TEXTS = st.text(alphabet="aB .!?\r\n\t{}éß中。\u2028\x00") | st.lists(
    st.sampled_from([GERMAN, ESEL, "{name} ist da.", "\n", "\r\n", "  ", "12.", "https://a.de/b.c"])
).map(" ".join)


@given(text=_TEXTS)
def test_the_pieces_of_a_text_are_the_text(text: str) -> None:
    directions = TextDirections(DE_FR)
    pieces = pieces_of(text, directions)
    assert "".join(piece for _, piece, _ in pieces) == text
    assert {of_piece for *_, of_piece in pieces} == {directions}
    assert pieces_of(text, directions, "html") == [("", text, directions)]


def test_a_stream_gives_what_one_reply_gives(client: httpx2.Client) -> None:
    texts = [f"{GERMAN} {ENGLISH}\n\n  {ESEL} ", "", "12\n", f"{GERMAN}\r\n{GERMAN}"]
    for format in ("text", "html"):
        fields = {"source": "de", "target": "fr", "format": format}
        *segments, (name, last) = streamed(client, texts, format=format)
        plain = client.post("/translate", json={"text": texts, **fields}).json()
        assert name == "done"
        assert last["translations"] == plain["translations"]
        assert {name for name, _ in segments} == {"segment"}
        for number, (text, one) in enumerate(zip(texts, plain["translations"], strict=True), 1):
            of_text = [data for _, data in segments if data["number"] == number]
            assert "".join(data["source"] for data in of_text) == text
            assert "".join(data["text"] for data in of_text) == one["text"]
    assert [data["where"] for data in (data for _, data in streamed(client, texts)) if "where" in data] == [
        *["line 1"] * 2,
        *["line 2", "line 1", "line 1", "line 2"],
    ]


def test_each_piece_has_its_own_verdict(client: httpx2.Client) -> None:
    segments = [data for name, data in streamed(client, f"{GERMAN} {ENGLISH} {ESEL}") if name == "segment"]
    found = [(one["outcome"], one["action"], one["on_target"]) for one in segments]
    assert found == [
        ("on_target", "none", True),
        ("on_target", "reranked", True),
        ("off_target", "none", False),
    ]
    assert [one["direction"] for one in segments] == ["de-fr"] * 3


class FirstAtOnce(Table):
    """Waits before each batch but the first."""

    def translate_requests(self, requests: Sequence[Request], **how: Any) -> list[list[Checked]]:
        if not self.batches:
            first = Table()
            self.batches.append([one.source for one in requests])
            return first.translate_requests(requests, **how)
        return super().translate_requests(requests, **how)


def test_a_sentence_is_sent_before_the_next_ones_are_translated() -> None:
    table = FirstAtOnce()
    table.go.clear()
    with client_of(service_of(table)) as client:
        fields = {"text": " ".join(SEVEN), "source": "de", "target": "fr", "stream": True}
        with client.stream("POST", "/translate", json=fields) as reply:
            events = events_of(reply)
            _, first = next(events)
            assert first["source"].strip() == SEVEN[0]
            table.go.set()
            rest = [data for name, data in events if name == "segment"]
    assert [one["source"].strip() for one in rest] == SEVEN[1:]
    assert [len(texts) for texts in table.batches] == [1, 2, 4]


def test_with_strict_nothing_off_target_is_sent(client: httpx2.Client) -> None:
    *segments, (name, last) = streamed(client, [GERMAN, f"{GERMAN} {ESEL} {GERMAN}"], strict=True)
    assert [data["text"].strip() for _, data in segments] == [FRENCH, FRENCH]
    assert (name, last["error"]["code"]) == ("error", "off_target")
    assert "text 2;" in last["message"]
    fields = {"source": "de", "target": "fr", "stream": True, "strict": True}
    first = client.post("/translate", json={"text": f"{ESEL} {GERMAN}", **fields})
    assert (first.status_code, first.json()["error"]["code"]) == (422, "off_target")


def test_a_mistake_has_the_status_that_it_has_without_a_stream(client: httpx2.Client) -> None:
    fields = {"text": GERMAN, "source": "de", "target": "fr", "stream": True}
    for wrong, status in (
        ({"target": "tlh"}, 400),
        ({"text": "<b>", "format": "xml"}, 400),
        ({"text": "xq", "source": "auto"}, 400),
        ({"text": "a" * 50_001}, 413),
        ({"text": "boom"}, 500),
    ):
        assert client.post("/translate", json={**fields, **wrong}).status_code == status
    assert streamed(client, [])[0][1]["translations"] == []


def test_a_client_that_leaves_a_stream_ends_its_work() -> None:
    table = FirstAtOnce()
    service = service_of(table)
    table.go.clear()
    with served(service) as url, httpx2.Client(timeout=60) as client:
        fields = {"text": " ".join(SEVEN), "source": "de", "target": "fr", "stream": True}
        with client.stream("POST", f"{url}/translate", json=fields) as reply:
            next(events_of(reply))
        while service._in_progress:
            time.sleep(0.01)
        table.go.set()
    assert len(table.batches) < 3


def test_the_package_openai_streams() -> None:
    with served(service_of()) as url:
        client = openai.OpenAI(base_url=f"{url}/v1", api_key="any", max_retries=0)
        how: dict[str, Any] = {"model": "ontarget:de-fr", "stream": True}
        chunks = list(
            client.chat.completions.create(
                messages=[{"role": "user", "content": f"{GERMAN} {GERMAN}\n{ESEL}"}],
                stream_options={"include_usage": True},
                **how,
            )
        )
        assert {chunk.object for chunk in chunks} == {"chat.completion.chunk"}
        assert len({chunk.id for chunk in chunks}) == 1
        deltas = [choice.delta.content for chunk in chunks for choice in chunk.choices]
        assert deltas[:3] == ["", f"{FRENCH} ", FRENCH]
        assert deltas[3].startswith("\nThe donkey")
        assert [choice.finish_reason for chunk in chunks for choice in chunk.choices][-2:] == [None, "stop"]
        assert chunks[-1].usage.completion_tokens == 9
        assert [chunk.usage for chunk in chunks[:-1]] == [None] * 5
        chat = client.chat.completions.create
        begun = chat(messages=[{"role": "user", "content": f"{GERMAN} {EMPTY}"}], **how)
        assert next(begun).choices[0].delta.role == "assistant"
        assert next(begun).choices[0].delta.content == f"{FRENCH} "
        with pytest.raises(openai.APIError, match="not translated"):
            list(begun)
        with pytest.raises(openai.UnprocessableEntityError, match="not translated"):
            chat(messages=[{"role": "user", "content": EMPTY}], **how)
