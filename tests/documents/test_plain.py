from pathlib import Path

import pytest
from tests.documents.answers import Model, same, upper

from ontarget.documents.document import translate_document
from ontarget.documents.plain import read_columns, read_plain
from ontarget.documents.segments import Level
from ontarget.errors import UserError
from ontarget.languages import Language

EN = Language("en")


def test_paragraphs_of_a_text() -> None:
    text = "\n One line\nand another. Done.\n \t\r\n\r\n\tIndented.  \r\n\r\n\r\nThe end"
    document = read_plain(text.encode(), Path("a.txt"))
    assert [(unit.where, unit.parts[0]) for unit in document.units] == [
        ("line 2", " One line\nand another. Done."),
        ("line 6", "\tIndented.  \r"),
        ("line 9", "The end"),
    ]
    found = translate_document(document, Model(upper), EN).data.decode()
    assert found == "\n ONE LINE AND ANOTHER. DONE.\n \t\r\n\r\n\tINDENTED.  \r\n\r\n\r\nTHE END"


@pytest.mark.parametrize("level", ["line", "sentence", "paragraph"])
def test_a_segment_of_a_text_has_its_own_line(level: Level) -> None:
    text = "\n One.\nTwo\r\n12\r\n{x} three. Four\n\n\n five six"
    document = read_plain(text.encode(), Path("a.txt"))
    found = translate_document(document, Model(upper), EN, level=level).segments
    assert [(one.where, one.checked.source.split()[-1].lower()) for one in found] == {
        "line": [("line 2", "one."), ("line 3", "two"), ("line 5", "four"), ("line 8", "six")],
        "sentence": [("line 2", "one."), ("line 3", "three."), ("line 5", "four"), ("line 8", "six")],
        "paragraph": [("line 2", "four"), ("line 8", "six")],
    }[level]


TABLE = "id\ttext\r\none\tA dog. A cat\tx\r\n\r\ntwo\r\nthree\t\r\nfour\tlast {x}"


def test_one_column_of_a_table() -> None:
    document = read_columns(TABLE.encode(), Path("a.tsv"), "text")
    assert [unit.where for unit in document.units] == ["line 2", "line 6"]
    assert translate_document(document, Model(same), EN).data.decode() == TABLE
    found = translate_document(document, Model(upper), EN).data.decode()
    assert found == TABLE.replace("A dog. A cat", "A DOG. A CAT").replace("last", "LAST")
    tabs = translate_document(document, Model(lambda text: "a\tb\nc"), EN).data.decode()
    assert tabs.count("\t") == TABLE.count("\t")
    assert tabs.count("\n") == TABLE.count("\n")


def test_a_column_by_its_number() -> None:
    document = read_columns(TABLE.encode(), Path("a.tsv"), "1")
    found = translate_document(document, Model(upper), EN).data.decode()
    assert found.split("\r\n")[1] == "ONE\tA dog. A cat\tx"


@pytest.mark.parametrize("column", ["0", "3", "txt", "-1", "²"])
def test_there_is_no_such_column(column: str) -> None:
    with pytest.raises(UserError, match=f"has no column '{column}'.*it has 2, the first line is 'id . text'"):
        read_columns(TABLE.encode(), Path("a.tsv"), column)


def test_a_large_file_of_blanks_has_no_text() -> None:
    """This took a time that grew with the square of the size."""
    assert read_plain(b" " * 1_000_000 + b"\n \n" * 10_000, Path("a.txt")).units == []
