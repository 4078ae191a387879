import json
from collections.abc import Iterator
from typing import Any

import pytest

from ontarget.corpora.json_text import named_json, parsed, text_or_records
from ontarget.errors import UserError


def read(text: str, *, surely: bool = False) -> list[str] | list[Any]:
    lines, records = text_or_records(text.split("\n"), "x", surely=surely)
    return list(lines) if records is None else [record for _, record in records]


@pytest.mark.parametrize(
    ("text", "records"),
    [
        ('{"a": "b"}\n\n {"a": "c"}\n', [{"a": "b"}, {"a": "c"}]),
        ('\n{"a": 1}', [{"a": 1}]),
        ('[{"a": "b"}, "c"]', [{"a": "b"}, "c"]),
        ('[\n {"a": "b"},\n\n {"a": "c"}\n]\n', [{"a": "b"}, {"a": "c"}]),
        ('["a",\n"b"]', ["a", "b"]),
        ("[]", []),
    ],
)
def test_json_is_told_by_how_it_begins(text: str, records: list[Any]) -> None:
    assert read(text) == records
    assert read(text, surely=True) == records


@pytest.mark.parametrize(
    "text",
    [
        "Guten Morgen.\n{}",
        "[Musik]\nHallo",
        '["Ach", sagte er.]\n...',
        "[[Datei:Bild.jpg]]\n",
        "[\n",
        "{\n",
        "{name}, hallo!\n",
        '"Hallo", sagte er.',
        "\n\n",
        "3\n4",
    ],
)
def test_anything_else_is_text(text: str) -> None:
    assert read(text) == text.split("\n")


def test_json_lines_come_one_at_a_time() -> None:
    def endless() -> Iterator[str]:
        while True:
            yield '{"a": "b"}'

    _, records = text_or_records(endless(), "x")
    assert records is not None
    assert [next(records) for _ in range(1000)][-1] == ("x, line 1000", {"a": "b"})


def test_strings_are_records_where_the_name_says_so() -> None:
    assert read('"a"\n"b"\n', surely=True) == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "surely", "complaint"),
    [
        ('{"a": "b"}\n{"a"\n', False, r"^x, line 2: not JSON \(Expecting ':' delimiter, column 5\); write"),
        (
            '[{"a": "b"},\n {"a": }]',
            False,
            r"^x, line 2: not JSON \(Expecting value, column 8\); write a list",
        ),
        ("Guten Morgen.", True, "^x, line 1: not JSON"),
        ('["a"\n', True, "^x, line 2: not JSON"),
        ('{\n "a": ["b"]\n}', False, "^x is one JSON object over several lines; write a list of records"),
        ('{"a": ' + "[" * 100_000, False, "^x, line 1: the JSON is nested too deeply"),
        ('{"a": ' + "9" * 5000 + "}", False, "^x, line 1: a number has thousands of digits; write it"),
        ('{"a": "\\ud83d"}', False, "^x, line 1: half of a surrogate pair"),
        ('{"\\uDE00": "b"}', False, "^x, line 1: half of a surrogate pair"),
    ],
)
def test_what_is_broken_is_one_sentence(text: str, surely: bool, complaint: str) -> None:
    with pytest.raises(UserError, match=complaint) as caught:
        read(text, surely=surely)
    assert "\n" not in str(caught.value)


def test_a_whole_surrogate_pair_is_a_character() -> None:
    assert parsed(json.dumps({"a": "😀"}), "x") == {"a": "😀"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.jsonl", True), ("a.JSON.gz", True), ("a.ndjson", True), ("a.json.txt.de", False), ("json", False)],
)
def test_names_that_say_json(name: str, expected: bool) -> None:
    assert named_json(name) is expected
