"""Whatever the bytes of a file are, reading it gives records, or one sentence about it."""

import bz2
import gzip
import io
import json
import lzma
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ontarget.corpora import files
from ontarget.corpora.corpus import Part
from ontarget.corpora.instructions import read_instructions
from ontarget.corpora.plain import read_lines
from ontarget.errors import UserError
from ontarget.languages import Language
from ontarget.scoring.reading.json_keys import Wanted
from ontarget.scoring.reading.texts import texts_of_file
from ontarget.text import in_one_line

EN, DE = Language("en"), Language("de")
PAIRS = [("Good, morning.", "Guten\u2028Morgen."), ('A "house"', "Ein Haus; dort"), ("Bye", "Tschüs")]
UNITS = "".join(
    f'<tu><tuv xml:lang="en"><seg>{en}</seg></tuv><tuv xml:lang="de"><seg>\n {de}</seg></tuv></tu>\n'
    for en, de in PAIRS
)
WHOLE = {
    "tsv": "en\tde\n" + "".join(f"{en}\t{de}\n\n" for en, de in PAIRS),
    "csv": "sep=;\nen;de\n" + "".join(f'"{en}";"{de}"\n' for en, de in PAIRS[2:]),
    "jsonl": "".join(json.dumps({"translation": {"en": en, "de": de}}) + "\n" for en, de in PAIRS),
    "tmx": f'<?xml version="1.0"?>\n<!DOCTYPE tmx SYSTEM "x.dtd"><tmx><header/><body>{UNITS}</body></tmx>',
}
MARKS = [
    *(bytes([byte]) for byte in b'\0\n\r\t\x07"<>&;,|{}[]\\'),
    *(
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"\xe2\x80\xa8",
        b"\\ud800",
        b"&nbsp;",
        b"&x;",
        b"<!--",
        b"]]>",
        b"</tu>",
        b"<tuv>",
    ),
    *(
        b"<tu>",
        b"<seg>",
        b"</seg>",
        b'<!DOCTYPE a [<!ENTITY x "y">]>',
        b'<?xml version="1.0" encoding="utf-7"?>',
    ),
    *(b"PAR1", b"PK\x03\x04", b"\x1f\x8b", b"BZh9", b'"en"', b"null", b"1e999", b"sep=", b"9" * 5000),
]
PACKED: list[Callable[[bytes], bytes]] = [bytes, bytes, bytes, gzip.compress, lzma.compress, bz2.compress]
COLUMNS = [None, {"1": EN, "2": DE}, {"en": EN, "de": DE}, {"translation.en": EN, "translation.de": DE}]


@st.composite
def damaged(draw: st.DrawFn, whole: bytes) -> bytes:
    """A file, packed or not, in which bytes were put, replaced, left out, or that was cut."""
    data = draw(st.sampled_from(PACKED))(whole)
    for _ in range(draw(st.integers(0, 4))):
        begin = draw(st.integers(0, len(data)))
        end = min(begin + draw(st.sampled_from([0, 0, 1, 7, len(data)])), len(data))
        data = data[:begin] + draw(st.sampled_from(MARKS) | st.binary(max_size=3)) + data[end:]
    return data


ANY = st.binary(max_size=60) | st.sampled_from(sorted(WHOLE)).flatmap(
    lambda name: damaged(WHOLE[name].encode())
)
fuzzed = settings(max_examples=250, suppress_health_check=[HealthCheck.function_scoped_fixture])


def records_or_one_sentence(read: Callable[[], object]) -> None:
    try:
        read()
        return
    except UserError as error:
        said = str(error)
    assert said
    assert "\n" not in said


def load(path: Path, format: str | None, columns: dict[str, Language] | None) -> None:
    corpus = files.load("mine", {"train": [str(path)]}, [EN, DE], format, columns)
    parts: list[Part] = [*corpus.parts("train")]
    texts = [text for part in parts for segment in part.segments() for text in segment.values()]
    assert texts
    assert all(text == in_one_line(text) for text in texts)


@pytest.mark.parametrize("format", WHOLE)
def test_the_files_that_are_damaged_here_can_be_read(tmp_path: Path, format: str) -> None:
    (tmp_path / "x").write_text(WHOLE[format], encoding="utf-8")
    load(tmp_path / "x", None, None)


@fuzzed
@given(data=ANY, format=st.sampled_from([None, None, *WHOLE]), columns=st.sampled_from(COLUMNS))
def test_any_bytes_are_a_corpus_or_one_sentence(
    tmp_path: Path, data: bytes, format: str | None, columns: dict[str, Language] | None
) -> None:
    (tmp_path / "x").write_bytes(data)
    records_or_one_sentence(lambda: load(tmp_path / "x", format, columns))


@fuzzed
@given(data=ANY)
def test_any_bytes_are_lines_or_one_sentence(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.en"
    path.write_bytes(data)
    (tmp_path / "x.de").write_bytes(data)
    for read in (
        lambda: read_lines(path),
        lambda: load(tmp_path / "x.{language}", None, None),
        lambda: read_instructions(str(path)),
        lambda: [*texts_of_file(path, Wanted("hypothesis"))],
    ):
        records_or_one_sentence(read)


@settings(fuzzed, max_examples=60)
@given(data=st.data())
def test_any_damage_to_parquet_is_one_sentence(tmp_path: Path, data: st.DataObject) -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="needs the extra `data`")
    from pyarrow import parquet

    whole = io.BytesIO()
    parquet.write_table(pyarrow.table({"en": [en for en, _ in PAIRS], "de": [de for _, de in PAIRS]}), whole)
    (tmp_path / "x").write_bytes(data.draw(damaged(whole.getvalue())))
    records_or_one_sentence(lambda: load(tmp_path / "x", None, None))
