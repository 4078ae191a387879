"""The data folder: where the files of corpora lie, and what their bytes were when they came."""

import os
from collections.abc import Mapping
from pathlib import Path

from ontarget.errors import UserError
from ontarget.files import cache_folder, whole_file

_SUMS = "SHA256SUMS"


class NotFetched(UserError):
    """A file of a known corpus is not on this machine; the message says how to get it."""


def data_folder() -> Path:
    """`$ONTARGET_DATA`, or `data` in the cache (`~/.cache/ontarget`) where that is not set."""
    named = os.environ.get("ONTARGET_DATA")
    return Path(named).expanduser() if named else cache_folder() / "data"


def find(folder: Path, file: str) -> Path | None:
    """Where a file of a corpus lies, as it is or compressed by gzip; None: nowhere."""
    for name in (file, f"{file}.gz"):
        if (folder / name).is_file():
            return folder / name
    return None


def recorded(folder: Path) -> dict[str, str]:
    """File -> SHA-256 as the folder's SHA256SUMS has them (`sha256sum -c` reads it too); empty without one.

    Raises:
        UserError: a line of it is none of such a list.
    """
    path = folder / _SUMS
    if not path.is_file():
        return {}
    sums = {}
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        value, _, file = line.partition(" ")
        if len(value) != 64 or file[:1] not in (" ", "*"):
            raise UserError(f"'{path}', line {number} is no checksum and file name, as sha256sum writes them")
        sums[file[1:].removeprefix("./")] = value.lower()
    return sums


def record(folder: Path, sums: Mapping[str, str]) -> None:
    """Adds checksums to the folder's SHA256SUMS; those of the same files are replaced."""
    lines = sorted((recorded(folder) | dict(sums)).items())
    with whole_file(folder / _SUMS) as temporary:
        temporary.write_text("".join(f"{value}  {file}\n" for file, value in lines), encoding="utf-8")
