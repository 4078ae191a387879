"""Documents by the server's own API and by LibreTranslate's."""

import json
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from tests.checked.fake import ENGLISH, FRENCH, GERMAN
from tests.serving.fake import EMPTY, Table, client_of, service_of

from ontarget.languages import Language
from ontarget.serving.api_keys import ApiKeys
from ontarget.serving.kept_files import KeptFiles

KEY = {"X-API-Key": "correct-horse"}
PAGE = f"<p>{GERMAN}</p>\n"
LANGUAGES = [Language(code) for code in ("de", "en", "fr")]


@pytest.fixture(scope="module")
def client() -> Iterator[httpx2.Client]:
    table = Table({GERMAN: [FRENCH], ENGLISH: [ENGLISH], EMPTY: [""]})
    with client_of(service_of(table, keys=ApiKeys([KEY["X-API-Key"]]), languages=LANGUAGES)) as client:
        yield client


def post(
    client: httpx2.Client, name: str, data: str, path: str = "/document", **fields: str
) -> httpx2.Response:
    fields = {"target": "fr", "source": "auto", **fields}
    return client.post(path, files={"file": (name, data.encode())}, data=fields, headers=KEY)


def test_a_file_comes_back_with_a_report(client: httpx2.Client) -> None:
    reply = post(client, "Seite Ü.html", PAGE)
    assert reply.text == PAGE.replace(GERMAN, FRENCH)
    assert reply.headers["Content-Disposition"] == "attachment; filename*=UTF-8''Seite%20%C3%9C.fr.html"
    assert reply.headers["Content-Type"].startswith("text/html")
    report = json.loads(reply.headers["Ontarget-Report"])
    assert (report["source"], report["target"], report["on_target"]) == ("de", "fr", True)
    assert (report["segments"], report["outcomes"]) == (1, {"on_target": 1})
    assert report["off_target"] == report["unsure"] == report["untranslated"] == report["terms_missing"] == 0


@pytest.mark.parametrize(
    ("name", "data"), [("a.json", '{"a": 1}'), ("a.txt", "12345\n"), ("a.html", "<pre>Hallo</pre>")]
)
def test_the_source_in_the_report_is_never_that_of_nothing(
    client: httpx2.Client, name: str, data: str
) -> None:
    for given, known in (("de", "de"), ("auto", None)):
        report = json.loads(post(client, name, data, source=given).headers["Ontarget-Report"])
        assert (report["source"], report["target"], report["segments"]) == (known, "fr", 0)


def test_what_went_wrong_is_in_the_report(client: httpx2.Client) -> None:
    report = json.loads(
        post(client, "a.txt", f"{GERMAN}\n{EMPTY}\n", glossary="Hund\tclébard\r\n\n").headers[
            "Ontarget-Report"
        ]
    )
    assert (report["segments"], report["untranslated"], report["terms_missing"]) == (2, 1, 1)
    assert "empty" in report["flags"]
    report = json.loads(post(client, "a.txt", ENGLISH).headers["Ontarget-Report"])
    assert (report["on_target"], report["off_target"], report["language"]) == (False, 1, "en")


def test_verdicts_on_segments(client: httpx2.Client) -> None:
    found = post(client, "a.html", PAGE, "/document?report=segments").json()
    assert b64decode(found["data"]).decode() == PAGE.replace(GERMAN, FRENCH)
    assert found["name"] == "a.fr.html"
    (segment,) = found["segments"]
    assert (segment["source"], segment["text"], segment["outcome"]) == (GERMAN, FRENCH, "on_target")


def test_the_kinds_of_documents(client: httpx2.Client) -> None:
    kinds = client.get("/document").json()
    assert {".docx", ".md", ".txt", ".xlf"} < set(kinds["suffixes"])
    assert kinds["suffixes"] == client.get("/frontend/settings").json()["supportedFilesFormat"]
    assert kinds["max_bytes"] == 10 << 20


def test_a_key_in_the_form(client: httpx2.Client) -> None:
    def status(**fields: str) -> int:
        files = {"file": ("a.txt", GERMAN.encode())}
        return client.post("/document", files=files, data={"target": "fr", **fields}).status_code

    assert status() == 401
    assert status(api_key="wrong-horse") == 401
    assert status(api_key="correct-horse") == 200


@pytest.mark.parametrize(
    ("query", "fields", "said"),
    [
        ("?report=x", {}, "report"),
        ("?target=de", {}, "unknown parameter 'target'; it may have report"),
        ("", {"terms": "Hund,chien"}, "terms is not a known field"),
        ("", {"model": "x"}, "there is no model of this name"),
    ],
)
def test_what_would_make_no_difference_is_refused(
    client: httpx2.Client, query: str, fields: dict[str, str], said: str
) -> None:
    reply = post(client, "a.txt", GERMAN, f"/document{query}", **fields)
    assert reply.status_code == 400
    assert said in reply.json()["message"]


@pytest.mark.parametrize("path", ["/document", "/translate_file"])
@pytest.mark.parametrize(
    ("name", "data", "fields", "said"),
    [
        ("a.pdf", "x", {}, "files of this kind cannot be translated; send one that ends with .docx"),
        ("a.html", PAGE, {"target": ""}, "no target language"),
        ("a.html", PAGE, {"target": "it"}, "does not offer Italian"),
        ("a.html", PAGE, {"source": "fr"}, "both fr"),
        ("a.json", "{", {}, "not valid JSON"),
        ("a.txt", "qqq xkcd zzz", {}, "cannot be identified; name the source language"),
    ],
)
def test_wrong_files(
    client: httpx2.Client, path: str, name: str, data: str, fields: dict[str, str], said: str
) -> None:
    reply = post(client, name, data, path, **fields)
    assert reply.status_code == 400
    assert said in reply.json()["error"]["message"]


def test_a_wrong_glossary(client: httpx2.Client) -> None:
    assert "entry 1" in post(client, "a.txt", GERMAN, glossary="Hund chien").json()["message"]


def test_libretranslate_gives_an_address(client: httpx2.Client) -> None:
    reply = post(client, "a.html", PAGE, "/translate_file")
    address = urlsplit(reply.json()["translatedFileUrl"])
    assert f"{address.scheme}://{address.netloc}" == str(client.base_url).rstrip("/")
    assert address.path.startswith("/download_file/")
    for _ in range(2):
        found = client.get(address.path)  # the address is the key
        assert found.text == PAGE.replace(GERMAN, FRENCH)
        assert found.headers["Content-Disposition"] == "attachment; filename*=UTF-8''a.fr.html"
    for other in ("x", "..%2f..%2fetc%2fpasswd", address.path[-10:]):
        assert client.get(f"/download_file/{other}").status_code == 404


def test_libretranslate_has_the_verdict_beside_the_address(client: httpx2.Client) -> None:
    def verdict(data: str) -> tuple[bool, int, int, int]:
        found = post(client, "a.txt", data, "/translate_file", source="de").json()
        return found["on_target"], found["off_target"], found["untranslated"], found["segments"]

    assert verdict(GERMAN) == (True, 0, 0, 1)
    assert verdict(f"{GERMAN}\n\n{ENGLISH}\n") == (False, 1, 0, 2)
    assert verdict(EMPTY) == (False, 1, 1, 1)


def test_a_file_is_forgotten(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    service = service_of()
    service.files = KeptFiles(seconds=0.05)
    with client_of(service) as client:
        address = post(client, "a.txt", GERMAN, "/translate_file", source="de").json()["translatedFileUrl"]
        for _ in range(200):
            if not [one for one in tmp_path.rglob("*") if one.is_file()]:
                break
            client.get("/health")
        assert [one for one in tmp_path.rglob("*") if one.is_file()] == []
        assert client.get(address).status_code == 404


def test_libretranslate_gives_alternatives(client: httpx2.Client) -> None:
    table = Table({GERMAN: [FRENCH, "Le chien dort sur le canapé aujourd'hui.", GERMAN]})
    with client_of(service_of(table)) as several:
        body = {"q": GERMAN, "source": "de", "target": "fr", "alternatives": 3}
        assert several.post("/translate", json=body).json()["alternatives"] == [
            "Le chien dort sur le canapé aujourd'hui."
        ]
        found = several.post("/translate", json=body | {"q": [GERMAN, "12"], "alternatives": "1000"}).json()
        assert [len(one) for one in found["alternatives"]] == [1, 0]
        found = several.post("/translate", data=body | {"alternatives": "0"}).json()
        assert "alternatives" not in found
