"""The page under a path of a reverse proxy, in a real browser."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest
from tests.checked.fake import FRENCH, GERMAN
from tests.serving.fake import served, service_of
from tests.serving.page.test_browser import LANGUAGES, expect, translate
from tests.serving.proxy import proxied

from ontarget.serving.public_url import PublicUrl

WAYS = ["removes the path, which the server is not told", "removes the path", "keeps the path"]


@pytest.fixture(scope="module", params=WAYS)
def address(request: Any) -> Iterator[str]:
    """The public address, without a slash at its end."""
    told = request.param != WAYS[0]
    with ExitStack() as stack:

        def serve(public: str) -> str:
            base = PublicUrl.parsed(public).base if told else ""
            return stack.enter_context(served(service_of(languages=LANGUAGES, public_url=base)))

        yield stack.enter_context(proxied(serve, removes=request.param != WAYS[2]))


def test_the_page_works_with_its_script(open_page: Callable[..., Any], address: str, tmp_path: Path) -> None:
    page = open_page(f"{address}/")
    assert page.evaluate("getComputedStyle(document.querySelector('#card')).display") == "grid"  # its styles
    translate(page, GERMAN)
    assert page.locator(".sentence").all_text_contents() == [FRENCH]
    (tmp_path / "a.txt").write_text(GERMAN, encoding="utf-8")
    page.set_input_files("#file", tmp_path / "a.txt")
    page.click("#documents summary")
    page.click("#send")
    expect(page.locator("#files a")).to_have_text("a.fr.txt")


def test_the_page_works_without_its_script(
    open_page: Callable[..., Any], address: str, tmp_path: Path
) -> None:
    page = open_page(f"{address}/", java_script_enabled=False)
    page.select_option("[name=target]", "fr")
    page.fill("[name=text]", GERMAN)
    page.click("#translate")
    assert page.locator(".sentence").all_text_contents() == [FRENCH]
    page.click("#documents summary")
    (tmp_path / "a.exe").write_bytes(b"MZ")
    page.set_input_files("#file", tmp_path / "a.exe")
    page.click("#send")
    expect(page.locator("#error")).to_contain_text("Files of this kind")
    assert page.url.startswith(address)
    page.click("#translate")  # the address of this page was that of documents
    assert page.locator(".sentence").all_text_contents() == [FRENCH]


def test_programs_use_the_path_too(address: str) -> None:
    fields = {"text": GERMAN, "source": "de", "target": "fr"}
    assert httpx2.post(f"{address}/translate", json=fields).json()["translations"][0]["text"] == FRENCH
    wrong = httpx2.post(f"{address}/v2/translate", json={"text": [GERMAN]})
    assert wrong.status_code == 400
    files = {"file": ("a.txt", GERMAN.encode() * 40_000)}  # larger than a request without a file may be
    assert httpx2.post(f"{address}/document", files=files, data={"target": "xx"}).status_code == 400


@pytest.mark.parametrize("address", WAYS[1:], indirect=True)
def test_a_server_that_knows_its_path_has_it_in_the_links(
    open_page: Callable[..., Any], address: str
) -> None:
    """So the page needs no slash at the end of the address, and clients find all paths."""
    page = open_page(address)
    translate(page, GERMAN)
    assert page.locator(".sentence").all_text_contents() == [FRENCH]
    assert httpx2.get(f"{address}/openapi.json").json()["servers"] == [{"url": address}]
