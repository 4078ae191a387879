import gzip
import tracemalloc
from pathlib import Path

import pytest

from ontarget.corpora.corpus import Segment
from ontarget.corpora.tmx import read_tmx
from ontarget.errors import UserError
from ontarget.languages import Language

DE, FR, EN = Language("de"), Language("fr"), Language("en")
HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE tmx SYSTEM "tmx14.dtd">
<tmx version="1.4">
<header creationtool="x" segtype="sentence" srclang="en"><prop>of no use</prop></header>
<body>
"""
UNIT = """<tu tuid="1"><note>no text</note>
<tuv xml:lang="en-US"><seg>Good <hi>day</hi> &amp; bye</seg></tuv>
<tuv xml:lang="DE"><seg>Guten <bpt i="1">&lt;b&gt;</bpt>Tag<ept i="1">&lt;/b&gt;</ept></seg></tuv>
<tuv lang="it"><seg>Ciao</seg></tuv></tu>
"""
TAIL = "</body></tmx>"


def read(path: Path, text: str | bytes) -> list[Segment]:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return list(read_tmx(path, [DE, FR, EN]))


def test_units_are_read_in_the_languages_of_the_recipe(tmp_path: Path) -> None:
    """Old files say `lang`; text in bold is text, codes of a layout are not."""
    assert read(tmp_path / "x", HEAD + UNIT + TAIL) == [{EN: "Good day & bye", DE: "Guten Tag"}]


def test_the_first_of_several_variants_counts(tmp_path: Path) -> None:
    unit = "<tu>" + "".join(f'<tuv xml:lang="de"><seg>{n}</seg></tuv>' for n in "123") + "</tu>"
    assert read(tmp_path / "x", HEAD + unit + TAIL) == [{DE: "1"}]


def test_compressed_and_in_utf16(tmp_path: Path) -> None:
    assert len(read(tmp_path / "x", gzip.compress((HEAD + UNIT * 3 + TAIL).encode()))) == 3
    wide = (HEAD.replace("UTF-8", "UTF-16") + UNIT + TAIL).encode("utf-16")
    assert read(tmp_path / "x", wide)[0][DE] == "Guten Tag"


@pytest.mark.parametrize("cut", [1, 5, len(TAIL), len(TAIL) + 20, len(TAIL + UNIT) + 3])
def test_a_file_cut_in_the_middle_is_told_with_its_line(tmp_path: Path, cut: int) -> None:
    text = (HEAD + UNIT + TAIL)[:-cut]
    with pytest.raises(
        UserError, match=rf"x', line {text.count(chr(10)) + 1}: the file is truncated .* download it again"
    ):
        read(tmp_path / "x", text)


def test_what_is_no_xml_or_in_another_encoding_is_told_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(
        UserError, match=r"line 9, column 31: </tu> does not close <tuv>, which opens in line 9"
    ):
        read(tmp_path / "x", HEAD + UNIT.replace("</tuv></tu>", "</tu>") + TAIL)
    with pytest.raises(UserError, match=r"line 7, column 38: the byte 0xe2 is not UTF-8; name the encoding"):
        read(tmp_path / "x", (HEAD + UNIT.replace("day", "dây") + TAIL).encode("latin-1"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("R&D", r"column 30: '&' does not begin an entity; write &amp; for it"),
        ("Ä & b", r"column 31: '&' does not begin an entity"),
        ("&amp", r"column 29: '&' does not begin an entity"),
        ("AT&T;", r"the entity '&T;' is not defined; write the character itself, or &amp;T;"),
        ("x < 3", r"column 31: '<' does not begin a tag; write &lt; for it"),
        ("x <b\n3=", r"'<' does not begin a tag"),
        ("a<b=3", r"column 30: '<' does not begin a tag"),
        ("a\x07b", r"column 30: a control character \(0x07\), which XML does not allow; remove it"),
        ("a\0b", r"column 30: a control character \(0x00\)"),
        ("a&#x1F;b", r"column 30: '&#x1F;' is a character that XML does not allow; remove it"),
        ("\uffff", r"column 29: U\+FFFF is not a character that XML allows"),
        ("a]]>", r"column 30: write \]\]&gt; for '\]\]>'"),
        ("<i>a", r"column 33: </seg> does not close <i>, which opens in line 2; add or remove a tag"),
        ("a</tu>", r"</tu> does not close <seg>, which opens in line 2"),
        ("<!-- a -- b -->", r"'--' is not allowed within a comment"),
        ("<!-- a", r"a tag or comment that begins there never ends"),
        ("<?xml version='1.0'?>", r"column 29: '<\?xml' must be the first characters of a file"),
        ("<i a='' a=''/>", r"a tag has an attribute twice"),
        ("</seg></tuv></tu></body></tmx><tmx>", r"there is more after the end of the document"),
        ("<tu>", r"a <tu> within another; close the first one before it"),
        ("<tuv xml:lang='fr'>", r"a <tuv> within a <seg>"),
        ("</seg></tuv><tuv xml:lang='fr'>a</tuv><tuv xml:lang='en'><seg>", r"a <tuv> has text but no <seg>"),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_damaged_file_says_what_to_mend_and_where(
    tmp_path: Path, text: str, told: str, encoding: str
) -> None:
    unit = f'<tu><tuv xml:lang="de"><seg>{text}</seg></tuv></tu>'
    whole = f'<?xml version="1.0" encoding="{encoding}"?><tmx><body>\n{unit}{TAIL}'
    with pytest.raises(UserError, match=f"x', (line 2.*)?{told}") as error:
        read(tmp_path / "x", whole.encode(encoding))
    assert "download it again" not in str(error.value)


def test_a_fault_far_into_a_file_is_found(tmp_path: Path) -> None:
    text = HEAD + UNIT * 2000 + UNIT.replace("day", "R&D") + TAIL
    with pytest.raises(UserError, match=r"line 8007, column 38: '&' does not begin an entity"):
        read(tmp_path / "x", text)


@pytest.mark.parametrize("encoding", ["gb2312", "nonsense", "idna", "hex", "cp037"])
def test_an_encoding_that_is_not_read_is_told(tmp_path: Path, encoding: str) -> None:
    with pytest.raises(UserError, match="names an encoding that is not supported; convert the file to UTF-8"):
        read(tmp_path / "x", HEAD.replace("UTF-8", encoding) + UNIT + TAIL)


def test_a_file_that_is_not_in_the_encoding_it_names_is_told(tmp_path: Path) -> None:
    for data in ((HEAD + TAIL).encode("utf-16"), (HEAD.replace("UTF-8", "UTF-16") + TAIL).encode()):
        with pytest.raises(UserError, match="not in the encoding that its first line names; correct it"):
            read(tmp_path / "x", data)


@pytest.mark.parametrize("encoding", ["iso-8859-1", "windows-1252", "utf-16", "utf-16-le"])
def test_encodings_that_xml_declares(tmp_path: Path, encoding: str) -> None:
    declared = HEAD.replace("UTF-8", encoding.removesuffix("-le"))
    [segment] = read(tmp_path / "x", (declared + UNIT.replace("Tag", "Täg") + TAIL).encode(encoding))
    assert segment[DE] == "Guten Täg"


@pytest.mark.parametrize("doctype", ["", '<!DOCTYPE tmx SYSTEM "tmx14.dtd">'])
def test_entities_of_html_are_characters(tmp_path: Path, doctype: str) -> None:
    unit = '<tu><tuv xml:lang="de"><seg>10&nbsp;km &eacute;<bpt>&nbsp;</bpt></seg></tuv></tu>'
    assert read(tmp_path / "x", f"{doctype}<tmx><body>{unit}{TAIL}") == [{DE: "10\xa0km é"}]


def test_other_xml_and_a_text_in_no_language_are_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not TMX: its first element is <xliff>"):
        read(tmp_path / "x", "<xliff></xliff>")
    with pytest.raises(UserError, match="line 6: a <tuv> without xml:lang"):
        read(tmp_path / "x", HEAD + "<tu><tuv><seg>a</seg></tuv></tu>" + TAIL)


LAUGHS = '<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">'


@pytest.mark.parametrize(
    "subset",
    [
        "[<!ENTITY secret SYSTEM 'SECRET'>]",
        f"[{LAUGHS}]",
        "[<!ENTITY % all SYSTEM 'SECRET'> %all;]",
        "SYSTEM 'SECRET'",
    ],
)
def test_entities_are_refused_and_nothing_outside_is_opened(tmp_path: Path, subset: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text("<!ENTITY secret 'the password'>")
    doctype = subset.replace("SECRET", secret.as_uri())
    unit = '<tu><tuv xml:lang="de"><seg>&secret;</seg></tuv></tu>'
    with pytest.raises(
        UserError, match=r"line \d: the entity '.*' is defined inside or outside the file, which"
    ):
        read(tmp_path / "x", f"<!DOCTYPE tmx {doctype}><tmx><body>{unit}{TAIL}")


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    def peak(units: int) -> int:
        (tmp_path / "x").write_text(HEAD + UNIT * units + TAIL, encoding="utf-8")
        tracemalloc.start()
        assert sum(1 for _ in read_tmx(tmp_path / "x", [DE, EN])) == units
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(1)  # what is made once
    assert peak(6000) < 2 * peak(1000)
