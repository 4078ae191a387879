"""A real browser, for the tests of the page."""

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

TIMEOUT = 30_000  # milliseconds; a busy machine may need seconds
_NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="module")  # not longer: while it is open, other tests cannot run an event loop
def browser() -> Iterator[Any]:
    """A browser without a window; skips the test where there is none."""
    api = pytest.importorskip("playwright.sync_api", reason="needs the package playwright")
    program = next(filter(None, map(shutil.which, _NAMES)), None)
    if program is None:
        pytest.skip(f"needs a browser: one of {', '.join(_NAMES)} on PATH")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Any) -> Iterator[Callable[..., Any]]:
    """Opens a page in a fresh profile; fails if its script fails or asks another server."""
    contexts, wrong = [], []

    def opened(url: str, **how: Any) -> Any:
        context = browser.new_context(locale="fr-FR", reduced_motion="reduce", **how)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(TIMEOUT)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on(
            "console",
            lambda line: wrong.append(line.text) if "Content Security Policy" in line.text else None,
        )
        page.on("request", lambda one: None if one.url.startswith((url, "blob:")) else wrong.append(one.url))
        page.goto(url, wait_until="domcontentloaded")
        if how.get("java_script_enabled", True):
            page.locator("html.script").wait_for(state="attached")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert wrong == []
