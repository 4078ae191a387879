"""The page without JavaScript, and the lines of JSON that its script reads."""

import json
import re
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote, urljoin

import httpx2
import pytest
from tests.checked.fake import ENGLISH, FRENCH, GERMAN
from tests.serving.fake import EMPTY, ESEL, Table, client_of, service_of

from ontarget.languages import Language
from ontarget.scoring.language_id.identifier import default_identifier
from ontarget.serving.api_keys import ApiKeys
from ontarget.serving.limits import ServerLimits
from ontarget.serving.model_process import in_thread
from ontarget.serving.service import TranslationService

LANGUAGES = [Language(code) for code in ("de", "en", "fr")]


@pytest.fixture(scope="module")
def client() -> Iterator[httpx2.Client]:
    with client_of(service_of(languages=LANGUAGES)) as client:
        yield client


class Parsed(HTMLParser):
    """What the tests look at in a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self._open = [""]
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open.append(f"{tag}.{dict(attrs).get('class') or ''}")

    def handle_endtag(self, tag: str) -> None:
        while self._open.pop().partition(".")[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        self.texts.append((self._open[-1], data))

    def of(self, element: str) -> list[str]:
        return [text for name, text in self.texts if name == element]

    def chosen(self) -> list[str | None]:
        return [attrs["value"] for tag, attrs in self.tags if tag == "option" and "selected" in attrs]


def lines_of(reply: httpx2.Response) -> list[dict[str, Any]]:
    assert reply.headers["Content-Type"].startswith("application/x-ndjson")
    return [json.loads(line) for line in reply.text.splitlines()]


def test_the_page_asks_nothing_of_others(client: httpx2.Client) -> None:
    reply = client.get("/")
    assert reply.headers["Content-Type"].startswith("text/html")
    policy = reply.headers.get_list("Content-Security-Policy")
    assert len(policy) == 1
    assert policy[0].startswith("default-src 'none'; script-src 'self';")
    assert "unsafe" not in policy[0]
    page = Parsed(reply.text)
    for tag, attrs in page.tags:
        assert not [name for name in attrs if name.startswith("on") or name == "style"], tag
        for name in ("src", "href", "action", "formaction"):
            assert (attrs.get(name) or "./").startswith(("./", "#")), attrs
        assert tag != "style"
    assert [text for name, text in page.texts if name == "script." and text.strip()] == []


def test_its_files_are_served_and_no_others(client: httpx2.Client) -> None:
    page = Parsed(client.get("/").text)
    files = [attrs.get("src") or attrs.get("href") for tag, attrs in page.tags if tag in ("script", "link")]
    scripts = [file for file in files if file and file.endswith(".js")]
    for file in scripts:  # grows by what each imports
        text = client.get(file).text
        scripts += {f"./page/{name}" for name in re.findall(r'from "\./(\w+\.js)"', text)} - set(scripts)
    assert len(scripts) >= 6
    for file in {*files, *scripts}:
        reply = client.get(str(file))
        assert reply.status_code == 200, file
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert set(re.findall(r"\w+://[^\s\"']*", reply.text)) <= {"http://www.w3.org/2000/svg"}, file
    for wrong in ("/page/", "/page/routes.py", "/page/../routes.py", "/page/%2e%2e/page.html.j2"):
        assert client.get(wrong).status_code == 404


def test_a_form_is_answered_with_sentences_and_badges(client: httpx2.Client) -> None:
    reply = client.post(
        "/", data={"text": f"{GERMAN} {ESEL}\r\n\r\n{GERMAN}", "source": "auto", "target": "fr"}
    )
    assert reply.status_code == 200
    page = Parsed(reply.text)
    assert page.of("span.sentence") == [FRENCH, "The donkey is very tired today and sleeps.", FRENCH]
    assert page.of("button.badge") == []
    assert page.of("span.label") == ["in French", "English, not French", "in French"]
    assert "German (detected)" in page.of("option.")
    assert page.chosen() == ["fr"]
    assert [attrs.get("lang") for tag, attrs in page.tags if attrs.get("class") == "sentence"][:3] == [
        "fr",
        "en",
        "fr",
    ]
    assert "".join(page.of("textarea.")).strip("\n") == f"{GERMAN} {ESEL}\n\n{GERMAN}"
    assert "2</b> right language" in reply.text
    assert "1</b> wrong language" in reply.text


EVIL = '</textarea></title><script>alert(1)</script><img src=x onerror="alert(2)">&amp;{{ 7*7 }}'


def test_text_of_users_is_never_markup(client: httpx2.Client) -> None:
    for fields in (
        {"text": EVIL, "source": "de", "target": "fr"},
        {"text": GERMAN, "source": "de", "target": "fr", "terms": f"Hund,{EVIL}"},
        {"text": GERMAN, "source": EVIL, "target": "fr"},
        {"text": GERMAN, "source": "de", "target": EVIL},
        {"swap": "1", "translation": EVIL, "source": "de", "target": EVIL, "detected": EVIL},
        {
            "text": GERMAN,
            "source": "de",
            "target": "fr",
            "terms": EVIL,
            "translation": EVIL,
            "detected": EVIL,
        },
    ):
        html = client.post("/", data=fields).text
        page = Parsed(html)
        assert sum(tag == "script" for tag, _ in page.tags) == 1
        assert not [tag for tag, _ in page.tags if tag == "img"]
        assert "49" not in html
        assert "alert" in html or "&lt;" not in html


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"text": GERMAN, "target": "it"}, 400, "This server does not offer Italian"),
        ({"text": GERMAN, "target": "fr", "terms": "Hund"}, 400, "Line 1 of the glossary"),
        ({"text": "a" * 200, "source": "de", "target": "fr"}, 413, "send at most 100"),
        ({"swap": "1", "source": "auto", "target": "fr", "text": GERMAN}, 400, "Choose the source language"),
    ],
)
def test_a_mistake_is_on_the_page_and_nothing_is_lost(fields: dict[str, str], status: int, said: str) -> None:
    with client_of(service_of(languages=LANGUAGES, limits=ServerLimits(characters=100))) as client:
        reply = client.post("/", data=fields)
    assert reply.status_code == status
    page = Parsed(reply.text)
    assert said in page.of("p.")[0] + "".join(page.of("p."))
    assert fields.get("text", "") in "".join(page.of("textarea."))
    assert fields.get("terms", "") in "".join(page.of("textarea."))


def test_the_page_says_what_to_do_if_the_language_is_unknown() -> None:
    with client_of(service_of()) as client:
        reply = client.post("/", data={"text": "xq", "target": "fr"})
    assert reply.status_code == 400
    said = "".join(Parsed(reply.text).of("p."))
    assert "The language of the text cannot be identified; choose the source" in said


def test_languages_are_swapped_with_the_translation_as_text(client: httpx2.Client) -> None:
    fields = {"text": GERMAN, "source": "auto", "target": "fr"}
    first = Parsed(client.post("/", data=fields).text)
    hidden = {attrs["name"]: attrs["value"] for tag, attrs in first.tags if attrs.get("type") == "hidden"}
    assert hidden == {"translation": FRENCH, "detected": "de"}
    page = Parsed(client.post("/", data={**fields, **hidden, "swap": "1"}).text)  # type: ignore[dict-item]
    assert page.chosen() == ["fr", "de"]
    assert FRENCH in "".join(page.of("textarea."))
    assert page.of("span.sentence") == []


def test_a_document_without_the_script_has_the_terms_of_the_form(client: httpx2.Client) -> None:
    form = Parsed(client.get("/").text)
    (send,) = (attrs for tag, attrs in form.tags if tag == "button" and attrs.get("id") == "send")
    fields = {"text": "x", "source": "auto", "target": "fr", "terms": "Hund,clébard\r\n", "swap": ""}
    files = {"file": ("a.txt", GERMAN.encode())}
    reply = client.post(str(send["formaction"]), files=files, data=fields)
    assert reply.text == FRENCH
    assert reply.headers["Content-Disposition"].endswith("a.fr.txt")
    assert json.loads(reply.headers["Ontarget-Report"])["terms_missing"] == 1
    for wrong, said in (({"terms": "Hund"}, "Line 1 of the glossary"), ({"target": "it"}, "Italian")):
        page = client.post("/page/document", files=files, data=fields | wrong)
        assert page.status_code == 400
        assert page.headers["Content-Type"].startswith("text/html")
        assert said in page.text


def test_a_document_in_another_language_is_behind_a_warning() -> None:
    """Without the script, nobody sees the header with the verdict."""
    files = {"file": ("Über <a>.txt", f"{GERMAN}\n\n{ESEL}\n\n{EMPTY}\n".encode())}
    fields = {"source": "de", "target": "fr", "terms": "Hund,clébard\r\n"}
    with client_of(service_of(Table({GERMAN: [FRENCH], ESEL: [ENGLISH], EMPTY: [""]}))) as client:
        reply = client.post("/page/document", files=files, data=fields)
        assert reply.status_code == 200
        assert reply.headers["Content-Type"].startswith("text/html")
        page = Parsed(reply.text)
        assert "".join(page.of("p.off-target")).strip() == (
            "2 of 3 segments are not in French (1 in English, 1 not translated); "
            "correct the file before you use it."
        )
        (link,) = (attrs["href"] or "" for tag, attrs in page.tags if tag == "a")
        assert page.of("a.") == ["Save Über <a>.fr.txt"]
        found = client.get(urljoin("/page/document", link))
    assert found.text == f"{FRENCH}\n\n{ENGLISH}\n\n{EMPTY}\n"
    assert found.headers["Content-Disposition"].endswith(f"''{quote('Über <a>.fr.txt')}")
    assert "Hund,clébard" in "".join(page.of("textarea."))


def test_a_form_without_a_file_or_a_target(client: httpx2.Client) -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'
    target = part % (b"target", b"", b"fr")
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    none = target + part % (b"file", b'; filename=""', b"") + b"--x--\r\n"  # as browsers send it
    page = client.post("/page/document", content=none, headers=kind)
    assert page.status_code == 400
    assert "No file was chosen; choose a document." in Parsed(page.text).of("p.")
    for path, data in (("/", {"text": GERMAN}), ("/", {"text": GERMAN, "target": ""})):
        page = client.post(path, data=data)
        assert page.status_code == 400
        assert "A language is missing; choose one, such as fr." in page.text


def test_a_message_that_ends_with_a_question_gets_no_full_stop() -> None:
    with client_of(service_of()) as client:  # it offers too many languages to name all of them
        page = client.post("/", data={"text": GERMAN, "target": "zz"})
    assert re.search(r"did you mean [^<]*\?<", unescape(page.text))


def test_a_swap_keeps_the_model_and_the_glossary() -> None:
    table = Table()
    launches = {name: in_thread(lambda: table) for name in ("small", "large")}
    fields = {"text": GERMAN, "source": "de", "target": "fr", "model": "large", "terms": "Hund,chien"}
    with client_of(TranslationService(launches, default_identifier(), languages=LANGUAGES)) as client:
        html = client.post("/", data={**fields, "swap": "1"}).text
    assert re.findall(r"<option( selected|)>(small|large)", html) == [("", "small"), (" selected", "large")]
    page = Parsed(html)
    assert re.findall(r'"(\w+)" selected', html) == ["fr", "de"]
    assert "Hund,chien" in "".join(page.of("textarea."))


@pytest.mark.parametrize(
    ("header", "target"),
    [("fr-CH, en;q=0.9", "fr"), ("it, de;q=0.5", "de"), ("*", "en"), ("", "en"), ("x" * 5000 + ",;;=", "en")],
)
def test_the_target_is_the_language_of_the_browser(client: httpx2.Client, header: str, target: str) -> None:
    assert Parsed(client.get("/", headers={"Accept-Language": header}).text).chosen() == [target]


def test_the_script_gets_a_line_for_each_sentence(client: httpx2.Client) -> None:
    text = f"{GERMAN} {ENGLISH}"
    lines = lines_of(client.post("/", json={"text": text, "source": "auto", "target": "fr"}))
    sentences = [line["sentence"] for line in lines[:-1]]
    assert [one["source"] for one in sentences] == [GERMAN, " ", ENGLISH]
    assert [one["text"] for one in sentences] == [FRENCH, " ", FRENCH]
    assert [one["badge"] and one["badge"]["state"] for one in sentences] == ["right", None, "repaired"]
    assert lines[-1] == {"done": {"source": "en", "name": "English"}}  # most of it
    wrong = client.post("/", json={"text": text, "source": "auto", "target": "it"})
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (400, "unknown_language")


def test_a_server_with_keys_shows_the_page_and_translates_with_one() -> None:
    fields = {"text": GERMAN, "source": "de", "target": "fr"}
    with client_of(service_of(languages=LANGUAGES, keys=ApiKeys(["correct-horse"]))) as client:
        page = client.get("/")
        assert (page.status_code, 'name="api_key"' in page.text) == (200, True)
        none = client.post("/", data=fields)
        assert (none.status_code, GERMAN in none.text, FRENCH in unescape(none.text)) == (401, True, False)
        for wrong in (none, client.post("/", data={**fields, "api_key": "wrong-horse"})):
            said = "".join(Parsed(wrong.text).of("p."))
            assert "missing or wrong; enter it in the field 'API key'." in said
            assert "header" not in wrong.text.partition("<main>")[2]
        good = client.post("/", data={**fields, "api_key": "correct-horse"})
        assert (good.status_code, FRENCH in unescape(good.text)) == (200, True)
        assert "correct-horse" not in good.text
        assert client.post("/", json=fields).status_code == 401
        header = {"Authorization": "Bearer correct-horse"}
        assert client.post("/", json=fields, headers=header).status_code == 200


def test_a_text_without_words_and_an_unknown_model(client: httpx2.Client) -> None:
    lines = lines_of(client.post("/", json={"text": " 12:30 ", "source": "de", "target": "fr"}))
    assert [(one["text"], one["badge"]) for one in (line["sentence"] for line in lines[:-1])] == [
        (" 12:30 ", None)
    ]
    empty = client.post("/", data={"text": " \r\n", "target": "fr"})
    assert (empty.status_code, Parsed(empty.text).of("span.sentence")) == (200, [])
    wrong = client.post("/", data={"text": GERMAN, "source": "de", "target": "fr", "model": "huge"})
    assert (wrong.status_code, "no model of this name" in wrong.text) == (400, True)
    assert client.head("/").status_code == 200


def test_a_server_without_keys_asks_for_none(client: httpx2.Client) -> None:
    assert "api_key" not in client.get("/").text


def test_bodies_of_another_kind_are_refused_on_the_page(client: httpx2.Client) -> None:
    for content, kind in ((b"\xff", "application/x-www-form-urlencoded"), (b"x", "text/plain"), (b"", "")):
        reply = client.post("/", content=content, headers={"Content-Type": kind})
        assert reply.status_code in (200, 400, 415)
        assert reply.text.startswith("<!doctype html>")
    assert client.post("/", content=b"[]", headers={"Content-Type": "application/json"}).status_code == 400
