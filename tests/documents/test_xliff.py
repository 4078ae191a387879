# ruff: noqa: E501
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from tests.documents.answers import Model, upper

from ontarget.documents.document import translate_document
from ontarget.documents.xliff import read_xliff
from ontarget.errors import UserError
from ontarget.languages import Language

OLD = """\
<?xml version="1.0" encoding="UTF-8"?>
<xliff version="1.2" xmlns="urn:oasis:names:tc:xliff:document:1.2">
<file source-language="en" datatype="plaintext" original="a"><body>
<trans-unit id="1"><source>Hello <g id="1">big &amp; small</g> world.</source></trans-unit>
<trans-unit id="2"><source>Done already</source><target>Fertig</target></trans-unit>
<trans-unit id="3"><source>Empty <ph id="2">%s code</ph> target</source><target state="new"/></trans-unit>
<group translate="no"><trans-unit id="4"><source>Keep this one</source></trans-unit></group>
<trans-unit id="5"><source>With others</source><note>A note</note><alt-trans><source>No</source><target>X</target></alt-trans></trans-unit>
<trans-unit id="6"><source>A <mrk mtype="protected">Brand Name</mrk> here</source><seg-source><mrk mtype="seg">A</mrk></seg-source><target> </target></trans-unit>
</body></file></xliff>
"""
NEW = """\
<xliff version="2.0" xmlns="urn:oasis:names:tc:xliff:document:2.0" srcLang="en" trgLang="de-DE"><file id="f">
<unit id="u"><notes><note>A note here</note></notes>
<segment id="s"><source>Hello <pc id="1">big</pc> <ph id="2"/> world.</source></segment>
<segment id="t"><source>Two</source><target>Zwei</target></segment></unit>
<unit id="v" translate="no"><segment><source>Keep this</source></segment></unit></file></xliff>
"""


def translated(text: str, model: Any, target: str = "de") -> str:
    document = read_xliff(text.encode(), Path("a.xlf"), Language("en"), Language(target))
    return translate_document(document, Model(model), Language("en")).data.decode()


def targets(text: str) -> dict[str, str]:
    """Id of a unit or segment -> the text of its own target."""
    found = {}
    for element in ElementTree.fromstring(text.encode()).iter():
        if element.tag.endswith(("trans-unit", "}segment")):
            own = [child for child in element if child.tag.endswith("}target")]
            if own:
                found[element.get("id", "")] = "".join(own[0].itertext())
    return found


def test_targets_of_version_1_2() -> None:
    found = translated(OLD, upper)
    assert targets(found) == {
        "1": "HELLO BIG & SMALL WORLD.",
        "2": "Fertig",
        "3": "EMPTY %s code TARGET",
        "5": "WITH OTHERS",
        "6": "A Brand Name HERE",
    }
    assert '<target>HELLO <g id="1">BIG &amp; SMALL</g> WORLD.</target></trans-unit>' in found
    assert '<target state="new">EMPTY <ph id="2">%s code</ph> TARGET</target>' in found
    assert "<source>With others</source><target>WITH OTHERS</target><note>" in found
    assert 'original="a" target-language="de">' in found


def test_targets_of_version_2() -> None:
    found = translated(NEW, upper)
    assert targets(found) == {"s": "HELLO BIG  WORLD.", "t": "Zwei"}
    new = '<target>HELLO <pc id="1">BIG</pc> <ph id="2"/> WORLD.</target>'
    assert found.replace(new, "") == NEW


def test_a_prefix_of_the_elements() -> None:
    text = '<x:xliff version="1.2" xmlns:x="u"><x:file target-language="de"><x:trans-unit><x:source>A dog</x:source></x:trans-unit></x:file></x:xliff>'
    assert "</x:source><x:target>A DOG</x:target></x:trans-unit>" in translated(text, upper)


def test_a_file_that_is_all_translated_stays() -> None:
    found = translated(OLD, upper)
    assert translated(found, upper) == found


@pytest.mark.parametrize(
    "inner", ['<mrk mtype="seg" mid="1"></mrk>', "<!-- todo -->", '<g id="1"/>', '<g id="1"> </g>\n']
)
def test_a_target_that_was_only_prepared_is_filled_in(inner: str) -> None:
    text = '<xliff version="1.2"><file target-language="de"><trans-unit><source>A <g id="1">dog</g></source><target>{}</target></trans-unit></file></xliff>'
    assert translated(text.format(inner), upper) == text.format('A <g id="1">DOG</g>')
    done = text.format('<x id="1"/>')
    assert translated(done, upper) == done


def test_a_file_for_another_language() -> None:
    with pytest.raises(
        UserError, match=r"is for translations into German \(de-DE\) by its trgLang, but Dutch "
    ):
        translated(NEW, upper, "nl")


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_line_ends_stay_where_white_space_counts(newline: str) -> None:
    text = """\
<xliff version="1.2"><file source-language="en" target-language="de"><body>
<trans-unit id="1" xml:space="preserve"><source>A name
an <g id="1">address
in</g> town</source></trans-unit>
<trans-unit id="2"><source>One long
line. And

another one</source></trans-unit>
<trans-unit id="5"><source xml:space="preserve">One&#13;&#10;two</source></trans-unit>
<group xml:space="preserve"><trans-unit id="3"><source>A
dog</source></trans-unit><trans-unit id="4"><source xml:space="default">A
cat</source></trans-unit></group>
</body></file></xliff>
""".replace("\n", newline)
    found = translated(text, upper)
    assert '<target>A NAME\nAN <g id="1">ADDRESS\nIN</g> TOWN</target>' in found
    assert "<target>ONE LONG LINE. AND\n\nANOTHER ONE</target>" in found
    assert "<target>A\nDOG</target>" in found
    assert "<target>A CAT</target>" in found
    assert "<target>ONE&#13;\nTWO</target>" in found
    assert found.count("&#13;") == 2


@pytest.mark.parametrize("old", ["", ' target-language=""', " target-language = ' '"])
def test_a_file_that_names_no_target_language(old: str) -> None:
    text = '<xliff version="1.2"><file source-language="en"{} id="x"><trans-unit><source>A dog</source></trans-unit></file></xliff>'
    found = translated(text.format(old), upper)
    assert ElementTree.fromstring(found)[0].attrib == {
        "source-language": "en",
        "target-language": "de",
        "id": "x",
    }


@pytest.mark.parametrize(("text", "key"), [(OLD, "source-language"), (NEW, "srcLang")])
def test_a_file_from_another_language(text: str, key: str) -> None:
    with pytest.raises(UserError, match=rf"^'a.xlf' is in English \(en\) by its {key}, but "):
        read_xliff(text.encode(), Path("a.xlf"), Language("fr"), Language("de"))
    assert len(read_xliff(text.encode(), Path("a.xlf"), Language("en-GB"), Language("de")).units) > 0
    assert len(read_xliff(text.encode(), Path("a.xlf"), None, Language("de")).units) > 0
