"""The record of a folder has an entry for each of its files, which counts as missing without one.

    ontarget.json      the entries by file
    ontarget.journal   entries that changed since, one a line; null removes an entry

The journal exists while files are made, and after a kill. Writing all entries anew for each file would cost
the square of their number, and a system may have thousands of directions.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ontarget.files import write_json

RECORD = "ontarget.json"
NO_ENTRIES = b"{}\n"
"""The content of a record whose last entry was removed."""
_JOURNAL = "ontarget.journal"


def read_record(folder: Path) -> dict[str, Any]:
    """The entries of a folder; none if the record is missing or damaged, so that its files are made again."""
    changes = list(_changes(folder / _JOURNAL))  # first, since another process may move them into the record
    entries = _whole(folder / RECORD)
    for change in changes:
        entries |= change
    return {key: entry for key, entry in entries.items() if entry is not None}


class Recorder:
    """Changes the record of a folder. Only one process at a time may do so."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._entries = folder, read_record(folder)

    @contextmanager
    def making(self, key: str, entry: Callable[[], Mapping[str, Any]]) -> Iterator[None]:
        """Adds an entry after the block. The old one is removed first, so it never describes a newer file.

        Args:
            key: the key of the entry.
            entry: gives the entry when the file is complete.
        """
        if key in self._entries:
            self._change(key, None)
            del self._entries[key]
        yield
        self._entries[key] = dict(entry())
        self._change(key, self._entries[key])

    def close(self) -> None:
        """Moves the changes from the journal into the record."""
        journal = self._folder / _JOURNAL
        if journal.exists():
            write_json(self._folder / RECORD, self._entries)
            journal.unlink()

    def _change(self, key: str, entry: Mapping[str, Any] | None) -> None:
        with (self._folder / _JOURNAL).open("a", encoding="utf-8") as file:
            file.write(json.dumps({key: entry}, ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())


@contextmanager
def recording(folder: Path) -> Iterator[Recorder]:
    """Yields a recorder for the files of a folder; their record is complete when the block ends."""
    recorder = Recorder(folder)
    recorder.close()  # after a kill, the last line of the journal may be half-written
    try:
        yield recorder
    finally:
        recorder.close()


def _whole(record: Path) -> dict[str, Any]:
    try:
        entries = json.loads(record.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return entries if isinstance(entries, dict) else {}


def _changes(journal: Path) -> Iterator[dict[str, Any]]:
    """The lines of a journal, without a half-written one at its end."""
    try:
        for line in journal.read_bytes().splitlines():
            yield dict(json.loads(line))
    except (OSError, TypeError, ValueError):
        return
