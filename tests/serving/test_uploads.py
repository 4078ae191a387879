import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from ontarget.serving.failure import Failure
from ontarget.serving.uploads import Upload, uploaded


def upload_of(body: bytes, kind: str = "multipart/form-data; boundary=x") -> Upload:
    async def receive() -> Mapping[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    scope = {"type": "http", "headers": [(b"content-type", kind.encode("latin-1"))], "app": object()}
    return asyncio.run(uploaded(Request(scope, receive)))  # type: ignore[arg-type]


def form(name: str, data: bytes = b"Hund", more: str = "") -> bytes:
    head = f'--x\r\nContent-Disposition: form-data; name="file"; {name}\r\n\r\n'
    return more.encode() + head.encode() + data + b"\r\n--x--\r\n"


TWO_FILES = form('filename="a.txt"', more=form('filename="b.txt"').decode().removesuffix("--x--\r\n"))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ('filename="a.txt"', "a.txt"),
        ('filename="../../etc/passwd.txt"', "passwd.txt"),
        (r'filename="C:\\folder\\a.txt"', "a.txt"),
        ('filename="grüße.txt"', "grüße.txt"),
        ('filename="a\x85\x00\u2028b.txt"', "ab.txt"),
        (f'filename="{"a" * 500}.txt"', "a" * 196 + ".txt"),
    ],
)
def test_the_name_of_a_file(name: str, expected: str) -> None:
    found = upload_of(form(name, more='--x\r\nContent-Disposition: form-data; name="target"\r\n\r\nfr\r\n'))
    assert found == Upload(expected, b"Hund", {"target": "fr"})


@pytest.mark.parametrize(
    ("body", "kind", "status", "said"),
    [
        (b"{}", "application/json", 415, "send a file as multipart/form-data"),
        (b"", "", 415, "multipart"),
        (form('filename="a.txt"'), "multipart/form-data", 400, "boundary"),
        (b"nonsense", "multipart/form-data; boundary=x", 400, "the form is not valid"),
        (form(""), "multipart/form-data; boundary=x", 400, "no file"),
        (b"--x--\r\n", "multipart/form-data; boundary=x", 400, "no file"),
        (form('filename="a.txt"', b""), "multipart/form-data; boundary=x", 400, "is empty"),
        (form('filename=""', b""), "multipart/form-data; boundary=x", 400, "no file was chosen; choose one"),
        (TWO_FILES, "multipart/form-data; boundary=x", 400, "too many files"),
        (form("", b"a" * 1_100_000), "multipart/form-data; boundary=x", 400, "exceeded maximum size"),
    ],
)
def test_wrong_forms(body: bytes, kind: str, status: int, said: str) -> None:
    with pytest.raises(Failure, match=said) as refused:
        upload_of(body, kind)
    assert refused.value.status == status


def with_field(value: bytes, name: bytes = b"a.txt") -> bytes:
    field = b'--x\r\nContent-Disposition: form-data; name="target"\r\n\r\n' + value + b"\r\n"
    return field + form("FILE").replace(b"FILE", b'filename="' + name + b'"')


CODECS = ["utf-16", "utf-7", "unicode_escape", "idna", "punycode", "undefined", "rot13", "zlib", "latin-1"]


@pytest.mark.parametrize("charset", [*CODECS, "utf-8", "no such codec", '"utf-8'])
def test_a_form_is_in_utf_8_whatever_charset_it_names(charset: str) -> None:
    kind = f"multipart/form-data; boundary=x; charset={charset}"
    found = upload_of(with_field(rb"\ud800+2AA-" + "é".encode()), kind)
    assert found.fields == {"target": r"\ud800+2AA-é"}


@pytest.mark.parametrize("value", [b"\xff\xfe", b"\xed\xa0\x80", "é".encode("latin-1")])
@pytest.mark.parametrize("charset", [*CODECS, "utf-8"])
def test_a_form_that_is_not_in_utf_8_is_refused(value: bytes, charset: str) -> None:
    for body in (with_field(value), with_field(b"fr", value)):
        with pytest.raises(Failure, match="not in UTF-8") as refused:
            upload_of(body, f"multipart/form-data; charset={charset}; boundary=x")
        assert (refused.value.status, refused.value.code) == (400, "invalid_form")


@given(st.binary(max_size=200), st.integers(0, 200))
def test_any_form(noise: bytes, place: int) -> None:
    whole = form('filename="a.txt"')
    with suppress(Failure):
        assert upload_of(whole[:place] + noise + whole[place:]).data
