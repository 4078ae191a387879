"""Opens files, compressed or not; the first bytes decide the compression, not the file's name."""

import bz2
import gzip
import hashlib
import io
import lzma
import sys
import zlib
from codecs import BOM_UTF16_BE, BOM_UTF16_LE, BOM_UTF32_BE, BOM_UTF32_LE
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from ontarget.errors import UserError, nearest
from ontarget.lfs import require_no_pointer

BYTE_ORDER_MARK = b"\xef\xbb\xbf"

_ARCHIVES = {b"PK\x03\x04": "zip", b"7z\xbc\xaf\x27\x1c": "7z", b"Rar!": "rar"}
_SPREADSHEETS = (b"[Content_Types].xml", b"_rels/", b"application/vnd.oasis.opendocument")  # in zip archives
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_WEB_PAGES = (b"<!doctype html", b"<html")
_COMPRESSED = (".gz", ".xz", ".bz2", ".zst")
_WIDE = {
    BOM_UTF32_LE: "utf-32",  # before UTF-16, whose mark it begins with
    BOM_UTF32_BE: "utf-32",
    BOM_UTF16_LE: "utf-16",
    BOM_UTF16_BE: "utf-16",
}
_START = 512  # bytes from which the type of a file is detected
_BLOCK = 1 << 16


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """The bytes of a file, decompressed (gzip, xz, bzip2, zstd), as a stream that is read once.

    Errors while reading within the `with` block are converted, too.

    Raises:
        UserError: the file is missing or cannot be read, its compressed data is broken or truncated, or it is
            an archive of several files, or not of the type that its name says.
    """
    with raw(path) as file:
        if path.suffix in _COMPRESSED:
            require_no_web_page(file.peek(_START), f"'{path}'")
        with unpacked(file, f"'{path}'") as stream:
            yield stream


@contextmanager
def unpacked(file: BinaryIO, name: str) -> Iterator[BinaryIO]:
    """The same as `opened` for an open stream, which may be a pipe and is called `name` in messages."""
    stream = file if isinstance(file, io.BufferedReader) else io.BufferedReader(cast(io.RawIOBase, file))
    start = stream.peek(_START)  # a pipe cannot be read again
    _require_one_file(start, name)
    if (found := _compression(start)) is None:
        yield stream
        return
    form, decompressed = found
    try:
        # With a large buffer, since decompressing line by line is slow.
        inner = io.BufferedReader(decompressed(stream), _BLOCK)
        start = inner.peek(_START)
        _require_one_file(start, name)
        if (again := _compression(start)) is not None:
            raise UserError(f"{name} is compressed twice ({again[0]} in {form}); decompress it once")
        yield cast(BinaryIO, inner)
    except (EOFError, OSError, zlib.error, lzma.LZMAError) as error:
        raise UserError(f"{name} is a broken {form} file ({error}); copy or download it again") from None


@contextmanager
def standard_input() -> Iterator[BinaryIO]:
    """Standard input, decompressed.

    Raises:
        UserError: standard input is closed, or as in `opened`.
    """
    if sys.stdin is None:
        raise UserError("standard input is closed; pipe text into it, or name a file")
    with unpacked(sys.stdin.buffer, "standard input") as stream:
        yield stream


@contextmanager
def raw(path: Path) -> Iterator[io.BufferedReader]:
    """The bytes of a file, without decompression.

    Raises:
        UserError: the file is missing, or cannot be opened.
    """
    try:
        file = path.open("rb")
    except FileNotFoundError:
        raise UserError(missing_file(path)) from None
    except OSError as error:
        raise UserError(f"cannot read '{path}': {error.strerror}") from None
    except ValueError as error:  # a null byte in its name
        raise UserError(f"cannot read {str(path)!r}: {error}") from None
    with file:
        yield file


def digest(path: Path) -> str:
    """The SHA-256 of a file, without decompression."""
    with raw(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def not_utf8(name: str, line: int, offset: int, there: int) -> UserError:
    """The error for text in another encoding, or in several; `there` is the byte at `offset`."""
    # windows-1252 is latin1 with the quotes and dashes that may follow elsewhere in the text.
    return UserError(
        f"{name} is not UTF-8: line {line}, byte {offset} of the text is 0x{there:02x}; "
        f"convert the file, e.g. iconv -f windows-1252 -t utf-8"
    )


def wide_encoding(start: bytes) -> str | None:
    """The encoding of text with two or four bytes per character, else None; `start` is its first bytes.

    Such text begins with the byte order mark of UTF-16 or UTF-32, or every other byte is 0.
    """
    marked = next((encoding for mark, encoding in _WIDE.items() if start.startswith(mark)), None)
    even, odd = start[::2].count(0), start[1::2].count(0)
    if marked is None and len(start) > 3 and max(even, odd) * 4 > len(start):
        return "utf-16be" if even > odd else "utf-16le"
    return marked


def require_narrow(start: bytes, name: str) -> None:
    """Rejects text in UTF-16 or UTF-32; `start` is its first line.

    Raises:
        UserError: the text has such an encoding; the message says how to convert it.
    """
    if (wide := wide_encoding(start)) is not None:
        raise UserError(f"{name} is {wide[:6].upper()}; convert it, e.g. iconv -f {wide} -t utf-8")


def require_no_web_page(start: bytes, name: str) -> None:
    """Rejects HTML, which servers may send in place of a file; `start` is its first bytes.

    Raises:
        UserError: the file is HTML.
    """
    if start.lstrip().lower().startswith(_WEB_PAGES):
        raise UserError(
            f"{name} is a web page (HTML), perhaps the error message of a server; download the file again"
        )


def _require_one_file(start: bytes, name: str) -> None:
    """Rejects archives, office files and Git LFS pointers by their first bytes."""
    require_no_pointer(start, name)
    archive = next((kind for magic, kind in _ARCHIVES.items() if start.startswith(magic)), None)
    if start.startswith(_OLD_OFFICE) or (archive == "zip" and any(part in start for part in _SPREADSHEETS)):
        raise UserError(f"{name} is a spreadsheet or another office file; save it as CSV in UTF-8")
    if start[257:262] == b"ustar":
        archive = "tar"
    if archive is not None:
        raise UserError(f"{name} is a {archive} archive; unpack it, and give the file in it")


def _compression(start: bytes) -> tuple[str, Callable[[BinaryIO], Any]] | None:
    return next((packed for magic, packed in _FORMATS.items() if start.startswith(magic)), None)


class _Zstd(io.RawIOBase):
    """Consecutive Zstandard frames; unlike in the library, a truncated frame is an error."""

    def __init__(self, file: BinaryIO) -> None:
        try:
            import zstandard
        except ModuleNotFoundError:
            raise UserError("reading .zst files needs zstandard: pip install 'ontarget[data]'") from None
        self._file, self._error = file, zstandard.ZstdError
        self._new = zstandard.ZstdDecompressor().decompressobj
        self._frame: Any = None
        self._packed = self._ready = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready:
            self._packed = self._packed or self._file.read(_BLOCK)
            if not self._packed:
                if self._frame:
                    raise EOFError("it ends within a frame")
                return 0
            self._frame = self._frame or self._new()
            try:
                self._ready = self._frame.decompress(self._packed)
            except self._error as error:
                raise OSError(error) from None
            self._packed = b""
            if self._frame.eof:
                self._packed, self._frame = self._frame.unused_data, None
        size = min(len(buffer), len(self._ready))
        buffer[:size], self._ready = self._ready[:size], self._ready[size:]
        return size


_FORMATS: dict[bytes, tuple[str, Callable[[BinaryIO], Any]]] = {
    b"\x1f\x8b": ("gzip", lambda file: gzip.GzipFile(fileobj=file)),
    b"\xfd7zXZ\x00": ("xz", lzma.LZMAFile),
    b"BZh": ("bzip2", bz2.BZ2File),
    b"\x28\xb5\x2f\xfd": ("zstd", _Zstd),
}


def missing_file(path: Path) -> str:
    """The message for a missing file, with the nearest names in its folder."""
    if path.is_symlink():
        return f"the file of the symbolic link '{path}' does not exist: {path.readlink()}"
    if path.parent.is_dir():
        return f"there is no file '{path}'{nearest(path.name, [p.name for p in path.parent.iterdir()])}"
    return f"there is no file '{path}': its folder '{path.parent}' does not exist"
