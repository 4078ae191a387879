"""The page in a real browser, with its script."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.checked.fake import ENGLISH, FRENCH, GERMAN
from tests.serving.fake import ANSWERS, EMPTY, ESEL, Table, served, service_of
from tests.serving.page.conftest import TIMEOUT

from ontarget.languages import Language
from ontarget.scoring.language_id.identifier import default_identifier
from ontarget.serving.api_keys import ApiKeys
from ontarget.serving.model_process import in_thread
from ontarget.serving.service import TranslationService

Open = Callable[..., Any]
DONKEY = "The donkey is very tired today and sleeps."
TEXT = f"{GERMAN} {ESEL}\n\n{ENGLISH}\n{EMPTY}\n12:30"
LANGUAGES = [Language(code) for code in ("de", "en", "fr")]


def expect(found: Any) -> Any:
    from playwright.sync_api import expect

    expect.set_options(timeout=TIMEOUT)
    return expect(found)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with served(service_of(languages=LANGUAGES)) as url:
        yield url


def translate(page: Any, text: str = TEXT, target: str = "fr") -> None:
    page.select_option("[name=target]", target)
    page.fill("[name=text]", text)
    page.keyboard.press("Control+Enter")
    expect(page.locator("#status")).to_contain_text("Translated")


def highlighted(page: Any) -> tuple[list[str], list[str]]:
    """The sentences that are highlighted in the source and in the translation."""
    return page.locator(".mirror .on").all_text_contents(), page.locator("#output .on").all_text_contents()


def test_each_sentence_has_a_badge(open_page: Open, url: str) -> None:
    page = open_page(url)
    translate(page)
    assert page.locator(".sentence").all_text_contents() == [FRENCH, DONKEY, FRENCH, EMPTY]
    assert page.locator(".badge .label").all_text_contents() == [
        "in French",
        "English, not French",
        "re-ranked",
        "not translated",
    ]
    assert [text.replace("\n", " ") for text in page.locator("#counts li").all_inner_texts()] == [
        "1 right language",
        "1 repaired",
        "1 wrong language",
        "1 not translated",
    ]
    assert page.locator("[name=source] option").first.inner_text() == "German (detected)"
    assert page.locator(".sentence").nth(1).get_attribute("lang") == "en"


def test_a_sentence_and_its_source_are_highlighted_together(open_page: Open, url: str) -> None:
    page = open_page(url)
    translate(page)
    page.hover(f".sentence:text('{DONKEY}')")
    assert highlighted(page) == ([ESEL], [DONKEY])
    page.mouse.move(2, 2)
    assert highlighted(page) == ([], [])
    page.locator(".badge").nth(2).focus()
    assert highlighted(page) == ([ENGLISH], [FRENCH])
    page.keyboard.press("ArrowLeft")
    assert highlighted(page) == ([ESEL], [DONKEY])
    # The mirror lies under the text, line by line, so a place in the source is found by the pointer ...
    box = page.locator(".mirror span").nth(0).bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 8)
    assert highlighted(page) == ([GERMAN], [FRENCH])
    # ... and by the caret.
    page.focus("[name=text]")
    page.evaluate("document.querySelector('[name=text]').setSelectionRange(0, 0)")
    expect(page.locator(".mirror .on")).to_have_text(GERMAN)
    page.keyboard.press("Control+End")
    page.keyboard.type("!")
    assert highlighted(page) == ([], [])
    assert "stale" in page.locator("#output").get_attribute("class")


def test_the_mirror_has_the_size_of_the_text(open_page: Open, url: str) -> None:
    """Else the highlight would be beside the sentence."""
    page = open_page(url, viewport={"width": 360, "height": 700})
    translate(page, f"{TEXT}\n\n{' '.join([GERMAN] * 20)}\n{'x' * 300}\n")
    measure = "one => [one.scrollHeight, one.clientHeight, one.clientWidth]"
    area, mirror = (page.locator(name).evaluate(measure) for name in ("[name=text]", ".mirror"))
    assert area == mirror


def test_details_open_by_key_and_by_click(open_page: Open, url: str) -> None:
    page = open_page(url)
    translate(page)
    page.locator(".badge").nth(1).focus()
    page.keyboard.press("Enter")
    details = page.locator(".details:popover-open")
    expect(details).to_contain_text("identified as English")
    expect(details).to_contain_text("There are no other translations")
    expect(details.locator("blockquote")).to_have_text(ESEL)
    page.keyboard.press("Escape")
    expect(details).to_have_count(0)
    page.click(f".sentence:text('{EMPTY}')")
    expect(details).to_contain_text("The model gave no text")


def test_another_translation_takes_the_place_of_a_sentence(open_page: Open) -> None:
    other = "Le chien dort sur le canapé aujourd'hui."
    table = Table({**ANSWERS, GERMAN: [FRENCH, ENGLISH, other]})
    with served(service_of(table, languages=LANGUAGES)) as url:
        page = open_page(url, permissions=["clipboard-read", "clipboard-write"])
        translate(page, f"{ESEL}\n {GERMAN}\n12:30")
        page.locator(".badge").nth(1).press("Enter")
        choices = page.locator(".details:popover-open .others button")
        expect(choices).to_have_count(1)  # the English one is not offered
        expect(choices).to_contain_text(other)
        choices.press("Enter")
        expect(page.locator(".sentence").nth(1)).to_have_text(other)
        assert page.evaluate("document.activeElement.className") == "badge"
        page.click("#copy")
        expect(page.locator("#status")).to_have_text("Copied.")
        assert page.evaluate("navigator.clipboard.readText()") == f"{DONKEY}\n {other}\n12:30"
        page.locator(".badge").nth(1).press("Enter")
        choices.click()  # and back
        expect(page.locator(".sentence").nth(1)).to_have_text(FRENCH)


def test_a_sentence_is_shown_before_the_last_one_is_translated(open_page: Open) -> None:
    table = Table()
    table.waits = {GERMAN}
    with served(service_of(table, languages=LANGUAGES)) as url:
        page = open_page(url)
        page.select_option("[name=target]", "fr")
        page.fill("[name=text]", f"{ESEL} {GERMAN}")
        table.go.clear()
        page.keyboard.press("Control+Enter")
        expect(page.locator(".sentence")).to_have_text([DONKEY])
        expect(page.locator("#translate")).to_have_text("Stop")
        table.go.set()
        expect(page.locator(".sentence")).to_have_text([DONKEY, FRENCH])


def test_documents_are_translated_by_choice_and_by_drop(open_page: Open, url: str, tmp_path: Path) -> None:
    page = open_page(url)
    page.select_option("[name=target]", "fr")
    page.click("#documents summary")
    file = tmp_path / "Brief für Anna.md"
    file.write_text(f"# {GERMAN}\n\n* {ESEL}\n", encoding="utf-8")
    page.set_input_files("#file", file)
    page.click("#send")
    link = page.locator("#files a")
    expect(link).to_have_text("Brief für Anna.fr.md")
    assert "1 right language, 1 wrong language" in page.locator("#files li").inner_text()
    with page.expect_download() as download:
        link.click()
    assert Path(download.value.path()).read_text(encoding="utf-8") == f"# {FRENCH}\n\n* {DONKEY}\n"
    page.evaluate(
        """() => {
            const files = new DataTransfer();
            files.items.add(new File(["x"], "broken.docx"));
            for (const kind of ["dragover", "drop"])
                document.body.dispatchEvent(new DragEvent(kind, { dataTransfer: files, bubbles: true }));
        }"""
    )
    expect(page.locator("#files .failed")).to_contain_text("'broken.docx' is not a Word document")


def test_a_model_is_chosen_by_name(open_page: Open) -> None:
    small, large = Table(), Table({GERMAN: ["Le chien dort sur le canapé."]})
    launches = {"small": in_thread(lambda: small), "large": in_thread(lambda: large)}
    service = TranslationService(launches, default_identifier(), languages=LANGUAGES)
    with served(service) as url:
        page = open_page(url)
        translate(page, GERMAN)
        expect(page.locator(".sentence")).to_have_text(FRENCH)
        page.select_option("[name=model]", "large")
        expect(page.locator(".sentence")).to_have_text("Le chien dort sur le canapé.")
        page.click("#documents summary")
        page.set_input_files("#file", {"name": "a.txt", "mimeType": "text/plain", "buffer": GERMAN.encode()})
        page.click("#send")
        with page.expect_download() as download:
            page.click("#files a")
        assert Path(download.value.path()).read_text() == "Le chien dort sur le canapé."


def test_text_is_never_markup(open_page: Open, url: str) -> None:
    page = open_page(url)
    evil = f"{GERMAN} <img src=x onerror=alert(1)>"
    translate(page, evil)
    assert page.locator("img").count() == 0
    assert "<img src=x" in page.locator("#output").inner_text()
    page.reload()
    page.click("#history summary")
    assert page.locator("#entries img").count() == 0


def test_languages_are_swapped_and_the_translation_is_the_text(open_page: Open, url: str) -> None:
    page = open_page(url)
    page.click("[name=swap]")
    expect(page.locator("#error")).to_have_text("Choose the source language before you swap.")
    translate(page, GERMAN)
    page.keyboard.press("Control+Shift+Enter")
    expect(page.locator("#status")).to_contain_text("Translated")
    assert page.input_value("[name=text]") == FRENCH
    assert (page.input_value("[name=source]"), page.input_value("[name=target]")) == ("fr", "de")
    assert page.locator("#error").inner_text() == ""


def test_a_text_without_words_has_no_language(open_page: Open, url: str) -> None:
    page = open_page(url)
    translate(page, "12345")
    expect(page.locator("#output")).to_have_text("12345")
    expect(page.locator("[name=source] option").first).to_have_text("Detect language")
    expect(page.locator("#entries")).to_contain_text("Detect language → French")


def test_the_translation_is_copied_as_it_is(open_page: Open, url: str) -> None:
    page = open_page(url, permissions=["clipboard-read", "clipboard-write"])
    translate(page)
    page.click("#copy")
    expect(page.locator("#status")).to_have_text("Copied.")
    assert page.evaluate("navigator.clipboard.readText()") == f"{FRENCH} {DONKEY}\n\n{FRENCH}\n{EMPTY}\n12:30"


def test_the_history_is_in_the_browser_alone(open_page: Open, url: str) -> None:
    page = open_page(url)
    translate(page)
    translate(page, GERMAN)
    page.reload()
    assert page.input_value("[name=target]") == "fr"
    page.click("#history summary")
    entries = page.locator("#entries button")
    expect(entries).to_have_count(2)
    entries.nth(1).click()
    assert page.input_value("[name=text]") == TEXT
    assert page.locator(".badge .label").nth(1).inner_text() == "English, not French"
    page.hover(f".sentence:text('{DONKEY}')")
    assert highlighted(page) == ([ESEL], [DONKEY])
    page.click("#forget")
    expect(entries).to_have_count(0)
    assert page.evaluate("Object.keys(localStorage)") == ["ontarget.choices"]
    page.reload()
    expect(entries).to_have_count(0)


def test_a_browser_that_keeps_nothing_translates_too(browser: Any, url: str) -> None:
    context = browser.new_context()
    context.add_init_script(
        "for (const name of ['localStorage', 'sessionStorage'])"
        " Object.defineProperty(window, name, { get() { throw new Error('forbidden'); } });"
    )
    page = context.new_page()
    page.goto(url)
    translate(page, GERMAN)
    assert page.locator(".sentence").all_text_contents() == [FRENCH]
    context.close()


def test_mistakes_are_shown_and_nothing_is_lost(open_page: Open, url: str) -> None:
    page = open_page(url)
    page.fill("[name=text]", "La mia casa è bella e grande.")
    page.click("#translate")
    expect(page.locator("#error")).to_have_text(
        "The text is in Italian (it), which this server does not offer; offered are en, fr, de."
    )
    page.click("#glossary summary")
    page.fill("#terms", "Hund")
    page.fill("[name=text]", GERMAN)
    page.click("#translate")
    expect(page.locator("#error")).to_contain_text("Line 1 of the glossary")
    assert page.input_value("[name=text]") == GERMAN
    page.context.set_offline(True)
    page.click("#translate")
    expect(page.locator("#error")).to_have_text("The server cannot be reached; try again.")


def test_a_lost_connection_is_named_wherever_the_page_asks_the_server(open_page: Open, url: str) -> None:
    """Browsers say "Failed to fetch" or "NetworkError"."""
    gone = "The server cannot be reached; try again."
    page = open_page(url)
    translate(page, GERMAN)
    page.context.set_offline(True)
    page.locator(".badge").press("Enter")
    expect(page.locator(".details:popover-open .others")).to_have_text(gone)
    page.keyboard.press("Escape")
    page.click("#documents summary")
    page.set_input_files("#file", {"name": "a.txt", "mimeType": "text/plain", "buffer": GERMAN.encode()})
    page.click("#send")
    expect(page.locator("#files .failed")).to_have_text(f"a.txt: {gone}")


def test_a_term_that_is_missed_is_a_warning(open_page: Open, url: str) -> None:
    page = open_page(url)
    page.click("#glossary summary")
    page.fill("#terms", "Hund,chien\nSofa,sofa")
    translate(page, GERMAN)
    assert page.locator(".badge").inner_text() == "in French\ncheck"
    assert "“Sofa” as “sofa”" in page.locator(".notes").first.text_content()
    page.reload()
    assert page.input_value("#terms") == "Hund,chien\nSofa,sofa"


def test_the_key_stays_in_the_tab(open_page: Open) -> None:
    with served(service_of(languages=LANGUAGES, keys=ApiKeys(["correct-horse"]))) as url:
        page = open_page(url)
        page.fill("[name=text]", GERMAN)
        page.click("#translate")
        expect(page.locator("#error")).to_contain_text("The API key is missing or wrong; enter it")
        assert page.evaluate("document.activeElement.id") == "key"
        page.keyboard.type("correct-horse")
        translate(page, GERMAN)
        assert "correct-horse" not in json.dumps(page.evaluate("({ ...localStorage })"))
        page.reload()
        translate(page, GERMAN)
        other = page.context.new_page()
        other.goto(url)
        assert other.input_value("#key") == ""


def test_escape_stops_the_translation(open_page: Open) -> None:
    table = Table()
    table.go.clear()
    service = service_of(table, languages=LANGUAGES)
    with served(service) as url:
        page = open_page(url)
        page.fill("[name=text]", GERMAN)
        page.keyboard.press("Control+Enter")
        expect(page.locator("#translate")).to_have_text("Stop")
        assert table.begun.acquire(timeout=60)
        page.keyboard.press("Escape")
        expect(page.locator("#translate")).to_have_text("Translate")
        expect(page.locator("#status")).to_have_text("Stopped.")
        table.go.set()
        translate(page, GERMAN)
        assert page.locator(".sentence").all_text_contents() == [FRENCH]
