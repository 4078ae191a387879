"""Properties of all formats: an identity model gives back the same bytes, and no model can break a file."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.documents.answers import Model, liar, same, upper

from ontarget.documents.document import DocumentTranslation, translate_document
from ontarget.documents.formats import read_document
from ontarget.documents.glossary import Glossary
from ontarget.documents.parts import Parts, Tag, Unit
from ontarget.documents.segments import Level
from ontarget.documents.subtitle_times import unread_times
from ontarget.errors import UserError
from ontarget.languages import Language

EN = Language("en")
WORDS = [
    "A small dog",
    " ",
    "\n",
    "\r\n",
    ". ",
    "Mr. Ash ",
    "{name}",
    "https://x.org/a",
    "é",
    "\u2028",
    "\t",
    "&",
    "'",
    '"',
]
# What a file of the format may consist of: tags, whole and broken, and other odd things.
ODD = {
    ".txt": "\n\n¦\r\n\r\n¦\x0c¦\ufeff¦\x1b",
    ".md": "# ¦\n\n¦- ¦> ¦**¦*¦_¦`¦```\n¦[¦](https://x.org)¦](¦![¦]¦<b>¦</b>¦<div>\n¦1. ¦|¦\\¦  \n¦---\n"
    "¦$¦$$\n¦:::\n¦> [!NOTE]\n¦: ¦~~¦{%"
    "¦===\n¦[^1]: ¦| a | b |\n|---|---|\n| c | ¦[x]: https://y.org\n¦    ¦<https://z.org>¦<!-- c -->"
    "¦&amp;¦~~¦- [ ] ¦\r",
    ".html": "<p>¦</p>¦<b>¦</b>¦<br>¦<br/>¦<img alt='A cat'>¦<a title='A title' href=x>¦</a>¦<pre>¦</pre>"
    "¦<script>¦</script>¦<!-- comment -->¦<!doctype html>¦&amp;¦&lt;¦&#233;¦&nope;¦<¦>¦</¦<p translate=no>"
    "¦<textarea>¦</textarea>¦<![CDATA[¦]]>¦<?php ?>¦<div¦<li>¦<code>¦</code>¦</>"
    "¦<input type=submit value=Send>¦\x1b",
    ".srt": "1\n00:00:01,000 --> 00:00:02,000\n¦\n\n¦<i>¦</i>¦{\\an8}¦- ¦\n00:00:03,000 --> 00:00:04,000\r\n",
    ".vtt": "\n00:01.000 --> 00:02.000\n¦\n\n¦<v Ann>¦NOTE x\n¦&amp;¦<c.red>¦</c>¦STYLE\n",
}
BEGINS = {".srt": "1\n00:00:01,000 --> 00:00:02,000\n", ".vtt": "WEBVTT\n\n00:01.000 --> 00:02.000\n"}


def odd_files(ending: str) -> st.SearchStrategy[str]:
    pieces = st.sampled_from([*WORDS, *ODD[ending].split("¦")])
    found = st.lists(pieces, max_size=30).map(lambda found: BEGINS.get(ending, "") + "".join(found))
    if ending not in BEGINS:
        return found
    return found.filter(lambda text: unread_times(text, vtt=ending == ".vtt") is None)


def read(folder: Path, name: str, data: bytes) -> Any:
    (folder / name).write_bytes(data)
    return read_document(folder / name, target=Language("de"))


def translated(
    folder: Path, name: str, data: bytes, model: Any, level: Level = "sentence"
) -> DocumentTranslation:
    return translate_document(read(folder, name, data), Model(model), EN, level=level)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("documents")


@pytest.mark.parametrize("ending", ODD)
@given(data=st.data())
def test_a_model_that_changes_nothing_gives_the_file_back(
    folder: Path, ending: str, data: st.DataObject
) -> None:
    raw = data.draw(odd_files(ending)).encode()
    level = data.draw(st.sampled_from(["sentence", "paragraph", "line"]))
    assert translated(folder, f"odd{ending}", raw, same, level).data == raw


@pytest.mark.parametrize("ending", ODD)
@pytest.mark.parametrize(
    "model", [upper, liar, lambda text: "", lambda text: text + ' *_`[<&"|\n\n# - 1. ' + text]
)
@given(data=st.data())
def test_no_model_changes_the_structure_of_a_file(
    folder: Path, ending: str, model: Any, data: st.DataObject
) -> None:
    text = data.draw(odd_files(ending))
    # A known limit: lines of a paragraph are joined, and "[^1]:" before a line break becomes a footnote.
    assume(not re.search(r"\[\^\w+\]:[ \t]*\n", text))
    raw = text.encode()
    before = read(folder, f"odd{ending}", raw)
    after = read(folder, f"odd{ending}", translated(folder, f"odd{ending}", raw, model, "paragraph").data)
    assert len(after.units) == len(before.units)
    for old, new in zip(before.units, after.units, strict=True):
        assert tags(new) == tags(old)


def tags(unit: Unit) -> list[str]:
    """The tags of a unit without the attributes that are translated."""
    found = [part.raw for part in unit.parts if isinstance(part, Tag) and not part.breaks]
    return [re.sub("(alt|title)='[^']*'|value=(\"[^\"]*\"|Send)", "", raw) for raw in found]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"])
def test_the_encoding_stays(folder: Path, mark: bytes) -> None:
    encoding = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}.get(mark, "utf-8")
    data = mark + "a café\r\n".encode(encoding)
    assert translated(folder, "a.txt", data, same).data == data
    assert translated(folder, "a.txt", data, upper).data == mark + "A CAFÉ\r\n".encode(encoding)


def test_each_segment_has_its_place_source_and_way(folder: Path) -> None:
    page = b"# One title\n\nA dog. It is {x}.\n\nA dog.\n"
    document = read(folder, "a.md", page)
    model = Model(upper)
    glossary = Glossary([("dog", "DOGGE"), ("title", "Title"), ("dog", "Rüde")])
    found = translate_document(document, model, EN, glossary=glossary)
    assert found.data == b"# ONE TITLE\n\nA DOG. IT IS {x}.\n\nA DOG.\n"
    missing = (("dog", "DOGGE"), ("dog", "Rüde"))
    rows = [(one.where, one.checked.source, one.checked.text, one.way, one.terms) for one in found.segments]
    assert rows == [
        ("line 1", "One title", "ONE TITLE", "whole", ()),
        ("line 3", "A dog.", "A DOG.", "whole", missing),
        ("line 3", "It is {x}.", "IT IS {x}.", "masked", ()),
        ("line 5", "A dog.", "A DOG.", "whole", missing),
    ]
    assert model.calls == [["One title", "A dog.", "It is X1."]]
    assert found.segments[1].to_dict()["terms_missing"] == {"dog": ["DOGGE", "Rüde"]}
    assert "terms_missing" not in found.segments[0].to_dict()


def test_a_character_that_the_encoding_lacks(folder: Path) -> None:
    latin = '<html><head><meta charset="latin1"></head><p>caf\xe9 au lait</p>'.encode("latin1")
    assert translated(folder, "a.html", latin, lambda text: "5 €").data == latin.replace(
        b"caf\xe9 au lait", b"5 &#8364;"
    )
    catalogue = (
        b'msgid ""\nmsgstr "Content-Type: text/plain; charset=ISO-8859-1\\n"\n\nmsgid "price"\nmsgstr ""\n'
    )
    with pytest.raises(UserError, match="lacks '€', which the translation has"):
        translated(folder, "a.po", catalogue, lambda text: "5 €")


def test_text_that_the_document_cannot_hold_is_left_and_said_to_be() -> None:
    def refuse(parts: Parts) -> bool:
        return "IT HELPS" not in "".join(part for part in parts if isinstance(part, str))

    units = [Unit(("A dog.",), "line 1", refuse), Unit(("Press now. It helps.",), "line 2", refuse)]

    class Refusing:
        """A document that returns its texts."""

        def __init__(self) -> None:
            self.units = units

        def translated(self, texts: Sequence[Parts]) -> bytes:
            return repr([*texts]).encode()

    found = translate_document(Refusing(), Model(upper), Language("en"))
    assert found.data.decode() == "[('A DOG.',), ('Press now. It helps.',)]"
    first, *left = found.segments
    assert (first.way, first.checked.verdict.outcome) == ("whole", "on_target")
    assert [one.checked.text for one in left] == ["Press now.", "It helps."]
    for one in left:
        row = one.to_dict()
        assert (row["way"], row["outcome"], row["language"]) == ("left", "off_target", "en")
        assert (row["action"], row["flags"]) == ("failed", ["echo"])
