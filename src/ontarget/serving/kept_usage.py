"""Keeps the characters of clients in a file, so that a restart gives nothing back."""

import json
import logging
import threading
from collections.abc import Sequence
from pathlib import Path

from ontarget.errors import UserError
from ontarget.files import write_json
from ontarget.serving.client_limits import Client

_LOG = logging.getLogger(__name__)
_PAUSE = 1.0  # seconds between a change and the file


class KeptUsage:
    """A file with the characters of each client. A change is written within a second, by a thread.

    Args:
        file: JSON, names and numbers. Names of clients that are not there any more stay.
        clients: continue at the numbers of the file.
    Raises:
        UserError: the file cannot be read, or is damaged.
    """

    def __init__(self, file: Path, clients: Sequence[Client]) -> None:
        self._file, self._clients = file, clients
        self._known = _read(file)
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        for one in clients:
            one.characters = self._known.get(one.name, 0)
            one.changed = self._changed

    def close(self) -> None:
        """Writes the file, if that is still to be done."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
                self._write()

    def _changed(self) -> None:
        with self._lock:
            if self._timer is None:
                self._timer = threading.Timer(_PAUSE, self._write_later)
                self._timer.daemon = True
                self._timer.start()

    def _write_later(self) -> None:
        with self._lock:
            if self._timer is not None:
                self._write()

    def _write(self) -> None:
        self._timer = None
        self._known |= {one.name: one.characters for one in self._clients}
        try:
            write_json(self._file, self._known, private=True)
        except OSError as error:  # the next change tries again
            _LOG.error("the used characters of API keys cannot be written: %s", error.strerror)


def _read(file: Path) -> dict[str, int]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise UserError(f"'{file}' cannot be read: {error.strerror}; check its permissions") from None
    except ValueError:
        found = None
    if not isinstance(found, dict) or any(type(one) is not int or one < 0 for one in found.values()):
        raise UserError(f"'{file}' is damaged; mend it, or delete it to count from zero")
    return found
