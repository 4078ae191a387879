import bz2
import gzip
import hashlib
import io
import lzma
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ontarget.corpora.opening import digest, opened, standard_input
from ontarget.errors import UserError

TEXT = b"".join(b"Satz %d\n" % number for number in range(50_000))


def zstd(data: bytes) -> bytes:
    return bytes(pytest.importorskip("zstandard").compress(data))


PACKED = {"gzip": gzip.compress, "xz": lzma.compress, "bzip2": bz2.compress, "zstd": zstd}
packed = pytest.mark.parametrize(("name", "pack"), PACKED.items())


def read(path: Path) -> bytes:
    with opened(path) as file:
        return file.read()


@packed
def test_compression_is_told_by_content(tmp_path: Path, name: str, pack: Callable[[bytes], bytes]) -> None:
    (tmp_path / "x.txt").write_bytes(pack(TEXT))
    assert read(tmp_path / "x.txt") == TEXT
    (tmp_path / "x.txt").write_bytes(pack(TEXT) + pack(b"noch einer\n"))  # one file after the other
    assert read(tmp_path / "x.txt") == TEXT + b"noch einer\n"


@packed
def test_a_file_that_is_cut_off_is_told(tmp_path: Path, name: str, pack: Callable[[bytes], bytes]) -> None:
    for cut in (3, 20, len(pack(TEXT)) // 2):
        (tmp_path / "x").write_bytes(pack(TEXT)[:-cut])
        with pytest.raises(UserError, match=rf"x' is a broken {name} file \(.+\); copy or download it again"):
            read(tmp_path / "x")


@packed
def test_a_byte_that_changed_is_told(tmp_path: Path, name: str, pack: Callable[[bytes], bytes]) -> None:
    data = bytearray(pack(TEXT))
    data[len(data) // 2] ^= 0xFF
    (tmp_path / "x").write_bytes(data)
    if name == "zstd":  # may go without a checksum: then what comes out is other text, or an error
        return
    with pytest.raises(UserError, match=f"is a broken {name} file"):
        read(tmp_path / "x")


@pytest.mark.parametrize(
    ("start", "name"), [(b"PK\x03\x04", "zip"), (b"7z\xbc\xaf\x27\x1c", "7z"), (b"Rar!", "rar")]
)
def test_an_archive_is_to_be_unpacked(tmp_path: Path, start: bytes, name: str) -> None:
    (tmp_path / "x.gz").write_bytes(start + b"...")
    with pytest.raises(UserError, match=f"x.gz' is a {name} archive; unpack it"):
        read(tmp_path / "x.gz")


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (
            b"PK\x03\x04....[Content_Types].xml",
            "is a spreadsheet or another office file; save it as CSV in UTF-8",
        ),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "is a spreadsheet or another office file"),
        (b"a.txt".ljust(257, b"\0") + b"ustar", "is a tar archive; unpack it"),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:0",
            "is a Git LFS pointer to a file; run 'git lfs pull'",
        ),
    ],
)
def test_what_is_not_text_is_told_packed_or_not(tmp_path: Path, data: bytes, told: str) -> None:
    for packed_or_not in (data, gzip.compress(data)):
        (tmp_path / "x").write_bytes(packed_or_not)
        with pytest.raises(UserError, match=f"x' {told}"):
            read(tmp_path / "x")


def test_a_file_that_is_compressed_twice_is_told(tmp_path: Path) -> None:
    (tmp_path / "x.gz").write_bytes(gzip.compress(lzma.compress(TEXT)))
    with pytest.raises(UserError, match=r"x\.gz' is compressed twice \(xz in gzip\); decompress it once"):
        read(tmp_path / "x.gz")


def test_a_web_page_in_place_of_a_compressed_file_is_told(tmp_path: Path) -> None:
    page = b"\n<!DOCTYPE HTML>\n<html><body>404 Not Found</body></html>\n"
    (tmp_path / "x.txt").write_bytes(page)
    assert read(tmp_path / "x.txt") == page  # text like any other
    (tmp_path / "x.txt.gz").write_bytes(page)
    with pytest.raises(UserError, match=r"x\.txt\.gz' is a web page \(HTML\).*; download the file again"):
        read(tmp_path / "x.txt.gz")


def test_a_digest_is_of_the_file_as_it_lies_there(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(gzip.compress(TEXT, mtime=0))
    assert digest(tmp_path / "x") == hashlib.sha256(gzip.compress(TEXT, mtime=0)).hexdigest()


def test_what_goes_wrong_with_the_reader_is_no_fault_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(gzip.compress(TEXT))
    with pytest.raises(ValueError, match="ours"), opened(tmp_path / "x"):
        raise ValueError("ours")


@packed
def test_a_pipe_is_read_as_a_file_is(name: str, pack: Callable[[bytes], bytes]) -> None:
    for data in (pack(b"ein Satz\n"), b"ein Satz\n"):
        reader, writer = os.pipe()
        os.write(writer, data)
        os.close(writer)
        assert read(Path(f"/dev/fd/{reader}")) == b"ein Satz\n"  # as a shell's <(...) is given
        os.close(reader)


@packed
def test_standard_input_is_decompressed(
    monkeypatch: pytest.MonkeyPatch, name: str, pack: Callable[[bytes], bytes]
) -> None:
    def given(data: bytes) -> bytes:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        with standard_input() as file:
            return file.read()

    assert given(pack(TEXT)) == given(TEXT) == TEXT
    assert given(b"") == b""
    with pytest.raises(UserError, match=f"^standard input is a broken {name} file"):
        given(pack(TEXT)[:-20])
    with pytest.raises(UserError, match=r"^standard input is a zip archive; unpack it"):
        given(b"PK\x03\x04...")


def test_standard_input_may_be_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(UserError, match="standard input is closed"), standard_input():
        pass


def test_a_link_to_nothing_is_not_taken_for_a_misspelt_name(tmp_path: Path) -> None:
    link = tmp_path / "text.de"
    link.symlink_to("moved.de")
    with (
        pytest.raises(
            UserError, match=r"the file of the symbolic link '.*text\.de' does not exist: moved\.de$"
        ),
        opened(link),
    ):
        pass
