import io
from pathlib import Path
from typing import Any

import pytest
from babel.messages.pofile import read_po as babel
from tests.documents.answers import Model, same, upper

from ontarget.documents.document import translate_document
from ontarget.documents.po import read_po
from ontarget.errors import UserError
from ontarget.languages import Language

CATALOGUE = """\
# Translator comment
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

#: a.c:1
#, c-format
msgid "Hello %s, you are \\"great\\".\\n"
msgstr ""

msgid "Done"
msgstr "Fertig"

#, fuzzy
#| msgid "old text"
msgctxt "menu"
msgid ""
"A long text "
"over lines.\\n"
"Second\\tline.\\n"
msgstr ""

msgid "%d file"
msgid_plural "%d files are here"
msgstr[0] ""
msgstr[1] ""

#~ msgid "old one"
#~ msgstr ""
"""


def translated(text: str, model: Any) -> str:
    document = read_po(text.encode(), Path("a.po"))
    return translate_document(document, Model(model), Language("en")).data.decode()


def test_empty_translations_are_filled_in() -> None:
    found = translated(CATALOGUE, upper)
    messages = {(one.context, one.id): one.string for one in babel(io.BytesIO(found.encode())) if one.id}
    assert messages == {
        (None, 'Hello %s, you are "great".\n'): 'HELLO %s, YOU ARE "GREAT".\n',
        (None, "Done"): "Fertig",
        ("menu", "A long text over lines.\nSecond\tline.\n"): "A LONG TEXT OVER LINES.\nSECOND\tLINE.\n",
        (None, ("%d file", "%d files are here")): ("%d FILE", "%d FILES ARE HERE"),
    }
    assert found.endswith('#~ msgid "old one"\n#~ msgstr ""\n')


def test_all_but_translations_stays() -> None:
    found = translated(CATALOGUE, same)
    emptied = found
    for new in [
        'msgstr "Hello %s, you are \\"great\\".\\n"',
        'msgstr ""\n"A long text over lines.\\n"\n"Second\\tline.\\n"',
        'msgstr[0] "%d file"',
        'msgstr[1] "%d files are here"',
    ]:
        assert new in emptied
        emptied = emptied.replace(new, new.partition(" ")[0] + ' ""')
    assert emptied == CATALOGUE
    assert translated(found, upper) == found  # all are translated


def test_lines_may_end_with_crlf_and_end_without_one() -> None:
    text = 'msgid "a dog"\r\nmsgstr ""'
    assert translated(text, upper) == 'msgid "a dog"\r\nmsgstr "A DOG"'
    assert translated('msgid "a\\\\b dog \\x"\nmsgstr ""\n', same).count("\\\\b dog") == 2


def test_the_lines_of_a_message_stay_lines() -> None:
    message = 'msgid ""\n"A name\\n"\n"\\n"\n"an address,\\n"\n"in \\"town\\""\n'
    new = 'msgstr ""\n"A NAME\\n"\n"\\n"\n"AN ADDRESS,\\n"\n"IN \\"TOWN\\""\n'
    assert translated(message + 'msgstr ""\n', upper) == message + new


def test_a_message_without_a_place_for_its_translation_is_an_error() -> None:
    with pytest.raises(
        UserError, match=r"'a.po', line 4: the message has no msgstr; add an empty one, msgstr \"\"$"
    ):
        read_po(b'msgid "a"\nmsgstr "b"\n\nmsgid "a dog"\n\nmsgid "c"\nmsgstr ""\n', Path("a.po"))


@pytest.mark.parametrize(
    ("named", "target", "fits"),
    [
        ("fr", "nl", False),
        ("pt_BR", "pt", True),
        ("", "nl", True),
        ("no", "nb", True),
        ("German", "de", True),
    ],
)
def test_the_language_of_a_catalogue(named: str, target: str, fits: bool) -> None:
    text = (
        f'msgid ""\nmsgstr ""\n"Language-Team: none\\n"\n"Language: {named}\\n"\n\nmsgid "a dog"\nmsgstr ""\n'
    )
    if fits:
        assert len(read_po(text.encode(), Path("a.po"), Language(target)).units) == 1
        return
    with pytest.raises(
        UserError, match=r"^'a.po' is for translations into French \(fr\) by its Language, but Dutch "
    ):
        read_po(text.encode(), Path("a.po"), Language(target))
