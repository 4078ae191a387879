"""The journal of a bulk translation: how far it has got, on disk, so that a killed job goes on.

    OUT.part/journal.jsonl   a header, then a line for each finished shard
             complete        exists once all lines are finished
             ...             files that shards are appended to

Each line of the journal has the sizes and check sums of the parts that its shard appended. Anything that is
damaged or goes beyond them is cut off when the job goes on: the shards from there are translated again.
"""

import json
import os
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ontarget.files import whole_file

_NAME, _COMPLETE = "journal.jsonl", "complete"


class Journal:
    """The files of a job. Only one process at a time may open it, see `files.locked`.

    Args:
        folder: the folder of the job.

    Attributes:
        header: what the job is about; None if there is no job yet, or its journal is damaged.
        lines: number of finished lines.
        last: the entry of the last finished shard; empty if there is none.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.header: dict[str, Any] | None = None
        self.lines = 0
        self.last: dict[str, Any] = {}
        self._sizes: dict[str, int] = {}
        self._end = 0  # bytes of the journal up to the last sound entry
        if self.exists:
            self._read()

    @property
    def complete(self) -> bool:
        """Whether all lines are finished, so that files may already be moved away."""
        return (self.folder / _COMPLETE).exists()

    @property
    def exists(self) -> bool:
        """Whether there is a journal, if only a damaged one."""
        return (self.folder / _NAME).exists()

    def begin(self, header: Mapping[str, Any]) -> None:
        """Starts a new job."""
        self.header = dict(header)
        with whole_file(self.folder / _NAME) as temporary:
            temporary.write_bytes(_line(self.header))

    def resume(self) -> None:
        """Cuts off anything that was written after the last finished shard."""
        os.truncate(self.folder / _NAME, self._end)
        for name, size in self._sizes.items():
            os.truncate(self.folder / name, size)

    def add(self, parts: Mapping[str, bytes], lines: int, **about: Any) -> None:
        """Appends a finished shard to the files, and then its entry to the journal.

        Args:
            parts: the path of a file below the folder -> the bytes to append to it.
            lines: number of lines of the shard.
            about: JSON values to keep in the entry.
        """
        wrote = {}
        for name, data in parts.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            _append(path, data, new=name not in self._sizes)
            wrote[name] = [len(data), zlib.crc32(data)]
        entry = {"lines": lines, **about, "wrote": wrote}
        _append(self.folder / _NAME, _line(entry))
        self._count(entry)

    def finish(self) -> None:
        """Notes that all lines are finished."""
        _append(self.folder / _COMPLETE, b"")

    def _read(self) -> None:
        complete = self.complete
        with (self.folder / _NAME).open("rb") as file:
            for line in file:
                entry = _entry(line)
                if entry is None or not (self.header is None or complete or self._is_sound(entry)):
                    return
                self._end += len(line)
                if self.header is None:
                    self.header = entry
                else:
                    self._count(entry)

    def _is_sound(self, entry: dict[str, Any]) -> bool:
        """Whether this is the entry of a shard, and the parts that it appended are on disk, undamaged."""
        if not {"lines", "wrote"} <= entry.keys():
            return False
        for name, (size, checksum) in entry["wrote"].items():
            try:
                with (self.folder / name).open("rb") as file:
                    file.seek(self._sizes.get(name, 0))
                    if zlib.crc32(file.read(size)) != checksum:
                        return False
            except FileNotFoundError:
                return False
        return True

    def _count(self, entry: dict[str, Any]) -> None:
        self.lines += entry["lines"]
        self.last = entry
        for name, (size, _) in entry["wrote"].items():
            self._sizes[name] = self._sizes.get(name, 0) + size


def _line(values: Mapping[str, Any]) -> bytes:
    """A line of the journal. It is ASCII, which can also hold file names that are not UTF-8."""
    return f"{json.dumps(values)}\n".encode("ascii")


def _entry(line: bytes) -> dict[str, Any] | None:
    """A line of the journal; None if it was not written completely."""
    if not line.endswith(b"\n"):
        return None
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None


def _append(path: Path, data: bytes, *, new: bool = False) -> None:
    with path.open("wb" if new else "ab") as file:  # a new file may have been begun before a kill
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
