# ruff: noqa: E501
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from tests.documents.answers import Model, same, upper

from ontarget.documents.document import translate_document
from ontarget.documents.html import read_html
from ontarget.languages import Language

PAGE = """\
<!DOCTYPE html>
<html><head><title>My page &amp; yours</title><meta name=description content="All about cats">
<script>var a = "<p>no text</p>";</script><style>p { color: red }</style></head>
<body><!-- a comment -->
<p>Hello <b>big &amp; small</b> world. This is&nbsp;a <a href="x.html" title="To the page">second</a> sentence.<br>After.
<p>Unclosed <img src=x alt='A cat'> paragraph
<pre>keep <b>this</b> text</pre>
<ul><li>One item</li><li>Two <code>x = 1</code> items</li></ul>
<p translate="no">Not this text</p>
<div class="notranslate"><div>nor this</div> one</div>
<p>Text with <span class="x notranslate">Brand <i>Name</i></span> in it.
<input type=submit value="Send it"><input type=text value="Not this" placeholder="Your name"> 5 &lt; 6 dogs</p>
</body></html>
"""


def translated(page: str, model: Any) -> str:
    document = read_html(page.encode(), Path("a.html"))
    return translate_document(document, Model(model), Language("en")).data.decode()


def test_text_and_attributes_that_readers_see() -> None:
    assert translated(PAGE, same) == PAGE
    kept = ["&amp;", "&nbsp;", "&lt;"]
    expected = PAGE
    for text in [
        "My page &amp; yours", "All about cats", ">Hello", "big &amp; small", "world. This is&nbsp;a", "To the page",
        ">second<", "sentence.", "After.", "Unclosed", "A cat", "paragraph", "One item", "Two", "items", "Text with",
        "in it.", "Send it", "Your name", "6 dogs",
    ]:  # fmt: skip
        shouted = text.upper()
        for entity in kept:
            shouted = shouted.replace(entity.upper(), entity)
        assert text in expected
        expected = expected.replace(text, shouted, 1)
    assert translated(PAGE, upper) == expected


def test_a_model_sees_characters_rather_than_entities_and_no_tag() -> None:
    model = Model(upper)
    document = read_html(b"<p>Fish &amp; <b>chips</b> &#233;&lt;3</p>", Path("a.html"))
    found = translate_document(document, model, Language("en")).data
    assert model.asked == ["Fish & X1 chips X2 é<3"]
    assert found == "<p>FISH &amp; <b>CHIPS</b> É&lt;3</p>".encode()


def test_a_translation_cannot_add_markup() -> None:
    page = '<p title="A dog">A dog <i>barks</i></p>'
    found = translated(page, lambda text: text + " '\" & <")
    assert re.sub("[^<>]", "", found) == "<><><><>"
    assert "&lt;" in found


def test_inline_tags_alone_are_no_text() -> None:
    page = "<p><a href=x><img src=y></a></p><p> <b> </b> </p>"
    assert read_html(page.encode(), Path("a.html")).units == []


def test_a_no_break_space_is_well_formed_in_xhtml() -> None:
    page = '<html xmlns="http://www.w3.org/1999/xhtml"><p title="A dog">A dog</p></html>'
    found = translated(page, lambda text: "Un chien\xa0!")
    root = ElementTree.fromstring(found)
    assert (root[0].text, root[0].get("title")) == ("Un chien\xa0!",) * 2
    assert "Un chien&nbsp;!" in translated("<p>A dog</p>&nbsp;", lambda text: "Un chien\xa0!")


def test_code_of_the_server_stays() -> None:
    page = (
        '<p><?php if ($a > 1 && $b == "x") {\n echo "<b>words</b>"; } ?>{}<a href="<?= $a > 1 ?>" '
        'title="<?= $title ?>">{}</a></p>\n<img alt="{}"><% if x > 1 %><p>{}</p><% end %>\n<?php echo "some > words";'
    )
    words = ["Hello there", "to the page", "a cat", "more words"]

    def filled(texts: list[str]) -> str:
        parts = page.split("{}")
        return "".join(part + text for part, text in zip(parts, [*texts, ""], strict=True))

    assert translated(filled(words), upper) == filled([word.upper() for word in words])


@pytest.mark.parametrize("piece", ["<a ", "</", "<% ", "&"])
def test_beginnings_without_an_end_are_text(piece: str) -> None:
    """They took a time that grew with the square of their number."""
    page = "<p>a</p>" + piece * 100_000
    document = read_html(page.encode(), Path("a.html"))
    assert document.translated([unit.parts for unit in document.units]) == page.encode()


def test_a_script_without_an_end_is_not_text() -> None:
    document = read_html(b"<p>a</p><script>if (a < b) 'a dog'", Path("a.html"))
    assert [unit.parts for unit in document.units] == [("a",)]


def test_attributes_without_quotation_marks() -> None:
    page = "<p><img alt=Dog src=x><img title=Cat/><input placeholder=Name></p>"
    assert translated(page, same) == page
    found = '<p><img alt="DOG" src=x><img title="CAT"/><input placeholder="NAME"></p>'
    assert translated(page, upper) == found
    assert translated(page, lambda text: "one > two") == re.sub('"[A-Z]+"', '"one &gt; two"', found)


def test_labels_of_options() -> None:
    page = '<select><optgroup label="Pets" ><option label="A dog">Dogs</option></select><b label="no">2</b>'
    assert translated(page, upper) == page.replace("Pets", "PETS").replace("A dog", "A DOG").replace(
        "Dogs", "DOGS"
    )


@pytest.mark.parametrize(
    "page",
    [
        "<p>One <code>x = 1 two</p><p>{}</p>",
        "<p>One <code>x <code>y</code> two</p><p>{}</p>",
        "<pre>x = 1<p>{}</p>",
        '<p translate="no">This stays<p>{}',
        "<ul><li class=notranslate>This stays<li>{}</ul>",
        "<p>{}</p><script>var text",
    ],
)
def test_code_without_an_end_does_not_hide_what_follows(page: str) -> None:
    """A browser shows the text, so it must not be passed over in silence."""
    found = translated(page.format("A small dog"), upper)
    assert found == page.replace("One", "ONE").format("A SMALL DOG")


def test_a_page_that_is_not_to_be_translated_stays_without_an_end() -> None:
    page = '<html translate="no"><body><p>A small dog</p><p>A cat'
    assert translated(page, upper) == page
