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
        UserError, match=rf"x', line {text.count(chr(10)) + 1} is cut off .* download it again"
    ):
        read(tmp_path / "x", text)


def test_what_is_no_xml_or_in_another_encoding_is_told_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(
        UserError, match=r"line 9, column 31: </tu> does not close <tuv>, which opens in line 9"
    ):
        read(tmp_path / "x", HEAD + UNIT.replace("</tuv></tu>", "</tu>") + TAIL)
    with pytest.raises(UserError, match=r"line 7, column 38: the byte 0xe2 is not UTF-8; name the encoding"):
        read(tmp_path / "x", (HEAD + UNIT.replace("day", "dây") + TAIL).encode("latin-1"))


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
        UserError, match=r"line \d: the entity '.*' is defined in the file, or outside of it, which"
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
