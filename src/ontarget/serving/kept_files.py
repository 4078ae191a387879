"""Translated files that wait for their download, in a temporary folder, for a limited time."""

import asyncio
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePath

from ontarget.serving.failure import Failure

_SECONDS = 3600.0
_LARGEST = 1 << 30  # bytes, of all files together


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file that can be downloaded.

    Attributes:
        name: its name for the client.
        path: where it is.
        size: bytes.
        until: the time of its end, in seconds of the clock.
    """

    name: str
    path: Path
    size: int
    until: float

    def read(self) -> bytes:
        """Its bytes; they are read whole, so that the file may be removed while they are sent.

        Raises:
            Failure: it is not there any more.
        """
        try:
            return self.path.read_bytes()
        except OSError:
            raise _unknown() from None


class KeptFiles:
    """Files by tokens that nobody can guess. All are removed at the end of the server.

    Args:
        seconds: how long a file is kept.
        largest: bytes of all files together.
        clock: seconds; for tests.
    """

    def __init__(
        self,
        seconds: float = _SECONDS,
        largest: int = _LARGEST,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.seconds = seconds
        self._largest, self._clock = largest, clock
        self._folder: Path | None = None
        self._known = dict[str, KeptFile]()

    def put(self, name: str, data: bytes) -> str:
        """Keeps a file.

        Returns:
            Its token.
        Raises:
            Failure: there is no more room until other files are downloaded or forgotten.
        """
        self.forget_old()
        if sum(one.size for one in self._known.values()) + len(data) > self._largest:
            message = "too many documents wait for their download; try again later"
            raise Failure(503, "no_room", message, headers={"Retry-After": "60"})
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="ontarget-"))  # for this user alone
        token = secrets.token_urlsafe(32)
        path = self._folder / token
        path.write_bytes(data)
        self._known[token] = KeptFile(name, path, len(data), self._clock() + self.seconds)
        return token

    def put_for_download(self, name: str, data: bytes) -> str:
        """Keeps a file until its time is up.

        Returns:
            The last part of its address, which `/download_file` takes.
        Raises:
            Failure: see `put`.
        """
        token = self.put(name, data)
        asyncio.get_running_loop().call_later(self.seconds, self.forget_old)
        return f"{token}{PurePath(name).suffix}"

    def get(self, token: str) -> KeptFile:
        """A file by its token.

        Raises:
            Failure: it never was there, or is not any more.
        """
        self.forget_old()
        if (one := self._known.get(token)) is None:
            raise _unknown()
        return one

    def remove(self, token: str) -> None:
        """Removes a file, if it is there."""
        if (one := self._known.pop(token, None)) is not None:
            one.path.unlink(missing_ok=True)

    def forget_old(self) -> None:
        """Removes the files whose time is up."""
        now = self._clock()
        for token in [token for token, one in self._known.items() if one.until <= now]:
            self.remove(token)

    def close(self) -> None:
        """Removes all files."""
        self._known.clear()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None


def _unknown() -> Failure:
    message = "there is no such file; it may have been kept too long, or downloaded before"
    return Failure(404, "unknown_file", message)
