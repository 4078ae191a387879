import gzip
import json
from pathlib import Path

import pytest

from ontarget.corpora.instructions import Instruction, read_instructions
from ontarget.errors import UserError

RECORDS = [
    {"instruction": "Name a colour.", "input": "", "output": "Blue,\nfor example."},
    {"instruction": "Add.", "input": "1\n2", "output": "3"},
    {"instruction": "Say nothing.", "input": "", "output": " "},
]
READ = [Instruction("Name a colour.", "", "Blue,\nfor example."), Instruction("Add.", "1\n2", "3")]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "alpaca.json"


@pytest.mark.parametrize("indent", [None, 2])
def test_a_list_as_alpaca_has_it(file: Path, indent: int | None) -> None:
    file.write_text(json.dumps(RECORDS, indent=indent), encoding="utf-8")
    assert read_instructions(str(file)) == READ


def test_lines_gz_or_not_and_variables_in_the_path(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = "".join(f"{json.dumps(record)}\n" for record in RECORDS)
    file.write_bytes(gzip.compress(lines.encode()))
    monkeypatch.setenv("WHERE", str(file.parent))
    assert read_instructions("$WHERE/alpaca.json") == READ


def test_an_input_need_not_be_named(file: Path) -> None:
    file.write_text(
        '{"instruction": "a", "output": "b"}\n\n{"instruction": "c", "output": "d", "input": null}'
    )
    assert read_instructions(str(file)) == [Instruction("a", "", "b"), Instruction("c", "", "d")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[{"instruction": "a",\n "output": }]', "line 2: not JSON"),
        ('{"instruction": "a", "output": "b"}\nsecond', "line 2: not JSON"),
        ('{"instruction": "a"}', "line 1: a record needs the key"),
        ('{"instruction": " ", "output": "b"}', "line 1: a record needs the key"),
        ('["a"]', "record 1: a record needs the key"),
        (
            '[{"instruction": "a", "output": "b"}, {"instruction": "a", "output": 3}]',
            "record 2: a record needs",
        ),
        ("[]", "contains no instruction"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(file: Path, text: str, message: str) -> None:
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=message) as caught:
        read_instructions(str(file))
    assert str(file) in str(caught.value)


def test_instructions_to_answer_may_be_lines_of_text(file: Path) -> None:
    plain = file.with_suffix(".txt")
    plain.write_text("Name a colour.\n[1] {Add}\n", encoding="utf-8")
    expected = [Instruction("Name a colour.", "", ""), Instruction("[1] {Add}", "", "")]
    assert read_instructions(str(plain), answered=False) == expected
    file.write_text('["Name a colour.", "[1] {Add}"]', encoding="utf-8")
    assert read_instructions(str(file), answered=False) == expected
    for name in (plain, file):
        with pytest.raises(UserError, match=r"not JSON|a record needs the key"):
            read_instructions(str(name))
    file.write_text("Name a colour.\n", encoding="utf-8")
    with pytest.raises(UserError, match="line 1: not JSON"):  # its name says JSON
        read_instructions(str(file), answered=False)


def test_a_blank_line_is_not_an_instruction(file: Path) -> None:
    plain = file.with_suffix(".txt")
    plain.write_text("Name a colour.\n \nAdd.\n", encoding="utf-8")
    with pytest.raises(UserError, match="line 2: the instruction is empty"):
        read_instructions(str(plain), answered=False)


def test_real_instructions(shared_data: Path) -> None:
    read = read_instructions(str(shared_data / "alpaca" / "alpaca_subset2000.jsonl.gz"))
    assert 1900 < len(read) <= 2000
    assert any(instruction.input for instruction in read)
