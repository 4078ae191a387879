"""The page for everyone: screen readers, small screens, dark rooms, and browsers without JavaScript."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.checked.fake import FRENCH, GERMAN
from tests.serving.fake import served, service_of
from tests.serving.page.test_browser import DONKEY, LANGUAGES, TEXT, expect, translate

from ontarget.serving.api_keys import ApiKeys

KEY = "correct-horse"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with served(service_of(languages=LANGUAGES, keys=ApiKeys([KEY]))) as url:
        yield url


def violations(page: Any) -> list[str]:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python")
    found = axe.Axe().run(page).response["violations"]
    return [f"{one['id']}: {node['html']}" for one in found for node in one["nodes"]]


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1280, "dark")])
def test_axe_finds_nothing(open_page: Callable[..., Any], url: str, scheme: str, width: int) -> None:
    page = open_page(url, viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.fill("[name=text]", "La mia casa è bella e grande.")
    page.fill("#key", KEY)
    page.click("#translate")
    expect(page.locator("#error")).to_contain_text("does not offer")
    assert violations(page) == []
    translate(page)
    for panel in ("#documents", "#glossary", "#history"):
        page.click(f"{panel} summary")
    page.locator(".badge").nth(1).press("Enter")
    expect(page.locator(".details:popover-open .others h3")).to_contain_text("no other translations")
    assert violations(page) == []
    if scheme == "light":  # the browser computes the colours of the same page in the dark
        page.emulate_media(color_scheme="dark")
        assert violations(page) == []


def test_nothing_is_wider_than_the_screen(open_page: Callable[..., Any], url: str) -> None:
    page = open_page(url)
    page.fill("#key", KEY)
    translate(page, f"{TEXT}\n{'x' * 300}")
    page.click("#documents summary")
    for width in (320, 360, 768, 2560):
        page.set_viewport_size({"width": width, "height": 700})
        page.locator(".badge").nth(1).press("Enter")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        box = page.locator(".details:popover-open").bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        page.keyboard.press("Escape")


def test_without_javascript_the_page_is_a_form(open_page: Callable[..., Any], url: str) -> None:
    page = open_page(url, java_script_enabled=False)
    page.fill("[name=text]", f"{GERMAN}\n\n{TEXT}")
    page.select_option("[name=target]", "fr")
    page.click("#translate")
    expect(page.locator("#error")).to_contain_text("The API key is missing")
    page.fill("#key", KEY)
    page.keyboard.press("Enter")  # the first button of the form in its code is the one to press
    expect(page.locator(".sentence").nth(2)).to_have_text(DONKEY)
    assert page.locator(".badge .label").nth(2).text_content() == "English, not French"
    page.locator(".badge").nth(2).click()
    expect(page.locator(".details:popover-open")).to_contain_text("identified as English")
    assert not page.locator("#history, #copy, footer kbd").first.is_visible()
    page.keyboard.press("Escape")
    page.click("[name=swap]")
    assert page.input_value("[name=text]").startswith(FRENCH)
    assert page.input_value("[name=target]") == "de"
