"""Documents by the package `deepl`, unchanged, and by plain requests."""

import io
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import deepl
import httpx2
import pytest
from tests.checked.fake import FRENCH, GERMAN
from tests.serving.fake import EMPTY, Table, client_of, served, service_of

from ontarget.languages import Language
from ontarget.serving.api_keys import ApiKeys
from ontarget.serving.client_limits import Client, ClientLimits
from ontarget.serving.document_jobs import DocumentJobs
from ontarget.serving.limits import ServerLimits

KEY = "correct-horse"
PAGE = f"# {GERMAN}\n\n`code`\n"
LIMITS = ServerLimits(document_bytes=100_000, document_characters=5000, documents=2)


@pytest.fixture(scope="module")
def table() -> Table:
    return Table({GERMAN: [FRENCH], EMPTY: [""]})


@pytest.fixture(scope="module")
def url(table: Table) -> Iterator[str]:
    languages = [Language(code) for code in ("de", "en", "fr")]
    keys = ApiKeys(
        {
            KEY: Client("anna"),
            "battery-staple": Client("berta", ClientLimits.model_validate({"character-limit": 30})),
        }
    )
    with served(service_of(table, keys=keys, languages=languages, limits=LIMITS)) as url:
        yield url


@pytest.fixture(autouse=True)
def nothing_waits(table: Table) -> Iterator[None]:
    yield
    table.go.set()


@pytest.fixture
def client(url: str) -> deepl.Translator:
    return deepl.Translator(KEY, server_url=url)


def post(url: str, path: str, **how: object) -> httpx2.Response:
    return httpx2.post(f"{url}{path}", headers={"X-API-Key": KEY}, timeout=60, **how)  # type: ignore[arg-type]


def upload(url: str, name: str, data: bytes, **fields: str) -> httpx2.Response:
    return post(url, "/v2/document", files={"file": (name, data)}, data={"target_lang": "FR"} | fields)


def test_a_document(client: deepl.Translator, tmp_path: Path) -> None:
    (tmp_path / "grüße.md").write_text(PAGE, encoding="utf-8")
    before = client.get_usage().character.count or 0
    status = client.translate_document_from_filepath(
        tmp_path / "grüße.md", tmp_path / "out.md", target_lang="FR"
    )
    assert (tmp_path / "out.md").read_text(encoding="utf-8") == PAGE.replace(GERMAN, FRENCH)
    assert status.done
    assert status.billed_characters == len(GERMAN) + len("`code`")
    assert (client.get_usage().character.count or 0) - before == status.billed_characters


def test_a_word_document_with_a_glossary(client: deepl.Translator, tmp_path: Path) -> None:
    docx = pytest.importorskip("docx", reason="needs python-docx, of the extra `dev`")
    page = docx.Document()
    page.add_paragraph(GERMAN)
    page.save(tmp_path / "a.docx")
    made = client.create_glossary("animals", "DE", "FR", {"Hund": "chien"})
    client.translate_document_from_filepath(
        tmp_path / "a.docx", tmp_path / "b.docx", source_lang="DE", target_lang="FR", glossary=made
    )
    assert [one.text for one in docx.Document(tmp_path / "b.docx").paragraphs] == [FRENCH]


def test_the_client_waits_for_the_end(
    client: deepl.Translator, table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = list[float]()

    def sleep(seconds: float) -> None:
        asked.append(seconds)
        table.go.set()

    monkeypatch.setattr("ontarget.serving.document_jobs._PATIENCE", 0.01)
    monkeypatch.setattr(deepl.translator, "time", SimpleNamespace(sleep=sleep, time=lambda: 0.0))
    table.go.clear()
    handle = client.translate_document_upload(PAGE.encode(), target_lang="FR", filename="a.md")
    assert client.translate_document_get_status(handle).status == deepl.DocumentStatus.Status.TRANSLATING
    with pytest.raises(deepl.DocumentNotReadyException, match="not ready"):
        one_try(client).translate_document_download(handle)
    assert client.translate_document_wait_until_done(handle).done
    assert asked != []
    out = io.BytesIO()
    client.translate_document_download(handle, out)
    assert out.getvalue().decode() == PAGE.replace(GERMAN, FRENCH)


def one_try(client: deepl.Translator) -> deepl.Translator:
    client._client._should_retry = lambda *_: False  # type: ignore[method-assign]
    return client


def test_a_document_is_downloaded_once(url: str, client: deepl.Translator) -> None:
    handle = client.translate_document_upload(PAGE.encode(), target_lang="FR", filename="a.md")
    status = post(url, f"/v2/document/{handle.document_id}", json={"document_key": handle.document_key})
    assert status.json()["status"] == "done"
    assert status.json()["report"]["on_target"] is True
    path, key = f"/v2/document/{handle.document_id}/result", {"document_key": handle.document_key}
    for wrong in ({"document_key": "x"}, {"document_key": "é"}):
        assert post(url, path, json=wrong).status_code == 404
    other = httpx2.post(f"{url}{path}", json=key, headers={"X-API-Key": "battery-staple"})
    assert other.status_code == 404
    found = post(url, path, data=key)
    assert found.text == PAGE.replace(GERMAN, FRENCH)
    assert found.headers["Content-Disposition"] == "attachment; filename*=UTF-8''a.fr.md"
    assert '"segments": 1' in found.headers["Ontarget-Report"]
    assert post(url, path, json=key).text == found.text  # the first download may not have arrived


def test_what_is_left_untranslated_is_in_the_report(url: str, client: deepl.Translator) -> None:
    handle = client.translate_document_upload(EMPTY, source_lang="DE", target_lang="FR", filename="a.txt")
    status = post(url, f"/v2/document/{handle.document_id}", json={"document_key": handle.document_key})
    assert status.json()["report"]["untranslated"] == 1


def test_fields_without_effect_are_named(url: str) -> None:
    reply = upload(url, "a.txt", b"Hund", source_lang="DE", formality="more", model_type="x").json()
    assert reply["ignored"] == ["formality", "model_type"]


def test_a_quota_is_said_at_the_upload(url: str) -> None:
    berta = deepl.Translator("battery-staple", server_url=url)
    with pytest.raises(deepl.QuotaExceededException, match="30 characters"):
        berta.translate_document_upload(PAGE.encode(), target_lang="FR", filename="a.md")
    with pytest.raises(deepl.QuotaExceededException):
        berta.translate_text(GERMAN, target_lang="FR")
    assert berta.get_usage().character.count == 0


def test_a_failure_is_said_and_costs_nothing(url: str, client: deepl.Translator) -> None:
    before = client.get_usage().character.count
    handle = client.translate_document_upload("boom", source_lang="DE", target_lang="FR", filename="a.txt")
    status = client.translate_document_get_status(handle)
    assert not status.ok
    assert "the server has made a mistake" in str(status.error_message)
    assert (
        post(
            url, f"/v2/document/{handle.document_id}/result", json={"document_key": handle.document_key}
        ).status_code
        == 500
    )
    assert client.get_usage().character.count == before


def test_too_many_documents_wait(url: str, table: Table) -> None:
    table.go.clear()
    handles = [upload(url, "a.txt", b"Hund", source_lang="DE").json() for _ in range(2)]
    refused = upload(url, "a.txt", b"Hund", source_lang="DE")
    table.go.set()
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "10"
    for one in handles:
        path = f"/v2/document/{one['document_id']}"
        assert post(url, path, json={"document_key": one["document_key"]}).json()["status"] == "done"


BOMB = b"<w:document xmlns:w='w'>" + b" " * 2_000_000 + b"</w:document>"


def archive(text: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        new.writestr("word/document.xml", text)
    return out.getvalue()


ENTITIES = b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><xliff>&a;</xliff>"


@pytest.mark.parametrize(
    ("name", "data", "fields", "status", "said"),
    [
        ("a.odt", b"x", {}, 400, "files of this kind cannot be translated"),
        ("", b"x", {}, 400, "no file"),
        ("a", b"x", {}, 400, "files of this kind"),
        ("a.md", b"", {}, 400, "is empty"),
        ("a.docx", b"nonsense", {}, 400, "is not a Word document"),
        ("a.docx", archive(b"<w:document>"), {}, 400, "a.docx"),
        ("a.docx", archive(BOMB), {}, 413, "expand to more than 1,000,000 bytes"),
        ("a.xlf", ENTITIES, {}, 400, "document type declaration, which is not safe"),
        ("a.txt", b"x" * 5001, {}, 413, "more than 5,000 characters"),
        ("a.txt", b"x" * 50_000, {}, 413, "more than 5,000 characters"),
        ("a.docx", b"x" * 150_000, {}, 413, "more than 100,000 bytes"),
        ("a.txt", b"x" * 1_300_000, {}, 413, "the body is too large"),
        ("a.md", b"Hund", {"output_format": "docx"}, 400, "a document keeps its format"),
        ("a.md", b"Hund", {"target_lang": "XX"}, 400, "unknown language"),
        ("a.md", b"Hund", {"target_lang": ""}, 400, "names no target language"),
        ("a.md", b"Hund", {"source_lang": "FR"}, 400, "both fr"),
        ("a.md", b"Hund", {"glossary_id": "x", "source_lang": "DE"}, 404, "no glossary with this ID"),
        ("a.md", b"Hund", {"formality": "x"}, 400, "formality"),
        ("a.md", b"Hund", {"style_id": "x"}, 400, "no style rules"),
    ],
)
def test_wrong_documents(
    url: str, name: str, data: bytes, fields: dict[str, str], status: int, said: str
) -> None:
    reply = upload(url, name, data, **fields)
    assert reply.status_code == status
    assert said in reply.json()["message"]


def test_no_file_stays_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with client_of() as client:
        fields = {"target_lang": "FR", "source_lang": "DE"}
        made = client.post("/v2/document", files={"file": ("a.txt", GERMAN.encode())}, data=fields).json()
        client.post(f"/v2/document/{made['document_id']}", json={"document_key": made["document_key"]})
        assert [one.read_text() for one in tmp_path.rglob("*") if one.is_file()] == [FRENCH]
    assert list(tmp_path.iterdir()) == []


def made(client: httpx2.Client, data: bytes) -> tuple[str, dict[str, str]]:
    """The path of a translated document's download, and its key."""
    fields = {"target_lang": "FR", "source_lang": "DE"}
    one = client.post("/v2/document", files={"file": ("a.txt", data)}, data=fields).json()
    path, key = f"/v2/document/{one['document_id']}", {"document_key": one["document_key"]}
    while client.post(path, json=key).json()["status"] != "done":
        pass
    return f"{path}/result", key


def test_downloads_at_the_same_time_all_get_the_file() -> None:
    with client_of() as client, ThreadPoolExecutor(8) as threads:
        path, key = made(client, GERMAN.encode())
        url = f"{client.base_url}".rstrip("/") + path
        found = list(threads.map(lambda _: httpx2.post(url, json=key, timeout=60), range(32)))
        assert {(one.status_code, one.text) for one in found} == {(200, FRENCH)}


def test_a_downloaded_document_is_forgotten_soon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    service = service_of()
    service.documents = DocumentJobs(service.files, 1, again=0.0)
    with client_of(service) as client:
        path, key = made(client, GERMAN.encode())
        assert client.post(path, json=key).text == FRENCH
        for _ in range(200):  # the client has the last byte a moment before the server knows it
            again = client.post(path, json=key)
            if again.status_code != 200:
                break
        assert again.status_code == 404
        assert "downloaded before" in again.json()["message"]
        assert [one for one in tmp_path.rglob("*") if one.is_file()] == []
