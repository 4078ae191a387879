"""The packages that people use with the services translate with this server, unchanged."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import deepl
import httpx2
import openai
import pytest
from libretranslatepy import LibreTranslateAPI
from tests.checked.fake import ENGLISH, FRENCH, GERMAN
from tests.serving.fake import EMPTY, ESEL, LONG, Table, served, service_of

from ontarget.languages import Language
from ontarget.serving.api_keys import ApiKeys
from ontarget.serving.limits import ServerLimits

KEY = "correct-horse"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    languages = [Language(code) for code in ("de", "en", "fr", "pt")]
    with served(service_of(keys=ApiKeys([KEY]), languages=languages)) as url:
        yield url


def test_deepl(url: str) -> None:
    client = deepl.Translator(KEY, server_url=url)
    results = client.translate_text([GERMAN, ENGLISH], target_lang="FR", formality="prefer_more")
    assert [one.text for one in results] == [FRENCH, FRENCH]  # type: ignore[union-attr]
    assert [one.detected_source_lang for one in results] == ["DE", "EN"]  # type: ignore[union-attr]
    assert [one.billed_characters for one in results] == [len(GERMAN), len(ENGLISH)]  # type: ignore[union-attr]
    one = client.translate_text(ESEL, source_lang="DE", target_lang="EN-US")
    assert one.text == "The donkey is very tired today and sleeps."  # type: ignore[union-attr]
    assert {each.code for each in client.get_source_languages()} == {"DE", "EN", "FR", "PT"}
    targets = {each.code for each in client.get_target_languages()}
    assert targets == {"DE", "EN-GB", "EN-US", "FR", "PT-BR", "PT-PT"}
    usage = client.get_usage()
    assert usage.character.count == len(GERMAN + ENGLISH + ESEL)
    assert not usage.any_limit_reached


def test_deepl_tries_again_while_the_server_is_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deepl.http_client._BackoffTimer.BACKOFF_INITIAL", 0.01)
    monkeypatch.setattr("deepl.http_client.min_connection_timeout", 60.0)
    table = Table()
    with served(service_of(table, limits=ServerLimits(requests=1))) as url, ThreadPoolExecutor() as threads:
        first = deepl.Translator(KEY, server_url=url)
        table.go.clear()
        waiting = threads.submit(first.translate_text, GERMAN, source_lang="DE", target_lang="FR")
        table.begun.acquire()
        statuses = list[int]()
        second = deepl.Translator(KEY, server_url=url)
        send = second._client._internal_request

        def sent(*args: Any, **how: Any) -> Any:
            reply = send(*args, **how)
            statuses.append(reply[0])
            table.go.set()
            waiting.result()
            return reply

        monkeypatch.setattr(second._client, "_internal_request", sent)
        assert second.translate_text(GERMAN, source_lang="DE", target_lang="FR").text == FRENCH  # type: ignore[union-attr]
        assert statuses == [429, 200]


def test_deepl_keeps_tags_and_ignored_elements(url: str) -> None:
    client = deepl.Translator(KEY, server_url=url)
    text = 'Hund <x id="1"></x> &amp; <keep>Katze  <b/></keep>'
    found = client.translate_text(
        text, source_lang="DE", target_lang="FR", tag_handling="xml", ignore_tags=["keep"]
    )
    assert found.text == text  # type: ignore[union-attr]


def test_deepl_says_what_is_wrong(url: str) -> None:
    with pytest.raises(deepl.AuthorizationException):
        deepl.Translator("wrong-key", server_url=url).translate_text(GERMAN, target_lang="FR")
    client = deepl.Translator(KEY, server_url=url)
    with pytest.raises(deepl.DeepLException, match="does not offer Italian"):
        client.translate_text(GERMAN, target_lang="IT")
    with pytest.raises(deepl.DeepLException, match="the text"):
        client.translate_text("<b>", source_lang="DE", target_lang="FR", tag_handling="xml")


def test_deepl_as_a_form(url: str) -> None:
    reply = httpx2.post(
        f"{url}/v2/translate",
        content=b"text=Hund&text=Katze&target_lang=FR&source_lang=DE&split_sentences=0",
        headers={
            "Authorization": f"DeepL-Auth-Key {KEY}",
            "Content-Type": "application/x-www-form-urlencoded",
        },
    )
    assert [one["text"] for one in reply.json()["translations"]] == ["Hund", "Katze"]


def test_libretranslate(url: str) -> None:
    client = LibreTranslateAPI(url, KEY)
    assert client.translate(GERMAN, "de", "fr") == FRENCH
    assert client.translate(ENGLISH, "auto", "fr") == FRENCH
    (found,) = client.detect(GERMAN)
    assert found["language"] == "de"
    assert 50 < found["confidence"] <= 100
    assert [one["code"] for one in client.languages()] == ["en", "fr", "de", "pt"]
    assert client.languages()[0]["targets"] == ["fr", "de", "pt"]
    with pytest.raises(OSError, match="401"):
        LibreTranslateAPI(url, "wrong-key").translate(GERMAN, "de", "fr")


def test_libretranslate_with_a_list_html_and_alternatives(url: str) -> None:
    fields = {"q": [f"<p>{GERMAN}</p>", ""], "source": "de", "target": "fr", "format": "html"}
    reply = httpx2.post(f"{url}/translate", json={**fields, "alternatives": 3, "api_key": KEY}).json()
    assert (reply["translatedText"], reply["alternatives"]) == ([f"<p>{FRENCH}</p>", ""], [[], []])
    settings = httpx2.get(f"{url}/frontend/settings").json()
    assert settings["keyRequired"] is True
    assert settings["charLimit"] == 50_000


def test_libretranslate_is_strict_if_asked(url: str) -> None:
    fields = {"q": [GERMAN, ESEL], "source": "de", "target": "fr", "api_key": KEY}
    assert httpx2.post(f"{url}/translate", json=fields).status_code == 200
    strict = httpx2.post(f"{url}/translate", json={**fields, "strict": True})
    assert (strict.status_code, strict.json()["error"]["code"]) == (422, "off_target")


@pytest.mark.parametrize("text", [EMPTY, LONG])
def test_a_source_is_never_passed_off_as_its_translation(url: str, text: str) -> None:
    """These replies have no verdict, so that clients could not tell."""
    with pytest.raises(deepl.DeepLException, match="not translated: text 2"):
        deepl.Translator(KEY, server_url=url).translate_text(
            [GERMAN, text], source_lang="DE", target_lang="FR"
        )
    with pytest.raises(OSError, match="422"):
        LibreTranslateAPI(url, KEY).translate(text, "de", "fr")
    with pytest.raises(openai.UnprocessableEntityError, match="not translated"):
        openai.OpenAI(base_url=f"{url}/v1", api_key=KEY).chat.completions.create(
            model="ontarget:de-fr", messages=[{"role": "user", "content": text}]
        )


def test_openai(url: str) -> None:
    client = openai.OpenAI(base_url=f"{url}/v1", api_key=KEY)
    assert [model.id for model in client.models.list()] == ["ontarget"]
    assert client.models.retrieve("ontarget:de-fr").id == "ontarget"
    with pytest.raises(openai.NotFoundError, match="no model of this name"):
        client.models.retrieve("gpt-4o")
    for model, options in (
        ("ontarget:de-fr", None),
        ("ontarget:fr", None),
        ("ontarget", {"source_lang": "German", "target_lang": "French"}),
    ):
        reply = client.chat.completions.create(
            model=model,
            messages=[
                {"role": "system", "content": "Translate into Italian."},
                {"role": "user", "content": GERMAN},
            ],
            temperature=0,
            extra_body={"translation_options": options} if options else None,
        )
        assert reply.choices[0].message.content == FRENCH
        assert reply.choices[0].finish_reason == "stop"
        assert reply.usage is not None
        assert reply.usage.completion_tokens == 3


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"model": "ontarget"}, "ontarget:de-fr"),
        ({"model": "gpt-4o"}, "there is no model of this name; the models of this server are ontarget"),
        ({"model": "ontarget:de-fr", "n": 2}, "omit n"),
        ({"model": "ontarget:de-zz"}, "unknown language 'zz'"),
        (
            {"model": "ontarget:de-fr", "extra_body": {"translation_options": {"target_lang": "en"}}},
            "in one of these",
        ),
        ({"model": "ontarget:de-fr", "messages": [{"role": "system", "content": "a"}]}, "role user"),
    ],
)
def test_openai_names_the_remedy(url: str, more: dict[str, object], said: str) -> None:
    client = openai.OpenAI(base_url=f"{url}/v1", api_key=KEY, max_retries=0)
    fields = {"messages": [{"role": "user", "content": GERMAN}], **more}
    with pytest.raises(openai.BadRequestError, match=said):
        client.chat.completions.create(**fields)  # type: ignore[call-overload]
    with pytest.raises(openai.AuthenticationError):
        openai.OpenAI(base_url=f"{url}/v1", api_key="wrong-key", max_retries=0).models.list()


def test_what_makes_no_difference_is_named(url: str) -> None:
    client = openai.OpenAI(base_url=f"{url}/v1", api_key=KEY)
    fields: Any = {"model": "ontarget:de-fr", "messages": [{"role": "user", "content": GERMAN}]}
    unused: Any = {"temperature": 0.7, "max_tokens": 5, "stop": ["le"], "n": 1}
    reply = client.chat.completions.create(**fields, **unused)
    assert (reply.model_extra or {})["ignored"] == ["max_tokens", "stop", "temperature"]
    assert reply.choices[0].message.content == FRENCH
    first, *others = client.chat.completions.create(**fields, **unused, stream=True)
    assert (first.model_extra or {})["ignored"] == ["max_tokens", "stop", "temperature"]
    assert not any("ignored" in (one.model_extra or {}) for one in others)
    assert "ignored" not in (client.chat.completions.create(**fields).model_extra or {})
    body = {"q": GERMAN, "source": "de", "target": "fr", "api_key": KEY}
    assert "ignored" not in httpx2.post(f"{url}/translate", json=body).json()
    assert httpx2.post(f"{url}/translate", json={**body, "tone": "x"}).json()["ignored"] == ["tone"]
