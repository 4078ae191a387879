# ruff: noqa: E501
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ontarget.documents.xml_pieces import check_xml, escaped_xml, pieces_of
from ontarget.errors import UserError

XML = '<?xml version="1.0"?>\n<a x="1 &gt; 0" y=\'>\'><!-- <b> --><w:b/>t &amp; &#x41;&#66;<![CDATA[<c> &amp;]]></a >\n'


def test_pieces_together_are_the_file() -> None:
    check_xml(XML.encode(), "file")
    pieces = list(pieces_of(XML))
    assert "".join(piece.raw for piece in pieces) == XML
    assert [piece.start for piece in pieces] == [0, *(piece.end for piece in pieces[:-1])]
    assert [(piece.kind, piece.name, piece.text) for piece in pieces if piece.raw.strip()] == [
        ("other", "", ""),
        ("open", "a", ""),
        ("other", "", ""),
        ("empty", "b", ""),
        ("text", "", "t & AB"),
        ("text", "", "<c> &amp;"),
        ("close", "a", ""),
    ]
    assert pieces[2].attributes == (("x", "1 > 0"), ("y", ">"))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', "document type declaration"),
        ('<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;&b;">]><a>&c;</a>', "document type declaration"),
        ("<a><b></a>", "</a> does not close <b>"),
        ("<a>&nbsp;</a>", "an entity is not defined"),
        ("<a>", "truncated"),
        ("", "truncated"),
        ('<?xml version="1.0" encoding="klingon"?><a/>', "encoding"),
    ],
)
def test_unsafe_or_broken_xml(text: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        check_xml(text.encode(), "the file")


@given(st.text())
def test_escaped_text_is_well_formed_and_read_back(text: str) -> None:
    xml = f"<a>{escaped_xml(text)}</a>"
    check_xml(xml.encode(), "file")
    found = "".join(piece.text for piece in pieces_of(xml))
    assert set(text) - set(found) <= {chr(n) for n in (*range(32), 0xFFFE, 0xFFFF)}
    if not set(text) & {chr(n) for n in (*range(32), 0xFFFE, 0xFFFF)}:
        assert found == text


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("<b>\n<i>x</i>", "the text, line 1: <b> is never closed;"),
        ("</b>", "the text, line 1, column 1: </b> does not close any tag;"),
        ("x\ny </text>", "the text, line 2, column 3: </text> does not close any tag;"),
        ("<b>\n<b>x</i>", "the text, line 2, column 5: </i> does not close <b>, which opens in line 2;"),
        ("a & b", "the text, line 1, column 3: '&' does not begin an entity;"),
        ("a <b", "the text, line 1, column 3: '<' does not begin a tag;"),
        ("<!-- a", "the text, line 1: a tag or comment that begins there never ends;"),
    ],
)
def test_faults_of_a_part_are_where_they_are_and_name_its_own_tags(text: str, sentence: str) -> None:
    with pytest.raises(UserError) as refused:
        check_xml(text.encode(), "the text", part=True)
    assert str(refused.value).startswith(sentence)
    assert "ontarget" not in str(refused.value)
