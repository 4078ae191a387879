import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.documents.answers import Model, same, upper

from ontarget.documents.document import translate_document
from ontarget.documents.json_strings import read_json
from ontarget.errors import UserError
from ontarget.languages import Language

STRINGS = st.one_of(
    st.sampled_from(
        [
            "A dog",
            "Name\n\nAn address \r\nOne. Two.\n",
            'say "no"',
            "{x} dogs",
            "a\\b",
            "https://x.org",
            "tab\there",
        ]
    ),
    st.text(),
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), STRINGS),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(STRINGS, inner)),
)


def translated(text: str, model: object) -> str:
    document = read_json(text.encode(), Path("a.json"))
    return translate_document(document, Model(model), Language("en")).data.decode()  # type: ignore[arg-type]


@given(VALUES, st.booleans(), st.sampled_from([None, 2]))
def test_names_and_structure_stay(value: object, ascii_only: bool, indent: int | None) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    assert translated(text, same) == text
    changed = json.loads(translated(text, upper))

    def compare(old: object, new: object) -> None:
        assert type(old) is type(new)
        if isinstance(old, dict) and isinstance(new, dict):
            assert list(old) == list(new)
            for key in old:
                compare(old[key], new[key])
        elif isinstance(old, list) and isinstance(new, list):
            assert len(old) == len(new)
            for one, other in zip(old, new, strict=True):
                compare(one, other)
        elif isinstance(old, str) and isinstance(new, str):
            assert "".join(old.upper().split()) == "".join(new.upper().split())
            assert re.findall("[\r\n]", old) == re.findall("[\r\n]", new)
        else:
            assert old == new

    compare(value, changed)


def test_only_values_are_translated_and_letters_are_written_as_before() -> None:
    text = '{"title" : "caf\\u00e9 noir",\n "n": 1, "list": ["{x} dogs", ""]}'
    assert translated(text, upper) == '{"title" : "CAF\\u00c9 NOIR",\n "n": 1, "list": ["{x} DOGS", ""]}'
    assert translated('{"title": "café noir"}', upper) == '{"title": "CAFÉ NOIR"}'
    assert translated('["one dog"]', lambda t: 'eins "b"\n\\') == '["eins \\"b\\" \\\\"]'


def test_the_lines_of_a_string_stay_lines() -> None:
    model = Model(upper)
    text = '{"form": "Name\\nAddress in town\\n\\n- Phone\\tnumber\\n"}'
    document = read_json(text.encode(), Path("a.json"))
    found = translate_document(document, model, Language("en")).data.decode()
    assert found == '{"form": "NAME\\nADDRESS IN TOWN\\n\\n- PHONE\\tNUMBER\\n"}'
    assert model.asked == ["Name", "Address in town", "- Phone\tnumber"]


def test_numbers_that_no_program_reads_are_refused() -> None:
    with pytest.raises(UserError, match=r"'a\.json': not valid JSON \(a number has too many digits\)"):
        read_json(b"[" + b"1" * 5000 + b"]", Path("a.json"))
