import gzip
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ontarget.corpora.corpus import Segment
from ontarget.corpora.tables import csv_records, read_csv, read_tsv
from ontarget.errors import UserError
from ontarget.languages import Language

DE, FR = Language("de"), Language("fr")
NAMED = {"source": DE, "target": FR}
NUMBERED = {"1": DE, "3": FR}


def tsv(path: Path, text: str | bytes, columns: dict[str, Language] | None = None) -> list[Segment | None]:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return list(read_tsv(path, [DE, FR], columns))


def csv(path: Path, text: str, columns: dict[str, Language] | None = None) -> list[Segment | None]:
    path.write_text(text, encoding="utf-8", newline="")
    return list(read_csv(path, [DE, FR], columns))


def test_the_first_line_names_the_columns(tmp_path: Path) -> None:
    assert tsv(tmp_path / "x", "id\tfr\tde\n1\tb\ta\n") == [{DE: "a", FR: "b"}]
    assert tsv(tmp_path / "x", "target\tsource\nb\ta\n", NAMED) == [{DE: "a", FR: "b"}]


def test_columns_by_number_need_no_first_line(tmp_path: Path) -> None:
    assert tsv(tmp_path / "x", "a\t0.3\tb\nc\t0.4\td\te\n", NUMBERED) == [
        {DE: "a", FR: "b"},
        {DE: "c", FR: "d"},
    ]


@pytest.mark.parametrize(
    ("header", "names"),
    [
        ("German\tid\tFrench\n", "German, French"),
        ("\nde\tx\tfr-CA\r\n", "de, fr-CA"),
        ('"German"\t"x"\t"fra"\n', "German, fra"),
    ],
)
def test_numbered_columns_of_a_file_whose_first_line_names_the_languages(
    tmp_path: Path, header: str, names: str
) -> None:
    line = 2 if header.startswith("\n") else 1
    told = rf"x', line {line} names the languages \({names}\), but numbered `columns` are for files without"
    with pytest.raises(UserError, match=told):
        tsv(tmp_path / "x", f"{header}a\t1\tb\n", NUMBERED)
    with pytest.raises(UserError, match=told):
        csv(tmp_path / "x", f"{header}a\t1\tb\n".replace("\t", ","), NUMBERED)


@pytest.mark.parametrize("first", ["German\t1\tEnglish", "fr\t1\tde", "Deutsch\t1\tFrench", "German\t1\t"])
def test_a_first_line_that_does_not_name_the_numbered_columns_is_text(tmp_path: Path, first: str) -> None:
    german, _, french = first.split("\t")
    read = tsv(tmp_path / "x", f"\n{first}\na\t2\tb\n", NUMBERED)
    assert read == [None, {DE: german, FR: french}, {DE: "a", FR: "b"}]


def test_a_quote_in_tsv_is_a_quote(tmp_path: Path) -> None:
    assert tsv(tmp_path / "x", 'de\tfr\n"a\tb"\n') == [{DE: '"a', FR: 'b"'}]


def test_compressed_tables_and_line_ends(tmp_path: Path) -> None:
    assert tsv(tmp_path / "x", gzip.compress(b"\xef\xbb\xbfde\tfr\r\na\tb\r\n")) == [{DE: "a", FR: "b"}]


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r\x00\ufeff"), max_size=9)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(rows=st.lists(st.tuples(TEXT, TEXT), max_size=5))
def test_csv_comes_back_as_it_was_written(tmp_path: Path, rows: list[tuple[str, str]]) -> None:
    """Commas, quotes and line ends within quotes are text."""
    quoted = "".join(
        ",".join(f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in row) + "\n" for row in rows
    )
    found = csv(tmp_path / "x", f"source,target\n{quoted}", NAMED)
    assert [segment and (segment[DE], segment[FR]) for segment in found] == rows


@pytest.mark.parametrize("blank", ["", " ", "\t", "\u200b\t ", "\t\t\t\t"])
def test_a_blank_line_of_a_tsv_is_passed_over_wherever_it_is(tmp_path: Path, blank: str) -> None:
    text = f"{blank}\nde\tfr\n{blank}\na\tb\n{blank}\n"
    assert tsv(tmp_path / "x", text) == [None, None, {DE: "a", FR: "b"}, None]
    assert tsv(tmp_path / "x", f"a\t1\tb\n{blank}\nc\t2\td\n", NUMBERED) == [
        {DE: "a", FR: "b"},
        None,
        {DE: "c", FR: "d"},
    ]


def test_a_blank_line_of_a_csv_is_one_without_quotes(tmp_path: Path) -> None:
    """Spreadsheets write a line of separators for an empty row; `"",""` is a segment without text."""
    text = 'de,fr\n\na,b\n,\n"",""\n"c\n\n",d\n,,,\n'
    assert csv(tmp_path / "x", text) == [
        None,
        {DE: "a", FR: "b"},
        None,
        {DE: "", FR: ""},
        {DE: "c\n\n", FR: "d"},
        None,
    ]


@pytest.mark.parametrize(
    "text",
    [
        "de;fr\na, b;c\n",
        "de;fr;note, if any\na, b;c;x\n",
        '"de";"fr"\n"a, b";"c"\n',
        "sep=;\nde;fr\na, b;c\n",
        "sep=^\nde^fr\na, b^c\n",
        "de|fr\na, b|c\n",
        '"de"\t"fr"\n"a, b"\t"c"\n',
        '\n"de"\t"fr"\na, b\tc\n',
        'de,fr\n"a, b",c\n',
    ],
)
def test_the_separator_of_a_csv_is_told(tmp_path: Path, text: str) -> None:
    found = csv(tmp_path / "x", text)
    assert [segment for segment in found if segment] == [{DE: "a, b", FR: "c"}]


def test_the_separator_is_told_without_names_too(tmp_path: Path) -> None:
    text = "Ja, gern;Oui, volontiers\nHaus;maison\n"
    assert csv(tmp_path / "x", text, {"1": DE, "2": FR})[0] == {DE: "Ja, gern", FR: "Oui, volontiers"}


def test_names_of_a_tsv_in_quotes_mean_that_cells_are(tmp_path: Path) -> None:
    assert tsv(tmp_path / "x", '"de"\t"fr"\n"a ""b"""\t"c"\n') == [{DE: 'a "b"', FR: "c"}]
    assert tsv(tmp_path / "x", '"a"\t"b"\n', {"1": DE, "2": FR}) == [{DE: '"a"', FR: '"b"'}]


def test_lines_that_end_with_cr_alone_are_told(tmp_path: Path) -> None:
    for read in (tsv, csv):
        with pytest.raises(UserError, match=r"lines of '.*x' end with CR only; convert them, e\.g\. tr"):
            read(tmp_path / "x", "de\tfr\ra\tb\r")
    assert tsv(tmp_path / "x", "de\tfr\r\r\na\tb\r\r\n") == [{DE: "a", FR: "b\r"}]
    with pytest.raises(
        UserError, match=r"x', line 2 is not CSV .*a carriage return \(CR\) is outside quotes"
    ):
        csv(tmp_path / "x", "de,fr\na\rb,c\n")


@pytest.mark.parametrize(
    ("text", "columns", "told"),
    [
        ("de\tfr\na\tb\na\n", None, "line 3 has 1 column but must have 2"),
        ("de\tfr\na\tb\tc\n", None, "line 2 has 3 columns but must have 2"),
        ("a\tb\tc\na\tb\n", NUMBERED, "line 2 has 2 columns but must have at least 3"),
        ("source\tziel\n", NAMED, "line 1: no column 'target'"),
        ("a\tb\n", None, "line 1: fewer than two columns are named after a language"),
    ],
)
def test_a_column_that_is_missing_is_told_with_its_line(
    tmp_path: Path, text: str, columns: dict[str, Language] | None, told: str
) -> None:
    with pytest.raises(UserError) as error:
        tsv(tmp_path / "x.tsv", text, columns)
    assert f"x.tsv', {told}" in str(error.value)


def test_mixed_encodings_are_told_with_line_and_byte(tmp_path: Path) -> None:
    data = "de\tfr\nschön\tbeau\n".encode() + "schön\tbeau\n".encode("latin-1")
    with pytest.raises(UserError, match=r"x' is not UTF-8: line 3, byte 21 of the text is 0xf6; convert"):
        tsv(tmp_path / "x", data)


@pytest.mark.parametrize("rest", ['"a,b\nc,d\n', '"a"b,c\n'])
def test_a_broken_quote_is_told_where_it_begins(tmp_path: Path, rest: str) -> None:
    with pytest.raises(UserError, match=r"x', line 3 is not CSV \(.*a quote within quotes is written twice"):
        csv(tmp_path / "x", f"source,target\na,b\n{rest}", NAMED)


def test_an_empty_table_is_said_to_be_empty(tmp_path: Path) -> None:
    for read, text in ((tsv, ""), (csv, "\n\n")):
        with pytest.raises(UserError, match=r"x' is empty; it"):
            read(tmp_path / "x", text)


def test_a_quote_that_is_never_closed_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"line 2 is not CSV .*close the quote that opens there"):
        csv(tmp_path / "x", 'de,fr\n"never closed,x\na,b\n')


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_rows_as_records_have_the_names_of_the_first_line(tmp_path: Path, separator: str) -> None:
    path = tmp_path / "x.csv"
    path.write_text(f'\nid{separator}text\n1{separator}"a\n""b"""\n\n2{separator}c\n')
    assert list(csv_records(path)) == [
        (f"'{path}', line 3", {"id": "1", "text": 'a\n"b"'}),
        (f"'{path}', line 6", {"id": "2", "text": "c"}),
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("id,text\n1,a,b\n", "line 2 has 3 columns but must have 2, like the first line"),
        ("text,id,text\na,1,b\n", "line 1: 2 columns are called 'text'; rename one of them"),
        ("id,text\n1,a\n2,b\n3\n", "line 4 has 1 column but must have 2"),
        ('id,text\n1,"a\n', "line 2 is not CSV"),
        ("", "is empty"),
    ],
)
def test_a_row_that_is_no_record_is_told(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "x.csv"
    path.write_text(text)
    with pytest.raises(UserError) as error:
        list(csv_records(path))
    assert told in str(error.value)
