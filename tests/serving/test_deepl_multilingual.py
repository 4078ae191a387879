"""Glossaries of several directions by the package `deepl`, unchanged, and by plain requests."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import deepl
import httpx2
import pytest
from deepl.api_data import MultilingualGlossaryDictionaryEntries, MultilingualGlossaryInfo
from tests.checked.fake import GERMAN
from tests.serving.conftest import DOG, HOUND, KEY, OTHER
from tests.serving.fake import served, service_of

from ontarget.serving.glossaries import GlossaryStore

HEADERS = {"X-API-Key": KEY}


@pytest.fixture
def client(glossary_url: str) -> Iterator[deepl.DeepLClient]:
    client = deepl.DeepLClient(KEY, server_url=glossary_url)
    yield client
    for one in client.list_multilingual_glossaries():
        client.delete_multilingual_glossary(one)


def terms(source: str, target: str, **entries: str) -> MultilingualGlossaryDictionaryEntries:
    return MultilingualGlossaryDictionaryEntries(source, target, entries)


def made(client: deepl.DeepLClient, *dictionaries: Any) -> MultilingualGlossaryInfo:
    default = (terms("DE", "EN-US", Hund="hound"), terms("EN", "DE", dog="Hund", cat="Katze"))
    return client.create_multilingual_glossary("animals", list(dictionaries or default))


def counts(one: MultilingualGlossaryInfo) -> dict[str, int]:
    return {f"{each.source_lang}-{each.target_lang}": each.entry_count for each in one.dictionaries}


def entries(client: deepl.DeepLClient, one: Any, source: str, target: str) -> object:
    (found,) = client.get_multilingual_glossary_entries(one, source, target).dictionaries
    assert (found.source_lang, found.target_lang) == (source.lower(), target.lower())
    return found.entries


def test_a_glossary_from_its_beginning_to_its_end(client: deepl.DeepLClient) -> None:
    one = made(client)
    assert (one.name, counts(one)) == ("animals", {"DE-EN": 1, "EN-DE": 2})
    assert client.get_multilingual_glossary(one.glossary_id).creation_time == one.creation_time
    assert [each.glossary_id for each in client.list_multilingual_glossaries()] == [one.glossary_id]
    assert entries(client, one, "EN", "DE") == "dog\tHund\ncat\tKatze"
    client.delete_multilingual_glossary(one)
    assert client.list_multilingual_glossaries() == []
    with pytest.raises(deepl.GlossaryNotFoundException, match="no glossary with this ID"):
        client.get_multilingual_glossary(one.glossary_id)


def test_changes(client: deepl.DeepLClient) -> None:
    one = made(client)
    renamed = client.update_multilingual_glossary_name(one, "beasts")
    assert (renamed.name, counts(renamed)) == ("beasts", {"DE-EN": 1, "EN-DE": 2})
    merged = client.update_multilingual_glossary_dictionary(one, terms("EN", "DE", dog="Köter", cow="Kuh"))
    assert (merged.name, counts(merged)) == ("beasts", {"DE-EN": 1, "EN-DE": 3})
    assert entries(client, one, "EN", "DE") == "dog\tKöter\ncat\tKatze\ncow\tKuh"
    added = client.update_multilingual_glossary_dictionary(one, terms("DE", "FR", Hund="chien"))
    assert counts(added) == {"DE-EN": 1, "EN-DE": 3, "DE-FR": 1}
    replaced = client.replace_multilingual_glossary_dictionary(one, terms("EN", "DE", pig="Schwein"))
    assert (replaced.source_lang, replaced.target_lang, replaced.entry_count) == ("EN", "DE", 1)
    assert entries(client, one, "EN", "DE") == "pig\tSchwein"
    client.delete_multilingual_glossary_dictionary(one, source_lang="EN", target_lang="DE")
    assert counts(client.get_multilingual_glossary(one.glossary_id)) == {"DE-EN": 1, "DE-FR": 1}
    with pytest.raises(
        deepl.GlossaryNotFoundException, match=r"no dictionary from English \(en\) into German \(de\)"
    ):
        client.delete_multilingual_glossary_dictionary(one, source_lang="EN", target_lang="DE")


def test_a_translation_takes_the_dictionary_of_its_languages(client: deepl.DeepLClient) -> None:
    one = made(client)
    how: Any = {"source_lang": "DE", "target_lang": "EN-GB"}
    assert client.translate_text(GERMAN, **how).text == DOG  # type: ignore[union-attr]
    assert client.translate_text(GERMAN, glossary=one, **how).text == HOUND  # type: ignore[union-attr]
    with pytest.raises(
        deepl.DeepLException,
        match=r"glossary is from German \(de\) into English \(en\), from English \(en\) into",
    ):
        client.translate_text(GERMAN, glossary=one.glossary_id, source_lang="DE", target_lang="FR")
    for each in one.dictionaries:
        client.delete_multilingual_glossary_dictionary(one, each)
    with pytest.raises(deepl.DeepLException, match="the glossary has no dictionary"):
        client.translate_text(GERMAN, glossary=one.glossary_id, **how)


def test_both_versions_have_the_same_glossaries(client: deepl.DeepLClient) -> None:
    several, single = made(client), made(client, terms("DE", "EN", Hund="hound"))
    assert [one.glossary_id for one in client.list_glossaries()] == [single.glossary_id]
    assert client.get_glossary_entries(single.glossary_id) == {"Hund": "hound"}
    for act in (client.get_glossary, client.get_glossary_entries):
        with pytest.raises(deepl.DeepLException, match="2 directions; use /v3/glossaries"):
            act(several.glossary_id)
    old = client.create_glossary("old", "DE", "FR", {"Hund": "chien"})
    assert counts(client.get_multilingual_glossary(old.glossary_id)) == {"DE-FR": 1}


def test_other_clients_see_nothing(glossary_url: str, client: deepl.DeepLClient) -> None:
    one = made(client)
    other = deepl.DeepLClient(OTHER, server_url=glossary_url)
    assert other.list_multilingual_glossaries() == []
    for act in (other.get_multilingual_glossary, other.delete_multilingual_glossary):
        with pytest.raises(deepl.GlossaryNotFoundException):
            act(one.glossary_id)
    with pytest.raises(deepl.GlossaryNotFoundException):
        other.update_multilingual_glossary_dictionary(one, terms("DE", "EN", Hund="cat"))
    with pytest.raises(deepl.AuthorizationException):
        deepl.DeepLClient("wrong", server_url=glossary_url).list_multilingual_glossaries()


TERMS = {"source_lang": "DE", "target_lang": "EN", "entries": "a\tb", "entries_format": "tsv"}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"name": "a", "dictionaries": []}, "dictionaries"),
        ({"name": "", "dictionaries": [TERMS]}, "name"),
        ({"name": "a", "dictionaries": [TERMS, TERMS]}, "a direction twice"),
        ({"name": "a", "dictionaries": [TERMS | {"target_lang": "DE-AT"}]}, "same language twice"),
        ({"name": "a", "dictionaries": [TERMS | {"target_lang": "IT"}]}, "does not offer Italian"),
        ({"name": "a", "dictionaries": [TERMS | {"entries": "a"}]}, "entry 1 has 1 column"),
        ({"name": "a", "dictionaries": [TERMS | {"entries_format": "xml"}]}, "entries_format"),
        ({"name": "a", "dictionaries": TERMS}, "dictionaries"),
    ],
)
def test_wrong_glossaries(
    glossary_url: str, client: deepl.DeepLClient, body: dict[str, Any], said: str
) -> None:
    one = made(client)
    asked = (
        [("POST", "")]
        if "name" in body and not body["dictionaries"]
        else [("POST", ""), ("PATCH", f"/{one.glossary_id}")]
    )
    for method, path in asked:
        reply = httpx2.request(method, f"{glossary_url}/v3/glossaries{path}", json=body, headers=HEADERS)
        assert reply.status_code == 400, method
        assert said in reply.json()["message"]
    assert counts(client.get_multilingual_glossary(one.glossary_id)) == {"DE-EN": 1, "EN-DE": 2}


def test_a_request_without_languages_is_told_so(glossary_url: str, client: deepl.DeepLClient) -> None:
    path = f"{glossary_url}/v3/glossaries/{made(client).glossary_id}"
    for method, rest in (("GET", "entries"), ("DELETE", "dictionaries")):
        reply = httpx2.request(method, f"{path}/{rest}", headers=HEADERS)
        assert (reply.status_code, "source_lang" in reply.json()["message"]) == (400, True)


def test_changes_are_there_after_a_new_start(tmp_path: Path) -> None:
    with served(service_of(glossaries=GlossaryStore(tmp_path))) as url:
        client = deepl.DeepLClient(KEY, server_url=url)
        one = made(client)
        client.replace_multilingual_glossary_dictionary(one, terms("EN", "DE", pig="Schwein"))
    with served(service_of(glossaries=GlossaryStore(tmp_path))) as url:
        client = deepl.DeepLClient(KEY, server_url=url)
        assert entries(client, one, "EN", "DE") == "pig\tSchwein"
        assert entries(client, one, "DE", "EN") == "Hund\thound"
