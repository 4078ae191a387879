"""Downloads a file over HTTP: an interrupted download is resumed, and the file is complete or absent.

pooch, the usual library, was considered: version 1.9 downloads to a temporary file that it deletes after an
interruption, so that gigabytes of a corpus would start again.
"""

import fcntl
import http.client
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import BinaryIO

from ontarget.corpora.opening import digest
from ontarget.errors import UserError

Advance = Callable[[int, int | None], None]  # bytes so far, bytes in all if the server says

_ATTEMPTS = 5  # in a row without new bytes
_PAUSE = 1.0  # seconds before the second attempt; twice as long before each that follows
_TIMEOUT = 30.0  # seconds without a byte
_BLOCK = 1 << 18


class _Again(Exception):
    """A failure after which a retry may succeed; its text is the reason."""


def download(
    address: str, path: Path, expected: str | None, advance: Advance = lambda done, total: None
) -> str:
    """Downloads `address` to `path` and returns its SHA-256.

    An incomplete download is kept in `path` with `.part` added. The next call resumes it if the server
    supports this and still has the same file, by its ETag or date; otherwise it starts again.

    Args:
        address: an http or https URL.
        path: the file to write; its folders are created.
        expected: the required SHA-256; None: any.
        advance: a function that is called with the progress in bytes.

    Raises:
        UserError: the server does not respond or refuses, the checksum differs, or the disk is full.
    """
    if not address.startswith(("http://", "https://")):
        raise UserError(f"'{address}' is not a URL; it must begin with https:// or http://")
    part = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _held(part) as file:
            _fetch_all(address, part, file, advance)
            os.fsync(file.fileno())
            found = digest(part)
            if expected is not None and found != expected:
                part.unlink()
                raise UserError(
                    f"the download of {address} has an unexpected checksum (SHA-256 {found}, not {expected}) "
                    "and was removed. Try again; if the checksum stays the same, its publisher has changed it"
                )
            part.replace(path)
            _tag_of(part).unlink(missing_ok=True)
    except OSError as error:
        raise UserError(
            f"cannot write '{error.filename or part}': {error.strerror}; "
            "to use another folder for data, set ONTARGET_DATA"
        ) from None
    return found


@contextmanager
def _held(part: Path) -> Iterator[BinaryIO]:
    """The open file, locked for this process; it is removed if it stays empty."""
    with part.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(f"another process is downloading '{part}'; wait until it ends") from None
        try:
            yield file
        finally:
            if part.exists() and not part.stat().st_size:
                part.unlink()


def _fetch_all(address: str, part: Path, file: BinaryIO, advance: Advance) -> None:
    failures = 0
    while True:
        before = part.stat().st_size
        try:
            return _fetch(address, part, file, advance)
        except _Again as reason:
            failures = failures + 1 if part.stat().st_size <= before else 1
            if failures == _ATTEMPTS:
                kept = part.stat().st_size
                raise UserError(
                    f"could not download {address}: {reason}; "
                    + (
                        f"the first {kept:,} bytes are kept, run the same command to resume"
                        if kept
                        else "try again later"
                    )
                ) from None
        time.sleep(_PAUSE * 2 ** (failures - 1))


def _fetch(address: str, part: Path, file: BinaryIO, advance: Advance) -> None:
    """One request, for the missing bytes or for the whole file."""
    have = part.stat().st_size
    headers = {"User-Agent": f"ontarget/{metadata.version('ontarget')}", "Accept-Encoding": "identity"}
    tag = _read_tag(part, address)
    if have and tag:
        headers |= {"Range": f"bytes={have}-", "If-Range": tag}  # the whole file, if it has changed
    try:
        response = urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=_TIMEOUT)
    except urllib.error.HTTPError as error:
        if error.code == 416:  # there is nothing after the bytes that we have
            if error.headers.get("Content-Range") == f"bytes */{have}":
                return
            file.truncate(0)
            raise _Again("the server refuses to resume the download") from None
        if error.code >= 500 or error.code in (408, 429):
            raise _Again(f"the server responds {error.code} {error.reason}") from None
        raise UserError(
            f"could not download {address}: the server responds {error.code} {error.reason}"
        ) from None
    except (OSError, http.client.HTTPException) as error:
        raise _Again(_reason(error)) from None
    with response:
        if response.headers.get_content_type() == "text/html":
            raise UserError(f"{address} is a web page, not a file; open it in a browser to see why")
        content_range = response.headers.get("Content-Range", "")
        if response.status != 206 or not content_range.startswith(f"bytes {have}-"):
            if response.status == 206:
                raise _Again("the server sent another part than the requested one")
            file.truncate(0)
            have = 0
        _write_tag(part, address, response.headers)
        rest = response.length  # None if the server does not send it
        total = None if rest is None else have + rest
        try:
            while block := _read(response):
                file.write(block)
                have += len(block)
                advance(have, total)
        finally:
            file.flush()  # the next request begins where the file on disk ends
        if total is not None and have < total:
            raise _Again(f"the connection ended after {have:,} of {total:,} bytes")


def _read(response: http.client.HTTPResponse) -> bytes:
    try:
        return response.read1(_BLOCK)
    except (OSError, http.client.HTTPException) as error:
        raise _Again(_reason(error)) from None


def _reason(error: Exception) -> str:
    inner = getattr(error, "reason", error)
    return str(getattr(inner, "strerror", None) or inner or type(inner).__name__)


def _tag_of(part: Path) -> Path:
    return part.with_name(f"{part.name}.tag")


def _read_tag(part: Path, address: str) -> str | None:
    """The tag that shows whether the server still has the same file as `part`."""
    try:
        kept = json.loads(_tag_of(part).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return str(kept["tag"]) if kept.get("address") == address else None


def _write_tag(part: Path, address: str, headers: http.client.HTTPMessage) -> None:
    etag = headers.get("ETag", "")
    tag = etag if etag and not etag.startswith("W/") else headers.get("Last-Modified")
    if tag:
        _tag_of(part).write_text(json.dumps({"address": address, "tag": tag}), encoding="utf-8")
    else:
        _tag_of(part).unlink(missing_ok=True)
