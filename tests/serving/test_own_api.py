import json
import threading
import time
from collections.abc import Sequence
from typing import Any

import httpx2
import pytest
from tests.checked.fake import ENGLISH, FRENCH, GERMAN, Scripted, plain
from tests.serving.fake import ESEL, LONG, Table, client_of, served, service_of

from ontarget.checked.attempt import attempts_of
from ontarget.languages import Language
from ontarget.scoring.language_id.identifier import Guess, default_identifier
from ontarget.serving.limits import ServerLimits


def post(client: httpx2.Client, path: str = "/translate", **fields: Any) -> httpx2.Response:
    return client.post(path, json=fields)


def test_a_translation_comes_with_its_verdict() -> None:
    with client_of() as client:
        reply = post(
            client, text=[GERMAN, ENGLISH, ESEL, "", f"{GERMAN}\n\n{ESEL}"], source="de", target="fr"
        )
    assert reply.status_code == 200
    found = reply.json()["translations"]
    assert [one["text"] for one in found[:2]] == [FRENCH, FRENCH]
    assert [(one["outcome"], one["language"], one["action"]) for one in found] == [
        ("on_target", "fr", "none"),
        ("on_target", "fr", "reranked"),
        ("off_target", "en", "none"),
        ("neutral", "", "none"),
        ("off_target", "en", "none"),
    ]
    assert [one["on_target"] for one in found] == [True, True, False, True, False]
    assert found[4]["text"].startswith(f"{FRENCH}\n\nThe")
    assert [one["where"] for one in found[4]["segments"]] == ["line 1", "line 2"]


def test_the_language_of_each_text_is_identified() -> None:
    with client_of() as client:
        found = post(client, text=[GERMAN, ENGLISH, FRENCH], target="fr").json()["translations"]
        unknown = post(client, text="xq", target="fr")
    assert [one["source"] for one in found] == ["de", "en", "fr"]
    assert found[2]["text"] == FRENCH
    assert found[2]["flags"] == ["kept"]
    assert unknown.status_code == 400
    assert "name the source language" in unknown.json()["message"]


def test_strict_fails_with_the_translations() -> None:
    with client_of() as client:
        good = post(client, text=GERMAN, source="de", target="fr", strict=True)
        bad = post(client, text=[GERMAN, ESEL], source="de", target="fr", strict=True)
    assert good.status_code == 200
    assert bad.status_code == 422
    assert bad.json()["error"]["code"] == "off_target"
    assert "text 2;" in bad.json()["message"]
    assert bad.json()["translations"][0]["text"] == FRENCH


def test_strict_fails_for_a_text_without_a_translation() -> None:
    with client_of() as client:
        lenient = post(client, text=[GERMAN, LONG], source="de", target="fr")
        strict = post(client, text=[GERMAN, LONG], source="de", target="fr", strict=True)
    found = lenient.json()["translations"][1]
    assert (lenient.status_code, found["text"], found["flags"]) == (200, LONG, ["too_long"])
    assert (strict.status_code, strict.json()["error"]["code"]) == (422, "untranslated")
    assert "text 2;" in strict.json()["message"]


CAT, OTHER = "Le chat dort aujourd'hui sur le canapé.", "Le chat est couché sur le canapé aujourd'hui."
KATZE = "Die Katze schläft heute auf dem Sofa."


def test_alternatives_are_other_translations_in_the_right_language() -> None:
    table = Table({KATZE: [CAT, ENGLISH, OTHER, CAT], GERMAN: [FRENCH]})
    with client_of(service_of(table)) as client:
        fields = {"text": [KATZE, GERMAN], "source": "de", "target": "fr"}
        without = post(client, **fields).json()["translations"]
        with_others = post(client, alternatives=3, **fields).json()["translations"]
        too_many = post(client, alternatives=11, **fields)
        streamed = post(client, alternatives=1, stream=True, **fields)
    assert [one["text"] for one in with_others] == [one["text"] for one in without] == [CAT, FRENCH]
    assert [(one["text"], one["outcome"]) for one in with_others[0]["alternatives"]] == [(OTHER, "on_target")]
    assert with_others[1]["alternatives"] == []
    assert "alternatives" not in without[0]
    assert (too_many.status_code, "at most 10" in too_many.text) == (400, True)
    assert (streamed.status_code, "omit alternatives" in streamed.text) == (400, True)


def test_alternatives_leave_the_translation_as_it_is() -> None:
    """Without --retry, an off-target translation stays so, though a hypothesis is on target."""
    table = Table({KATZE: [ENGLISH, CAT]})
    table.attempts = attempts_of(plain(), Scripted(lambda text, _: [ENGLISH, CAT]), [])
    with client_of(service_of(table)) as client:
        fields = {"text": KATZE, "source": "de", "target": "fr"}
        (without,) = post(client, **fields).json()["translations"]
        (found,) = post(client, alternatives=1, **fields).json()["translations"]
    assert (without["text"], without["on_target"], without["action"]) == (ENGLISH, False, "none")
    assert {name: value for name, value in found.items() if name != "alternatives"} == without
    assert [one["text"] for one in found["alternatives"]] == [CAT]


@pytest.mark.parametrize("stream", [False, True])
def test_terms_that_a_translation_lacks_are_named(stream: bool) -> None:
    table = Table({KATZE: [CAT], GERMAN: [FRENCH]})
    with client_of(service_of(table)) as client:
        fields = {"text": f"{KATZE} {GERMAN}", "source": "de", "target": "fr", "stream": stream}
        reply = post(client, glossary=[["Katze", "minou"], ["sofa", "canapé"], ["Maus", "souris"]], **fields)
    found = json.loads(reply.text.strip().rpartition("data: ")[2]) if stream else reply.json()
    assert found["translations"][0]["terms_missing"] == {"Katze": ["minou"]}
    assert "terms_missing" not in found["translations"][0]["segments"][1]


def test_words_are_kept() -> None:
    table = Table()
    with client_of(service_of(table)) as client:
        fields = {"text": "ACME+ baut heute ein neues Haus.", "source": "de", "target": "fr"}
        kept = post(client, keep=["ACME+", "baut"], **fields).json()["translations"][0]
    assert "ACME+" not in table.batches[0][0]
    assert kept["text"] == fields["text"]


BAD: list[tuple[dict[str, Any], int, str]] = [
    ({"content": b"{"}, 400, "not valid JSON at line 1"),
    ({"content": b""}, 400, "not valid JSON"),
    ({"content": b"[]"}, 400, "not a JSON object"),
    ({"content": b"[" * 100_000}, 400, "nested too deeply"),
    ({"content": b'{"text": "\xff"}'}, 400, "UTF-8"),
    ({"content": b'{"text": "\\ud83d", "target": "fr"}'}, 400, "surrogate"),
    ({"content": b"x", "headers": {"Content-Type": "text/plain"}}, 415, "send application/json"),
    ({"json": {"target": "fr"}}, 400, "text is missing"),
    ({"json": {"text": "a", "target": "fr", "colour": 1}}, 400, "colour is not a known field"),
    (
        {"json": {"text": "a", "tagret": "fr"}},
        400,
        "target is missing; tagret is not a known field; did you mean 'target'",
    ),
    ({"json": {"text": "a", "q": "a", "target": "fr"}}, 400, "both text and q"),
    ({"json": {"text": 3, "target": "fr"}}, 400, "text should be a string or a list"),
    ({"json": {"text": "a", "target": "fr", "glossary": [["a"]]}}, 400, "glossary.0"),
    ({"json": {"text": "a", "target": "fr", "glossary": [["a", " "]]}}, 400, "glossary.0.1"),
    ({"json": {"text": "a", "target": "fr", "glossary": {"a": "b"}}}, 400, "glossary"),
    ({"json": {"text": "a", "target": "fr", "keep": [""]}}, 400, "keep.0"),
    ({"json": {"text": "a", "target": "fr", "keep": ["a"] * 1001}}, 400, "at most 1000"),
    ({"json": {"text": "a", "target": "fr", "alternatives": -1}}, 400, "alternatives"),
    ({"json": {"text": "a", "target": "fr", "alternatives": 1e30}}, 400, "alternatives"),
    ({"json": {"text": "a", "target": "fr", "model": "other"}}, 400, "are ontarget"),
    ({"json": {"text": "a", "target": "frr-x"}}, 400, "frr-x"),
    ({"json": {"text": "a", "source": "de", "target": "tlh"}}, 400, "tlh"),
    ({"json": {"text": "<b>", "source": "de", "target": "fr", "format": "xml"}}, 400, "the text"),
    ({"json": {"text": ["a"] * 129, "source": "de", "target": "fr"}}, 413, "at most 128"),
    ({"json": {"text": "a" * 50_001, "source": "de", "target": "fr"}}, 413, "at most 50000"),
    ({"content": b"x" * (1 << 20) + b"y"}, 413, "at most 1048576 bytes"),
]


@pytest.fixture(scope="module")
def client() -> Any:
    with client_of() as client:
        yield client


@pytest.mark.parametrize(("how", "status", "said"), BAD)
def test_a_mistake_is_one_sentence(client: httpx2.Client, how: Any, status: int, said: str) -> None:
    how = {"headers": {"Content-Type": "application/json"}, **how}
    reply = client.post("/translate", **how)
    assert reply.status_code == status, reply.text
    error = reply.json()["error"]
    assert said in error["message"]
    assert "Traceback" not in reply.text
    assert reply.json()["message"] == error["message"]


def test_a_wrong_parameter_has_the_form_of_all_errors(client: httpx2.Client) -> None:
    reply = client.get("/v2/languages", params={"type": "my text"})
    assert reply.status_code == 400
    assert reply.json()["message"] == reply.json()["error"]["message"]
    assert "query.type should be 'source', 'target' or 'glossary'" in reply.json()["message"]
    assert "my text" not in reply.text


def test_a_body_without_a_length_is_limited_too(client: httpx2.Client) -> None:
    reply = client.post("/translate", content=(b"x" * 65536 for _ in range(20)))
    assert reply.status_code == 413


def test_control_tokens_are_text(client: httpx2.Client) -> None:
    text = "</s><|im_start|>system\u2028\x00"
    reply = post(client, text=text, source="de", target="fr")
    assert reply.status_code == 200


def test_a_bug_is_answered_without_its_text(caplog: pytest.LogCaptureFixture) -> None:
    with client_of() as client:
        reply = post(client, text="boom", source="de", target="fr")
    assert reply.status_code == 500
    assert reply.json()["error"]["code"] == "internal"
    assert "boom" not in reply.text + caplog.text


def test_more_requests_than_the_limit_are_refused_and_later_ones_served() -> None:
    table = Table()
    table.go.clear()
    service = service_of(table, limits=ServerLimits(requests=2))
    with client_of(service) as client:
        answers: list[int] = []
        fields = {"text": GERMAN, "source": "de", "target": "fr"}
        threads = [
            threading.Thread(target=lambda: answers.append(post(client, **fields).status_code))
            for _ in range(2)
        ]
        for thread in threads:
            thread.start()
        while service._in_progress < 2:
            time.sleep(0.01)
        busy = post(client, **fields)
        assert (busy.status_code, busy.headers["Retry-After"]) == (429, "1")
        table.go.set()
        for thread in threads:
            thread.join()
        assert answers == [200, 200]
        assert post(client, **fields).status_code == 200


def test_a_client_that_leaves_ends_its_work() -> None:
    table = Table()
    table.go.clear()
    service = service_of(table)
    with served(service) as url:
        with pytest.raises(httpx2.ReadTimeout):
            httpx2.post(f"{url}/translate", json={"text": ESEL, "source": "de", "target": "fr"}, timeout=0.5)
        assert table.begun.acquire(timeout=60)
        while service._in_progress:
            time.sleep(0.01)
        metrics = httpx2.get(f"{url}/metrics").text
        table.go.set()
    assert 'ontarget_http_requests_total{route="/translate",status="499"} 1.0' in metrics
    assert "ontarget_segments_total{" not in metrics  # it was abandoned


def test_a_request_has_a_time_limit() -> None:
    table = Table()
    table.go.clear()
    with client_of(service_of(table, limits=ServerLimits(seconds=0.2))) as client:
        reply = post(client, text=GERMAN, source="de", target="fr")
        table.go.set()
    assert reply.status_code == 504
    assert "longer than 0.2 seconds" in reply.json()["message"]


def test_many_clients_get_their_own_translations() -> None:
    service = service_of()
    with served(service) as url:

        def ask(number: int) -> None:
            target = ["fr", "it", "nl"][number % 3]
            text = f"Satz {number}\nund {number}"
            with httpx2.Client(base_url=url, timeout=60) as client:
                reply = post(client, text=[text] * (number % 4 + 1), source="de", target=target)
            wrong.extend([number] * (reply.status_code != 200))
            translations = reply.json()["translations"]
            wrong.extend(number for one in translations if (one["text"], one["target"]) != (text, target))

        wrong: list[int] = []
        threads = [threading.Thread(target=ask, args=(number,)) for number in range(48)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert wrong == []


def test_scores_are_those_of_the_library(client: httpx2.Client) -> None:
    from ontarget.scoring import off_target_ratio

    lines = [GERMAN, FRENCH, ENGLISH]
    reply = post(client, "/score", lines=lines, target="fr").json()
    score = off_target_ratio(lines, "fr")
    assert (reply["otr"], reply["signature"], reply["off"]) == (score.value, score.signature, 2)
    assert [one["language"] for one in reply["lines"]] == ["de", "fr", "en"]
    short = post(client, "/score", lines=lines, sources=["x"], target="fr")
    assert (short.status_code, "differ in number" in short.text) == (400, True)


def test_scores_need_no_language_that_the_server_offers() -> None:
    with client_of(service_of(languages=[Language("de"), Language("en")])) as client:
        reply = post(client, "/score", lines=[FRENCH, GERMAN], target="fr", sources=[GERMAN] * 2, source="nl")
        assert (reply.status_code, reply.json()["otr"]) == (200, 50)
        for fields, said in (
            ({"target": "xx"}, "unknown language 'xx'"),
            ({"target": "tlh"}, "cannot recognise Klingon (tlh)"),
            ({"target": "fr", "source": "tlh"}, "cannot recognise Klingon (tlh)"),
        ):
            reply = post(client, "/score", lines=[FRENCH], **fields)
            assert (reply.status_code, reply.json()["error"]["code"]) == (400, "unknown_language")
            assert said in reply.json()["message"]


class Waiting:
    """An identifier that waits until it may go on."""

    signature = "waiting"
    labels = default_identifier().labels

    def __init__(self) -> None:
        self.begun, self.go_on = threading.Event(), threading.Event()

    def identify(self, texts: Sequence[str]) -> list[Guess]:
        self.begun.set()
        assert self.go_on.wait(60)
        return default_identifier().identify(texts)


def test_scores_hold_up_no_other_request() -> None:
    service, replies = service_of(), list[httpx2.Response]()
    service.identifier = waiting = Waiting()
    with client_of(service) as client:

        def score() -> None:
            replies.append(post(client, "/score", lines=[FRENCH], target="fr"))

        thread = threading.Thread(target=score)
        thread.start()
        try:
            assert waiting.begun.wait(60)
            assert client.get("/health", timeout=10).status_code == 200
            assert not replies
        finally:
            waiting.go_on.set()
            thread.join()
    assert replies[0].json()["otr"] == 0


def test_scores_that_take_too_long_are_given_up() -> None:
    service = service_of(limits=ServerLimits(seconds=0.05))
    service.identifier = waiting = Waiting()
    with client_of(service) as client:
        try:
            reply = post(client, "/score", lines=[FRENCH], target="fr")
        finally:
            waiting.go_on.set()
    assert (reply.status_code, reply.json()["error"]["code"]) == (504, "timeout")


def test_health_readiness_and_headers(client: httpx2.Client) -> None:
    assert client.get("/health").json() == {"status": "ok"}
    ready = client.get("/ready")
    assert ready.json() == {"status": "ready", "model": "ontarget", "models": ["ontarget"]}
    assert ready.headers["X-Content-Type-Options"] == "nosniff"
    assert "server" not in ready.headers or "uvicorn" in ready.headers["server"]
    for path in ("/health", "/ready"):  # as load balancers ask
        head = client.head(path)
        assert (head.status_code, head.content) == (200, b"")
    assert client.get("/nothing").status_code == 404
    assert client.delete("/translate").status_code == 405
    schema = client.get("/openapi.json").json()
    assert {"/translate", "/score", "/v2/translate", "/v1/chat/completions"} <= schema["paths"].keys()


def test_metrics_count_off_target_segments_before_and_after_repair() -> None:
    with client_of() as client:
        post(client, text=[GERMAN, ENGLISH, ESEL], source="de", target="fr")
        metrics = client.get("/metrics").text
    sides = '{source="de",target="fr"}'
    assert f"ontarget_segments_total{sides} 3.0" in metrics
    assert f"ontarget_off_target_before_repair_total{sides} 2.0" in metrics
    assert f"ontarget_off_target_total{sides} 1.0" in metrics


def test_the_chosen_languages_are_offered_with_their_regions() -> None:
    service = service_of(languages=[Language("de"), Language("en"), Language("zh")])
    assert str(service.offered.named("EN-US")) == "en"
    assert str(service.offered.named("de_Latn")) == "de"
    for code in ("fr", "zh-Hant", "x-y"):
        with pytest.raises(Exception, match=r"fr|Chinese|x-y"):
            service.offered.named(code)


def test_a_server_for_this_machine_answers_only_to_its_own_names() -> None:
    with client_of(service_of(), hosts={"127.0.0.1"}) as client:
        assert client.get("/health").status_code == 200
        assert client.get("/health", headers={"Host": "example.org"}).status_code == 400


@pytest.mark.parametrize("stream", [False, True])
def test_a_translation_without_words_is_none(stream: bool) -> None:
    table = Table({GERMAN: [FRENCH], KATZE: [". . . ."]})
    with client_of(service_of(table)) as client:
        fields = {"text": f"{GERMAN} {KATZE}", "source": "de", "target": "fr", "stream": stream}
        reply = post(client, **fields)
        strict = post(client, strict=True, **fields)
        other = client.post("/v2/translate", json={"text": [KATZE], "source_lang": "DE", "target_lang": "FR"})
    found = json.loads(reply.text.strip().rpartition("data: ")[2]) if stream else reply.json()
    (one,) = found["translations"]
    assert (one["on_target"], one["flags"], one["text"]) == (False, ["no_words"], f"{FRENCH} {KATZE}")
    assert "untranslated" in strict.text
    assert other.status_code == 422
