from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt
from tests.documents.answers import Model, same, upper

from ontarget.documents.document import translate_document
from ontarget.documents.markdown import read_markdown
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
