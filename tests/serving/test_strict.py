"""Off-target text is no success: with --strict for clients of all APIs, with `strict` for a request, and by
the fields of the replies that say so otherwise."""

from collections.abc import Iterator
from pathlib import Path

import deepl
import httpx2
import openai
import pytest
from libretranslatepy import LibreTranslateAPI
from tests.checked.fake import FRENCH, GERMAN
from tests.serving.fake import ESEL, client_of, served, service_of

DONKEY = "The donkey is very tired today and sleeps."  # what the model gives for ESEL, for any target
CHAT = {"model": "ontarget:de-fr", "messages": [{"role": "user", "content": ESEL}]}
FILE = {"file": ("a.txt", f"{GERMAN}\n{ESEL}".encode())}


@pytest.fixture(scope="module")
def strict() -> Iterator[str]:
    with served(service_of(strict=True)) as url:
        yield url


@pytest.fixture(scope="module")
def lenient() -> Iterator[httpx2.Client]:
    with client_of() as client:
        yield client


def test_clients_of_a_strict_server_see_an_error_and_good_texts(strict: str) -> None:
    as_deepl = deepl.Translator("any", server_url=strict)
    assert as_deepl.translate_text(GERMAN, source_lang="DE", target_lang="FR").text == FRENCH  # type: ignore[union-attr]
    with pytest.raises(deepl.DeepLException, match="off-target: text 2"):
        as_deepl.translate_text([GERMAN, ESEL], source_lang="DE", target_lang="FR")
    as_libre = LibreTranslateAPI(strict)
    assert as_libre.translate(GERMAN, "de", "fr") == FRENCH
    with pytest.raises(OSError, match="422"):
        as_libre.translate(ESEL, "de", "fr")
    as_openai = openai.OpenAI(base_url=f"{strict}/v1", api_key="any")
    for stream in (False, True):
        with pytest.raises(openai.UnprocessableEntityError, match="off-target") as found:
            as_openai.chat.completions.create(**CHAT, stream=stream)  # type: ignore[call-overload]
        assert found.value.code == "off_target"
    reply = httpx2.post(f"{strict}/translate", json={"text": ESEL, "source": "de", "target": "fr"})
    assert (reply.status_code, reply.json()["translations"][0]["text"]) == (422, DONKEY)


def test_documents_of_a_strict_server_are_on_target_or_an_error(strict: str, tmp_path: Path) -> None:
    as_deepl = deepl.Translator("any", server_url=strict)
    (tmp_path / "a.txt").write_text(ESEL, encoding="utf-8")
    with pytest.raises(deepl.DocumentTranslationException, match="off-target: 1 of 1 segment"):
        as_deepl.translate_document_from_filepath(
            tmp_path / "a.txt", tmp_path / "b.txt", source_lang="DE", target_lang="FR"
        )
    fields = {"source": "de", "target": "fr"}
    for path in ("/document", "/translate_file", "/page/document"):
        reply = httpx2.post(f"{strict}{path}", files=FILE, data=fields, timeout=60)
        assert reply.status_code == 422, path
        assert "1 of 2 segments of the document" in reply.text
        assert "a translation into French (fr)" in reply.text
    reply = httpx2.post(f"{strict}/document", files=FILE, data=fields, timeout=60).json()
    assert reply["report"]["off_target"] == 1
    assert [one["text"] for one in reply["segments"]] == [DONKEY]
    good = httpx2.post(f"{strict}/document", files={"file": ("a.txt", GERMAN.encode())}, data=fields)
    assert (good.status_code, good.text) == (200, FRENCH)


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/translate", {"text": ESEL, "source": "de", "target": "fr"}),
        ("/translate", {"q": ESEL, "source": "de", "target": "fr"}),
        ("/v2/translate", {"text": [ESEL], "source_lang": "DE", "target_lang": "FR"}),
        ("/v1/chat/completions", CHAT),
    ],
)
def test_a_request_may_be_strict(lenient: httpx2.Client, path: str, fields: dict[str, object]) -> None:
    assert lenient.post(path, json=fields).status_code == 200
    reply = lenient.post(path, json={**fields, "strict": True})
    assert (reply.status_code, reply.json()["error"]["code"]) == (422, "off_target")
    assert lenient.post(path, json={**fields, "strict": "perhaps"}).status_code == 400


def test_a_request_for_a_document_may_be_strict(lenient: httpx2.Client) -> None:
    fields = {"source": "de", "target": "fr"}
    assert lenient.post("/document", files=FILE, data=fields).status_code == 200
    reply = lenient.post("/document", files=FILE, data={**fields, "strict": "true"})
    assert reply.json()["error"]["code"] == "off_target"
    assert lenient.post("/translate_file", files=FILE, data={**fields, "strict": "true"}).status_code == 422
    assert lenient.post("/translate_file", files=FILE, data={**fields, "strict": "x"}).status_code == 400
    upper = {"source_lang": "DE", "target_lang": "FR", "strict": "1"}
    made = lenient.post("/v2/document", files=FILE, data=upper).json()
    assert made.keys() == {"document_id", "document_key"}  # strict is not ignored
    path, key = f"/v2/document/{made['document_id']}", {"document_key": made["document_key"]}
    while (found := lenient.post(path, json=key).json())["status"] in ("queued", "translating"):
        pass
    assert (found["status"], "off-target" in found["error_message"]) == ("error", True)
    assert lenient.post(f"{path}/result", json=key).status_code == 422


def test_replies_that_are_no_error_have_the_verdict(lenient: httpx2.Client) -> None:
    fields = {"text": [GERMAN, ESEL], "source_lang": "DE", "target_lang": "FR"}
    found = lenient.post("/v2/translate", json=fields).json()["translations"]
    assert [(one["on_target"], one["verdict"]["language"]) for one in found] == [(True, "fr"), (False, "en")]
    assert found[1]["verdict"]["outcome"] == "off_target"
    reply = lenient.post("/translate", json={"q": [GERMAN, ESEL], "source": "de", "target": "fr"}).json()
    assert reply["on_target"] == [True, False]
    assert [one["language"] for one in reply["verdict"]] == ["fr", "en"]
    reply = lenient.post("/translate", data={"q": ESEL, "source": "de", "target": "fr"}).json()
    assert (reply["translatedText"], reply["on_target"], reply["verdict"]["language"]) == (
        DONKEY,
        False,
        "en",
    )
