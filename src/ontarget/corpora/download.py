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

_ATTEMPTS = 5  # in a row that bring nothing new
_PAUSE = 1.0  # seconds before the second attempt; twice as long before each that follows
_TIMEOUT = 30.0  # seconds without a byte
_BLOCK = 1 << 18


class _Again(Exception):
    """What may well go better the next time: the reason, as a sentence has it."""


def download(
    address: str, path: Path, expected: str | None, advance: Advance = lambda done, total: None
) -> str:
    """Fetches `address` to `path` and returns its SHA-256.

    What has come so far lies in `path` with `.part` added. The next call goes on from there if the server can
    and has the same file still, by its ETag or date; it begins anew otherwise.

    Args:
        address: http or https.
        path: where to; folders are made.
        expected: the SHA-256 that it must have; None: any.
        advance: told while bytes come.

    Raises:
        UserError: no answer, an answer that says no, other bytes than expected, or a full disk.
    """
    if not address.startswith(("http://", "https://")):
        raise UserError(f"'{address}' is no address that begins with https:// or http://")
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
                    f"{address} gave other bytes than expected (SHA-256 {found}, not {expected}); they are "
                    "removed. Try again; if it stays so, its publisher has changed the file"
                )
            part.replace(path)
            _tag_of(part).unlink(missing_ok=True)
    except OSError as error:
        raise UserError(
            f"cannot write '{error.filename or part}': {error.strerror}; "
            "ONTARGET_DATA names the folder that data goes to"
        ) from None
    return found


@contextmanager
def _held(part: Path) -> Iterator[BinaryIO]:
    """The open file, for this process alone; it is removed if nothing came."""
    with part.open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(f"another process is fetching '{part}'; wait for it") from None
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
                    f"could not fetch {address}: {reason}; "
                    + (
                        f"the {kept:,} bytes that came are kept, the same command goes on"
                        if kept
                        else "try again later"
                    )
                ) from None
        time.sleep(_PAUSE * 2 ** (failures - 1))


def _fetch(address: str, part: Path, file: BinaryIO, advance: Advance) -> None:
    """One request, for what is missing or for all."""
    have = part.stat().st_size
    headers = {"User-Agent": f"ontarget/{metadata.version('ontarget')}", "Accept-Encoding": "identity"}
    tag = _read_tag(part, address)
    if have and tag:
        headers |= {"Range": f"bytes={have}-", "If-Range": tag}  # all of it, if it is no longer the same file
    try:
        answer = urllib.request.urlopen(urllib.request.Request(address, headers=headers), timeout=_TIMEOUT)
    except urllib.error.HTTPError as error:
        if error.code == 416:  # nothing lies beyond what we have
            if error.headers.get("Content-Range") == f"bytes */{have}":
                return
            file.truncate(0)
            raise _Again("the server refuses to go on where the download stopped") from None
        if error.code >= 500 or error.code in (408, 429):
            raise _Again(f"the server answers {error.code} {error.reason}") from None
        raise UserError(
            f"could not fetch {address}: the server answers {error.code} {error.reason}"
        ) from None
    except (OSError, http.client.HTTPException) as error:
        raise _Again(_reason(error)) from None
    with answer:
        if answer.headers.get_content_type() == "text/html":
            raise UserError(
                f"{address} gave a web page, not a file; open it in a browser to see what it asks for"
            )
        if answer.status != 206 or not answer.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
            if answer.status == 206:
                raise _Again("the server sent another part than was asked for")
            file.truncate(0)
            have = 0
        _write_tag(part, address, answer.headers)
        rest = answer.length  # None: the server does not say
        total = None if rest is None else have + rest
        try:
            while block := _read(answer):
                file.write(block)
                have += len(block)
                advance(have, total)
        finally:
            file.flush()  # the next request begins where the file on disk ends
        if total is not None and have < total:
            raise _Again(f"the connection ended after {have:,} of {total:,} bytes")


def _read(answer: http.client.HTTPResponse) -> bytes:
    try:
        return answer.read1(_BLOCK)
    except (OSError, http.client.HTTPException) as error:
        raise _Again(_reason(error)) from None


def _reason(error: Exception) -> str:
    inner = getattr(error, "reason", error)
    return str(getattr(inner, "strerror", None) or inner or type(inner).__name__)


def _tag_of(part: Path) -> Path:
    return part.with_name(f"{part.name}.tag")


def _read_tag(part: Path, address: str) -> str | None:
    """What tells whether the server still has the file that `part` is the beginning of."""
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
