"""Glossaries by the package `deepl`, unchanged, and by plain requests."""

from collections.abc import Iterator
from pathlib import Path

import deepl
import httpx2
import pytest
from deepl.api_data import MultilingualGlossaryDictionaryEntries
from tests.checked.fake import GERMAN
from tests.serving.conftest import DOG, HOUND, KEY, OTHER
from tests.serving.fake import client_of, served, service_of

from ontarget.serving.glossaries import GlossaryStore
from ontarget.serving.limits import ServerLimits


@pytest.fixture
def client(glossary_url: str) -> Iterator[deepl.DeepLClient]:
    client = deepl.DeepLClient(KEY, server_url=glossary_url)
    yield client
    for one in client.list_glossaries():
        client.delete_glossary(one)


def test_a_glossary_from_its_beginning_to_its_end(client: deepl.Translator) -> None:
    terms = {"Hund": "dog", "süße Katze": "sweet cat"}
    made = client.create_glossary("animals & more", "DE", "EN-US", terms)
    assert (made.name, made.source_lang, made.target_lang) == ("animals & more", "DE", "EN")
    assert (made.entry_count, made.ready) == (2, True)
    assert client.get_glossary_entries(made) == terms
    assert [one.glossary_id for one in client.list_glossaries()] == [made.glossary_id]
    assert client.get_glossary(made.glossary_id).creation_time == made.creation_time
    client.delete_glossary(made)
    assert client.list_glossaries() == []
    for act in (client.get_glossary, client.delete_glossary, client.get_glossary_entries):
        with pytest.raises(deepl.GlossaryNotFoundException, match="no glossary with this ID"):
            act(made.glossary_id)


def test_entries_in_csv(client: deepl.Translator) -> None:
    made = client.create_glossary_from_csv("csv", "DE", "FR", 'Hund,chien,de,fr\n"ja, bitte",oui\n')
    assert client.get_glossary_entries(made) == {"Hund": "chien", "ja, bitte": "oui"}


def test_pairs(client: deepl.Translator) -> None:
    pairs = {(one.source_lang, one.target_lang) for one in client.get_glossary_languages()}
    assert pairs == {("de", "en"), ("de", "fr"), ("en", "de"), ("en", "fr"), ("fr", "de"), ("fr", "en")}


def test_a_translation_with_the_terms_is_taken(client: deepl.Translator) -> None:
    """The model gives it as its second one."""

    def translated(**how: object) -> str:
        return client.translate_text(GERMAN, source_lang="DE", target_lang="EN-GB", **how).text  # type: ignore

    assert translated() == DOG
    assert translated(glossary=client.create_glossary("a", "DE", "EN", {"hund": "hound"})) == HOUND
    assert translated(glossary=client.create_glossary("b", "DE", "EN", {"Hund": "pooch"})) == DOG
    made = client.create_glossary("c", "DE", "EN", {"Hund": "hound"})
    assert client.translate_text_with_glossary(GERMAN, made).text == HOUND  # type: ignore[union-attr]
    both = [client.create_glossary("d", "DE", "EN", {"Sofa": "sofa"}), made]
    assert translated(glossary_ids=both) == HOUND


def test_what_is_missing_is_in_the_reply(glossary_url: str, client: deepl.Translator) -> None:
    made = client.create_glossary("b", "DE", "EN", {"Hund": "pooch", "Sofa": "sofa"})
    body = {"text": GERMAN, "source_lang": "DE", "target_lang": "EN", "glossary_id": made.glossary_id}
    reply = httpx2.post(f"{glossary_url}/v2/translate", json=body, headers={"X-API-Key": KEY})
    assert reply.json()["translations"][0]["terms_missing"] == {"Hund": ["pooch"]}


def test_other_clients_see_nothing(glossary_url: str, client: deepl.Translator) -> None:
    made = client.create_glossary("mine", "DE", "EN", {"Hund": "hound"})
    other = deepl.Translator(OTHER, server_url=glossary_url)
    assert other.list_glossaries() == []
    with pytest.raises(deepl.GlossaryNotFoundException):
        other.get_glossary(made.glossary_id)
    with pytest.raises(deepl.DeepLException, match="no glossary with this ID"):
        other.translate_text(GERMAN, source_lang="DE", target_lang="EN-GB", glossary=made.glossary_id)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            {"target_lang": "FR"},
            "is from German (de) into French (fr), but the glossary is from German (de) into English (en);",
        ),
        ({"source_lang": None}, "a glossary needs source_lang"),
        ({"glossary_ids": ["x"]}, "both glossary_id and glossary_ids"),
        ({"style_id": "x"}, "this server has no style rules; omit style_id"),
        ({"translation_memory_id": "x"}, "no translation memories"),
    ],
)
def test_wrong_requests(
    glossary_url: str, client: deepl.Translator, more: dict[str, object], said: str
) -> None:
    made = client.create_glossary("a", "DE", "EN", {"Hund": "hound"})
    fields = {"text": GERMAN, "source_lang": "DE", "target_lang": "EN", "glossary_id": made.glossary_id}
    reply = httpx2.post(f"{glossary_url}/v2/translate", json=fields | more, headers={"X-API-Key": KEY})
    assert reply.status_code == 400
    assert said in reply.json()["message"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"entries": ""}, "no entries"),
        ({"entries": "Hund"}, "entry 1 has 1 column"),
        ({"entries_format": "xml"}, "entries_format"),
        ({"name": ""}, "name"),
        ({"target_lang": "DE-AT"}, "same language twice"),
        ({"target_lang": "IT"}, "does not offer Italian"),
        ({"source_lang": "xx"}, "unknown language"),
    ],
)
def test_wrong_glossaries(glossary_url: str, more: dict[str, str], said: str) -> None:
    fields = {
        "name": "a",
        "source_lang": "DE",
        "target_lang": "EN",
        "entries": "a\tb",
        "entries_format": "tsv",
    }
    reply = httpx2.post(f"{glossary_url}/v2/glossaries", json=fields | more, headers={"X-API-Key": KEY})
    assert reply.status_code == 400
    assert said in reply.json()["message"]


def test_glossaries_are_there_after_a_new_start(tmp_path: Path) -> None:
    with served(service_of(glossaries=GlossaryStore(tmp_path))) as url:
        made = deepl.Translator(KEY, server_url=url).create_glossary("a", "DE", "EN", {"Hund": "hound"})
    with served(service_of(glossaries=GlossaryStore(tmp_path))) as url:
        client = deepl.Translator(KEY, server_url=url)
        assert client.get_glossary_entries(made.glossary_id) == {"Hund": "hound"}
        client.delete_glossary(made.glossary_id)
    assert list(tmp_path.iterdir()) == []


def test_a_large_glossary_is_created(client: deepl.DeepLClient) -> None:
    """Larger than a body of texts may be."""
    terms = {f"Wort {number} {'x' * 90}": f"mot {number}" for number in range(15_000)}
    made = client.create_glossary("large", "DE", "FR", terms)
    assert made.entry_count == 15_000
    assert client.get_glossary_entries(made) == terms
    many = client.create_multilingual_glossary(
        "large", [MultilingualGlossaryDictionaryEntries("DE", "FR", terms)]
    )
    changed = client.replace_multilingual_glossary_dictionary(
        many, MultilingualGlossaryDictionaryEntries("FR", "DE", terms)
    )
    assert changed.entry_count == 15_000
    client.delete_multilingual_glossary(many)


def test_a_glossary_that_is_too_large_is_refused_with_the_limit() -> None:
    limits = ServerLimits(body_bytes=1000, document_bytes=2000)
    body = {"source_lang": "DE", "target_lang": "FR", "entries_format": "tsv", "name": "x"}
    with client_of(service_of(limits=limits)) as client:
        for path in ("/v2/glossaries", "/v3/glossaries", "/v3/glossaries/an-id/dictionaries"):
            reply = client.post(path, json=body | {"entries": "x" * 3000})
            assert (reply.status_code, "at most 3000 bytes" in reply.text) == (413, True), path
        assert client.post("/v2/glossaries", json=body | {"entries": f"{'x' * 2500}\ty"}).status_code == 201
        assert client.post("/v2/glossariesX", json=body | {"entries": "x" * 2500}).status_code == 413
