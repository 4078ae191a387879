"""Requests as tools of translators send them: Weblate to DeepL and LibreTranslate, OmegaT to LibreTranslate.

Their form follows the sources of these programs: `deepl.py`, `libretranslate.py` and `base.py` in
`weblate/machinery`, and `LibreTranslate.java` of omegat-libre-translate.
"""

from collections.abc import Iterator

import httpx2
import pytest
from tests.checked.fake import ENGLISH, FRENCH, GERMAN
from tests.serving.fake import ANSWERS, Table, served, service_of

from ontarget.languages import Language
from ontarget.serving.api_keys import ApiKeys

KEY = "key-of-weblate"
NAMED = {  # as the model sees the texts: with a name for each placeholder, and without tags
    "The file X1 is missing.": ["Il manque le fichier X1."],
    "Save X1 files & folders in X2.": ["Enregistrez X1 fichiers et dossiers dans X2."],
    "The file Q1 is missing.": ["Il manque le fichier Q1."],
    "Save Q1 files & folders in Q2.": ["Enregistrez Q1 fichiers et dossiers dans Q2."],
    "The X1 donkey X2 is tired.": ["L'X1 âne X2 est fatigué."],
    "test": ["Test"],
}


@pytest.fixture(scope="module")
def client() -> Iterator[httpx2.Client]:
    languages = [Language(code) for code in ("de", "en", "fr")]
    service = service_of(Table({**ANSWERS, **NAMED}), keys=ApiKeys([KEY]), languages=languages)
    with served(service) as url, httpx2.Client(base_url=url, timeout=60) as client:
        yield client


def weblate_deepl(
    client: httpx2.Client, texts: list[str], source: str, target: str, **more: str
) -> list[str]:
    reply = client.post(
        "/v2/translate",
        headers={
            "Authorization": f"DeepL-Auth-Key {KEY}",
            "Referer": "http://weblate.example.org",
            "Accept": "application/json; charset=utf-8",
        },
        json={
            "text": texts,
            "source_lang": source,
            "target_lang": target,
            "formality": "default",
            "tag_handling": "xml",
            "ignore_tags": ["x"],
            "model_type": "prefer_quality_optimized",
            **more,
        },
    )
    assert reply.status_code == 200, reply.text
    return [one["text"] for one in reply.json()["translations"]]


def test_weblate_takes_the_settings_of_deepl(client: httpx2.Client) -> None:
    headers = {"Authorization": f"DeepL-Auth-Key {KEY}"}
    for kind in ("source", "target"):
        found = client.get("/v2/languages", params={"type": kind}, headers=headers).json()
        assert {"DE", "FR"} <= {one["language"] for one in found}
    assert weblate_deepl(client, ["test"], "EN", "DE") == ["Test"]  # it tries this before it saves them


def test_placeholders_of_weblate_come_back_whole_by_deepl(client: httpx2.Client) -> None:
    texts = [
        'The file <x id="9"></x> is missing.',
        'Save <x id="5"></x> files &amp; folders in <x id="31"></x>.',
        GERMAN,
    ]
    assert weblate_deepl(client, texts[:2], "EN", "FR") == [
        'Il manque le fichier <x id="9"></x>.',
        'Enregistrez <x id="5"></x> fichiers et dossiers dans <x id="31"></x>.',
    ]
    assert weblate_deepl(client, texts[2:], "DE", "FR") == [FRENCH]


def test_a_model_that_drops_a_placeholder_of_weblate_does_not_lose_it(client: httpx2.Client) -> None:
    text = '<x id="0"></x> donkeys sleep in <x id="20"></x>'
    (found,) = weblate_deepl(client, [text], "EN", "FR")
    assert found.count('<x id="0"></x>') == found.count('<x id="20"></x>') == 1


def test_weblate_keeps_its_glossary_on_the_server(client: httpx2.Client) -> None:
    headers = {"Authorization": f"DeepL-Auth-Key {KEY}"}
    pairs = client.get("/v2/glossary-language-pairs", headers=headers).json()["supported_languages"]
    assert ("EN", "FR") in {(one["source_lang"].upper(), one["target_lang"].upper()) for one in pairs}
    body = {"name": "weblate:1", "source_lang": "EN", "target_lang": "FR", "entries": "donkey\tâne"}
    client.post("/v2/glossaries", json=body | {"entries_format": "tsv"}, headers=headers).raise_for_status()
    (found,) = client.get("/v2/glossaries", headers=headers).json()["glossaries"]
    assert found["name"] == "weblate:1"
    text = 'The file <x id="9"></x> is missing.'
    (translated,) = weblate_deepl(client, [text], "EN", "FR", glossary_id=found["glossary_id"])
    assert translated == 'Il manque le fichier <x id="9"></x>.'
    assert client.delete(f"/v2/glossaries/{found['glossary_id']}", headers=headers).is_success
    assert client.get("/v2/glossaries", headers=headers).json() == {"glossaries": []}


def test_placeholders_of_weblate_come_back_whole_by_libretranslate(client: httpx2.Client) -> None:
    assert {one["code"] for one in client.get("/languages").json()} == {"de", "en", "fr"}
    texts = ["The file [X9X] is missing.", "Save [X5X] files & folders in [X31X].", ENGLISH]
    body = {"api_key": KEY, "q": texts, "source": "en", "target": "fr"}
    reply = client.post("/translate", json=body)
    assert reply.status_code == 200
    assert reply.json()["translatedText"][:2] == [
        "Il manque le fichier [X9X].",
        "Enregistrez [X5X] fichiers et dossiers dans [X31X].",
    ]


def test_weblate_sees_why_a_request_is_refused(client: httpx2.Client) -> None:
    body = {"text": ["test"], "source_lang": "EN", "target_lang": "IT"}
    reply = client.post("/v2/translate", json=body, headers={"Authorization": f"DeepL-Auth-Key {KEY}"})
    assert reply.status_code == 400
    assert "does not offer Italian" in reply.json()["message"]


def test_tags_of_omegat_come_back_whole(client: httpx2.Client) -> None:
    reply = client.post(
        f"/translate?api_key={KEY}",  # the plug-in has no setting for a key, but its URL is free
        content="q=The+%3Cf0%3Edonkey%3C%2Ff0%3E+is+tired.&source=en&target=fr",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert reply.status_code == 200
    assert reply.json()["translatedText"] == "L'<f0>âne</f0> est fatigué."
    refused = client.post("/translate", data={"q": "test", "source": "en", "target": "fr"})
    assert refused.status_code == 401
