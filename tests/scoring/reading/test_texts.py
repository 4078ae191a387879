import gzip
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ontarget.errors import UserError
from ontarget.scoring.reading.json_keys import Wanted
from ontarget.scoring.reading.texts import texts_in, texts_of_file

WANTED = Wanted("hypothesis")
XML = '<?xml version="1.0"?><dataset><doc><hyp><seg id="1">a</seg><seg id="2">b c</seg></hyp></doc></dataset>'
FORMS = {
    "plain": "a\nb c\n",
    "JSON lines": '{"predict": "a", "label": "x"}\n{"predict": "b\\nc", "label": "y"}\n',
    "JSON lines with blank ones": '\n{"text": "a"}\n\n{"text": "b \\r\\n c"}\n\n',
    "a list of records": '[\n{"translation": "a"},\n{"translation": "b\\u2028c"}]',
    "a list of texts": '["a", "b c"]',
    "XML": XML,
    "SGM": "<tstset><doc>\n<seg id=1>a</seg>\n<seg id=2>b\n  c</seg>\n</doc></tstset>",
}


def read(data: bytes) -> list[str]:
    return list(texts_in(io.BytesIO(data), "x", WANTED))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["a", "a.jsonl", "a.txt", "a.xml.gz"])
def test_a_form_is_told_by_its_content(tmp_path: Path, form: str, name: str) -> None:
    data = FORMS[form].encode()
    path = tmp_path / name
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    if (form, name) == ("plain", "a.jsonl"):
        with pytest.raises(UserError, match=r"a\.jsonl', line 1: not JSON"):
            list(texts_of_file(path, WANTED))
    elif name != "a.jsonl" or not form.startswith(("XML", "SGM")):
        assert list(texts_of_file(path, WANTED)) == ["a", "b c"]


def test_plain_lines_are_as_they_are() -> None:
    assert read(b" a\x0cb \r\n\n\xe2\x80\xa8c\n") == [" a\x0cb ", "", "\u2028c"]


def test_lines_within_a_text_of_json_can_be_kept() -> None:
    data = rb'{"text": "a\n b"}' + b"\n" + rb'{"text": "c\u2028d"}' + b"\n"
    assert list(texts_in(io.BytesIO(data), "x", WANTED, folded=False)) == ["a\n b", "c d"]
    assert read(data) == ["a b", "c d"]


def test_a_file_called_csv_is_a_table(tmp_path: Path) -> None:
    path = tmp_path / "x.csv.gz"
    path.write_bytes(gzip.compress(b'id,model,completion\n1,m,"a, b\nc"\n2,m,d\n'))
    assert list(texts_of_file(path, WANTED)) == ["a, b c", "d"]
    assert list(texts_of_file(path, WANTED, folded=False)) == ["a, b\nc", "d"]
    assert list(texts_of_file(path, Wanted("hypothesis", keys=("model",)))) == ["m", "m"]


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        ("Un chat dort.\nUn chien court.\n", "line 2: no key is known as the hypothesis; .* --key NAME"),
        ("id,text\n", "has no records"),
        ("", "is empty"),
    ],
)
def test_a_file_called_csv_that_is_no_table_is_refused(tmp_path: Path, data: str, complaint: str) -> None:
    path = tmp_path / "x.csv"
    path.write_text(data)
    with pytest.raises(UserError, match=complaint):
        list(texts_of_file(path, WANTED))


def test_json_lines_are_read_as_they_come() -> None:
    class Endless(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, buffer: bytearray) -> int:
            row = b'{"text": "a"}\n'
            buffer[: len(row)] = row
            return len(row)

    found: Iterator[str] = texts_in(io.BufferedReader(Endless()), "x", WANTED)
    assert [next(found) for _ in range(3)] == ["a"] * 3


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"", "^x is empty"),
        (b"[]", "^x has no records"),
        (b'{"text": "a"}\n{"text": "b"', "^x, line 2: not JSON"),
        (b'{"text": "a"}\n{"text": null}', "^x, line 2: 'text' is null"),
        (b'[{"text": "a"}, {"text": 3}]', "^x, record 2: 'text' is the number 3"),
        (b'{"text": "a"}\n\xff', "^x is not UTF-8: line 2"),
        (b"<?xml version='1.0'?>\n<dataset>", "^x is broken XML"),
    ],
)
def test_a_broken_file_is_one_sentence(data: bytes, complaint: str) -> None:
    with pytest.raises(UserError, match=complaint):
        read(data)


_json = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(["text", "predict"]), inner),
)
_any = (
    st.binary()
    | st.lists(_json).map(lambda values: "\n".join(map(json.dumps, values)).encode())
    | _json.map(lambda value: json.dumps(value, indent=1).encode())
    | st.builds(
        lambda form, start, length: (form[:start] + form[start + length :]).encode(),
        st.sampled_from(list(FORMS.values())),
        st.integers(0, 100),
        st.integers(0, 20),
    )
)


@given(_any, st.booleans())
@example(b"<?xml \x00", False)
@example(b'{"text": "\\ud800"}', False)
def test_any_bytes_are_texts_or_one_sentence(data: bytes, surely_json: bool) -> None:
    try:
        texts = list(texts_in(io.BytesIO(data), "x", WANTED, surely_json=surely_json))
    except UserError as error:
        texts = [str(error)]
    assert texts
    for text in texts:
        text.encode("utf-8")
        assert "\n" not in text
