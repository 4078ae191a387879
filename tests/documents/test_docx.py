# ruff: noqa: E501
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.documents.answers import Model, liar, same, upper

from ontarget.documents import docx as reader
from ontarget.documents.document import translate_document
from ontarget.documents.docx import read_docx
from ontarget.errors import UserError
from ontarget.languages import Language

docx = pytest.importorskip("docx", reason="needs python-docx, of the extra `dev`")


def document() -> bytes:
    page = docx.Document()
    page.add_heading("A heading here", 1)
    first = page.add_paragraph("This is a ")
    first.add_run("bold").bold = True
    first.add_run(" word, and ")
    first.add_run("two italic words").italic = True
    first.add_run(". A second sentence.")
    first.add_run().add_break()
    first.add_run("After a break & more.")
    table = page.add_table(1, 2)
    table.cell(0, 0).text, table.cell(0, 1).text = "The cat", "12"
    runs = page.add_paragraph()
    for text in ("Split ", "in many ", "runs.", "\tTabbed {name} text"):
        runs.add_run(text)
    page.sections[0].header.paragraphs[0].text = "The page header"
    out = io.BytesIO()
    page.save(out)
    return out.getvalue()


_WHOLE = document()


def translated(data: bytes, model: Any) -> bytes:
    return translate_document(read_docx(data, Path("a.docx")), Model(model), Language("en")).data


@pytest.mark.parametrize("model", [upper, liar])
def test_text_is_translated_and_formatting_stays(model: Any) -> None:
    page = docx.Document(io.BytesIO(translated(document(), model)))
    runs = [[(run.text, run.bold, run.italic) for run in paragraph.runs] for paragraph in page.paragraphs]
    assert runs == [
        [("A HEADING HERE", None, None)],
        [
            ("THIS IS A ", None, None),
            ("BOLD", True, None),
            (" WORD, AND ", None, None),
            ("TWO ITALIC WORDS", None, True),
            (". A SECOND SENTENCE.", None, None),
            ("\n", None, None),
            ("AFTER A BREAK & MORE.", None, None),
        ],
        [("SPLIT IN MANY RUNS.", None, None), ("\tTABBED {name} TEXT", None, None)],
    ]
    assert page.paragraphs[0].style.name == "Heading 1"
    assert [cell.text for cell in page.tables[0].rows[0].cells] == ["THE CAT", "12"]
    assert page.sections[0].header.paragraphs[0].text == "THE PAGE HEADER"


def test_a_model_sees_runs_of_one_formatting_as_one_text() -> None:
    model = Model(same)
    translate_document(read_docx(document(), Path("a.docx")), model, Language("en"))
    assert "Split in many runs." in model.asked
    assert "This is a X1 bold X2 word, and X3 two italic words X4." in model.asked


def test_all_other_files_stay_as_they_are() -> None:
    data = document()
    assert translated(data, same) == data
    with (
        zipfile.ZipFile(io.BytesIO(data)) as old,
        zipfile.ZipFile(io.BytesIO(translated(data, upper))) as new,
    ):
        assert [info.filename for info in new.infolist()] == [info.filename for info in old.infolist()]
        for info in old.infolist():
            if not info.filename.startswith(("word/document", "word/header")):
                assert new.read(info.filename) == old.read(info.filename)
                assert new.getinfo(info.filename).date_time == info.date_time


BODY = '<w:document xmlns:w="w" xmlns:m="m"><w:body>{}</w:body></w:document>'


def archive(body: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        new.writestr("word/document.xml", BODY.format(body))
    return out.getvalue()


def xml(data: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(data)) as found:
        return (
            found.read("word/document.xml")
            .decode()
            .removeprefix(BODY.split("{}")[0])
            .removesuffix(BODY.split("{}")[1])
        )


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (  # a text box within a paragraph
            "<w:p><w:r><w:t>one dog</w:t><w:pict><w:p><w:r><w:t>in a box</w:t></w:r></w:p></w:pict></w:r>"
            "<w:r><w:t>two dogs</w:t></w:r></w:p>",
            '<w:p><w:r><w:t xml:space="preserve">ONE DOG</w:t><w:pict><w:p><w:r><w:t xml:space="preserve">IN A BOX'
            '</w:t></w:r></w:p></w:pict></w:r><w:r><w:t xml:space="preserve">TWO DOGS</w:t></w:r></w:p>',
        ),
        (  # codes of fields and deleted text are not text
            "<w:p><w:r><w:instrText>PAGE here</w:instrText></w:r><w:r><w:delText>old text</w:delText></w:r>"
            "<m:r><m:t>formula</m:t></m:r><w:r><w:t>new text</w:t></w:r></w:p>",
            "<w:p><w:r><w:instrText>PAGE here</w:instrText></w:r><w:r><w:delText>old text</w:delText></w:r>"
            '<m:r><m:t>formula</m:t></m:r><w:r><w:t xml:space="preserve">NEW TEXT</w:t></w:r></w:p>',
        ),
        (  # a bookmark stays although the formatting is the same
            '<w:p><w:r><w:t>one</w:t></w:r><w:bookmarkStart w:id="1"/><w:r><w:t> dog</w:t></w:r></w:p>',
            '<w:p><w:r><w:t xml:space="preserve">ONE</w:t></w:r><w:bookmarkStart w:id="1"/><w:r>'
            '<w:t xml:space="preserve"> DOG</w:t></w:r></w:p>',
        ),
        (  # what divides runs for the speller goes
            '<w:p><w:r w:rsid="1"><w:rPr><w:b/><w:lang w:val="en"/></w:rPr><w:t>one</w:t></w:r><w:proofErr w:type="x"/>'
            "<w:r><w:rPr><w:b/></w:rPr><w:t> dog</w:t></w:r></w:p>",
            '<w:p><w:r w:rsid="1"><w:rPr><w:b/><w:lang w:val="en"/></w:rPr><w:t xml:space="preserve">ONE DOG</w:t></w:r></w:p>',
        ),
        ("<w:p/><w:p><w:r><w:t/></w:r></w:p>", "<w:p/><w:p><w:r><w:t/></w:r></w:p>"),
    ],
)
def test_odd_paragraphs(body: str, expected: str) -> None:
    assert xml(translated(archive(body), upper)) == expected
    assert translated(archive(body), same) == archive(body)


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "_LARGEST", 1000)
    with pytest.raises(UserError, match="expands to more than"):
        read_docx(archive("<w:p/>" * 1000), Path("a.docx"))
    monkeypatch.setattr(reader, "_LARGEST", 1 << 30)
    monkeypatch.setattr(reader, "_LARGEST_PART", 1000)
    with pytest.raises(UserError, match=r"word/document.xml has more than"):
        read_docx(archive("<w:p/>" * 1000), Path("a.docx"))


def test_another_prefix_is_an_error_rather_than_a_document_without_text() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as new:
        new.writestr(
            "word/document.xml", '<ns0:document xmlns:ns0="w"><ns0:p><ns0:t>a</ns0:t></ns0:p></ns0:document>'
        )
    with pytest.raises(UserError, match=r"document.xml begins with <ns0:document>, not .* save it again"):
        read_docx(out.getvalue(), Path("a.docx"))


def test_a_cut_archive() -> None:
    with pytest.raises(UserError, match="is not a Word document, or broken"):
        read_docx(document()[:-300], Path("a.docx"))


def test_damage_anywhere_is_found_before_the_translation() -> None:
    """Also in files of the archive that have no text, since all of them are written again."""
    data = _WHOLE
    with zipfile.ZipFile(io.BytesIO(data)) as whole:
        styles = whole.getinfo("word/styles.xml").header_offset
    for place in (styles + 35, styles + 2000):  # its name, its compressed data
        with pytest.raises(UserError, match="is not a Word document, or broken"):
            read_docx(data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :], Path("a.docx"))


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 2000), st.integers(0, 255)), max_size=4))
@settings(max_examples=60)
def test_a_damaged_document_is_refused_or_translated(changes: list[tuple[int, int, int]]) -> None:
    data = bytearray(_WHOLE)
    for at_end, place, byte in changes:
        data[-1 - place if at_end else place] = byte
    try:
        found = read_docx(bytes(data), Path("a.docx"))
    except UserError:
        return
    translate_document(found, Model(upper), Language("en"))
