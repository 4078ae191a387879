from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt
from tests.documents.answers import Model, same, upper

from ontarget.documents.document import translate_document
from ontarget.documents.markdown import read_markdown
from ontarget.documents.parts import Tag
from ontarget.languages import Language

PAGE = """\
---
title: Do not touch
---
# Getting *started* with `ontarget` #

A **very short** paragraph with a [link](https://x.org/a_(b) "Title"), an
image ![the cat](cat.png) and `code`. It has a second sentence. Mr. Ash
said [so](<a b>).

> A quote that
> goes over two lines. And one more
> sentence.

* Item one with {name}
- [ ] Task *two*
  continues here
  1. nested

| Name | Value |
|------|:-----:|
| a \\| b is | the **second** cell |

Setext heading
==============

```python
print("text here")
```

    indented code

<div class="x">
<p title="A title">Some <b>html</b> text.</p>
</div>

Hard break here  
next line\\
third line. Snake\\_case. See [shortcut] and [full][ref], <https://auto.org> and <b>this</b>.[^1]

[^1]: The footnote text.

[shortcut]: https://x.org
[ref]: https://y.org "Not translated"
"""


def translated(page: str, model: Any) -> str:
    document = read_markdown(page.encode(), Path("a.md"))
    return translate_document(document, Model(model), Language("en")).data.decode()


def test_all_but_the_text_stays() -> None:
    assert translated(PAGE, same) == PAGE
    crlf = PAGE.replace("\n", "\r\n")
    assert translated(crlf, same) == crlf
    found = translated(PAGE, lambda text: "«" + text + "»")
    for line in [
        "title: Do not touch",
        "# «Getting *started* with `ontarget`» #",
        "> «A quote that goes over two lines.» «And one more sentence.»",
        "* «Item one with {name}»",
        "- [ ] «Task *two* continues here»",
        "  1. «nested»",
        "| «Name» | «Value» |",
        "|------|:-----:|",
        "| «a \\| b is» | «the **second** cell» |",
        "«Setext heading»",
        'print("text here")',
        "    indented code",
        '<p title="«A title»">«Some <b>html</b> text.»</p>',
        "«Hard break here»  ",
        "«next line»\\",
        "[^1]: «The footnote text.»",
        "[shortcut]: https://x.org",
        '[ref]: https://y.org "Not translated"',
    ]:
        assert line in found.split("\n"), line
    assert "[shortcut]" in found
    assert '[link](https://x.org/a_(b) "Title")' in found
    assert "![the cat](cat.png)" in found


def test_a_page_is_rendered_with_the_same_structure() -> None:
    def tokens(page: str) -> list[tuple[str, str]]:
        parser = MarkdownIt("commonmark").enable("table")
        flat = [(token, *(token.children or ())) for token in parser.parse(page)]
        return [(t.type, t.markup) for group in flat for t in group if t.type not in ("text", "softbreak")]

    assert tokens(translated(PAGE, upper).replace("SNAKE_CASE", "Snake")) == tokens(PAGE)


@pytest.mark.parametrize(
    ("source", "answer", "written"),
    [
        ("A dog.", "1. Hund", "1\\. Hund"),
        ("A dog.", "# Hund", "\\# Hund"),
        ("A dog.", "- Hund", "\\- Hund"),
        ("A dog.", "*Hund*", "\\*Hund\\*"),
        ("A dog.", "<i> Hund", "A dog."),  # a tag of its own: refused
        ("| a dog |\n|---|", "ein | Hund", "| ein \\| Hund |\n|---|"),
        ("A `dog` runs", "Ein `dog` *rennt*", "Ein `dog` \\*rennt\\*"),
        ("A dog.", "2019. Hund", "2019\\. Hund"),
    ],
)
def test_a_translation_cannot_add_markup(source: str, answer: str, written: str) -> None:
    asked = Model(same)
    translate_document(read_markdown(source.encode(), Path("a.md")), asked, Language("en"), level="paragraph")
    answers = {asked.asked[0]: answer.replace("`dog`", "X1")} if asked.asked else {}
    document = read_markdown(source.encode(), Path("a.md"))
    model = Model(lambda text: answers.get(text, text))
    found = translate_document(document, model, Language("en"), level="paragraph")
    assert found.data.decode() == written


@pytest.mark.parametrize(
    ("source", "answer", "written"),
    [
        ("Press _Save (all)_ to go.", "点击 X1 保存（全部） X2继续。", "点击 *保存（全部）* 继续。"),
        ("Click **“Save”** to go", "点击X1 “保存” X2继续", "点击 **“保存”** 继续"),
        ('Click **"Save"** now', 'Jetzt X1 "Sichern" X2 klicken', 'Jetzt **"Sichern"** klicken'),
        ("In the _book_.", "X1 kitap X2ta.", "*kitap*ta."),
        ("Click **_Save_** now", "点击X1 X2 保存X3 X4继续", "点击 **_保存_** 继续"),
        ("Some ~~(old)~~ text", "一些X1 （旧） X2文字", "一些 ~~（旧）~~ 文字"),
    ],
)
def test_emphasis_stays_emphasis_beside_other_words(source: str, answer: str, written: str) -> None:
    assert translated(source, lambda text: answer).replace("  ", " ") == written
    parser = MarkdownIt("commonmark").enable("strikethrough")
    markup = [[t.type for t in parser.parseInline(text)[0].children or ()] for text in (source, written)]
    assert [t for t in markup[0] if t != "text"] == [t for t in markup[1] if t != "text"]


def test_emphasis_that_cannot_be_written_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ontarget.documents.markdown.with_valid_emphasis", lambda parts: parts)
    assert translated("Press _Save_ now.", lambda text: "按X1 保存 X2吧") == "按保存吧"


def test_a_block_does_not_accept_other_markup() -> None:
    unit = read_markdown(b"Press _Save_ now.", Path("a.md")).units[0]
    assert unit.accepts(unit.parts)
    assert unit.accepts(("Save* now",))
    assert not unit.accepts((*unit.parts, Tag("`code`")))


DIALECTS = """\
> [!NOTE]
> A text
> of two lines.

> [!tip]+ A title *so*
> and a text

Text with $E = m c^2$ and $x*y*z$ here, for $5 or $6.
$$
a = b
= c

- d
$$
more text $$F = m a$$

$$
x

y
$$ (label)

:::note
Inner text
:::

:::{admonition} Title
inner
:::

!!! note "Hello"
    Content

Term
: definition
  goes on
: another

{% if page.title == "a" %}
text so
{% endif %}
[TOC]

(label)=
# Head

- item
  :::tip
  inside
  :::
"""


def test_formulas_containers_and_alerts_of_dialects_stay() -> None:
    assert translated(DIALECTS, same) == DIALECTS
    words = [
        "A text",
        "of two lines",
        "A title",
        "so*",
        "and a text",
        "Text with",
        "and $x",
        "here, for",
        " or ",
    ]
    words += [
        "more text",
        "Inner text",
        "\ninner",
        "Term",
        "definition",
        "goes on",
        "another",
        "text so",
        "Head",
    ]
    expected = DIALECTS
    for word in [*words, "item", "inside"]:
        assert word in expected
        place = expected.index(word)
        expected = expected[:place] + word.upper().replace("$X", "$x") + expected[place + len(word) :]
    expected = expected.replace("A TEXT\n> OF", "A TEXT OF").replace("DEFINITION\n  GOES", "DEFINITION GOES")
    assert translated(DIALECTS, upper) == expected


def test_money_is_no_formula() -> None:
    for page in ["It is $5 and $6", "US$5-$6 or 5$", "use $5, or 6$ now", "$HOME/$USER so"]:
        model = Model(same)
        translate_document(read_markdown(page.encode(), Path("a.md")), model, Language("en"))
        shown = page if "HOME" not in page else "X1/X2 so"
        assert model.asked == [shown]


@pytest.mark.parametrize("sign", ["---", "+++"])
def test_front_matter_has_keys(sign: str) -> None:
    page = f"{sign}\n# Words\n\nDate created: = x\n{sign}\nmore"
    assert translated(page, upper) == page.replace("more", "MORE")
    page = f"{sign}\n\nSome intro words\n\n{sign}\n\nmore"
    assert translated(page, upper) == page.replace("Some intro words", "SOME INTRO WORDS").replace(
        "more", "MORE"
    )


def test_the_box_of_a_task_keeps_its_line() -> None:
    assert translated("- [ ] \nA small dog", upper) == "- [ ] \nA SMALL DOG"


def test_a_formula_that_is_not_closed_is_text() -> None:
    page = "$$ some text\n" * 3 + "\n$$\n\nmore"
    assert "SOME TEXT" in (found := translated(page, upper))
    assert found.endswith("\n\n$$\n\nMORE")


@pytest.mark.parametrize("page", ["A small\0 dog\n", "| A name |\n|---|\n| A small\0 dog |\n"])
def test_text_that_is_not_found_in_the_file_counts_as_untranslated(page: str) -> None:
    """CommonMark shows another character for U+0000."""
    page = f"A cat\n\n{page}\nA bird\n"
    found = translate_document(read_markdown(page.encode(), Path("a.md")), Model(upper), Language("en"))
    assert [one.way for one in found.segments if "dog" in one.checked.source] == ["left"]
    assert [one.checked.verdict.off for one in found.segments if "dog" in one.checked.source] == [True]
    assert found.data.decode() == page.replace("A cat", "A CAT").replace("A bird", "A BIRD").replace(
        "A name", "A NAME"
    )
