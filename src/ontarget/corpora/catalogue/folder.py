"""The data folder, which contains the files of corpora and their checksums."""

import os
from collections.abc import Mapping
from pathlib import Path

from ontarget.errors import UserError
from ontarget.files import cache_folder, whole_file

_SUMS = "SHA256SUMS"


class NotFetched(UserError):
    """A file of a corpus is not on this machine; the message says how to get it."""


def data_folder() -> Path:
    """`$ONTARGET_DATA`, or `data` in the cache (`~/.cache/ontarget`) if this is not set."""
    named = os.environ.get("ONTARGET_DATA")
    return Path(named).expanduser() if named else cache_folder() / "data"


def find(folder: Path, file: str) -> Path | None:
    """The path of a corpus file, plain or compressed by gzip; None if it is missing."""
    for name in (file, f"{file}.gz"):
        if (folder / name).is_file():
            return folder / name
    return None


def recorded(folder: Path) -> dict[str, str]:
    """File -> SHA-256 from the folder's SHA256SUMS, which `sha256sum -c` can read; empty without this file.

    Raises:
        UserError: a line is not a checksum and a file name.
    """
    path = folder / _SUMS
    if not path.is_file():
        return {}
    sums = {}
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        value, _, file = line.partition(" ")
        if len(value) != 64 or file[:1] not in (" ", "*"):
            raise UserError(
                f"'{path}', line {number} is not a checksum with a file name, as written by sha256sum; "
                "correct or remove the line"
            )
        sums[file[1:].removeprefix("./")] = value.lower()
    return sums


def record(folder: Path, sums: Mapping[str, str]) -> None:
    """Adds checksums to the folder's SHA256SUMS, replacing those of the same files."""
    lines = sorted((recorded(folder) | dict(sums)).items())
    with whole_file(folder / _SUMS) as temporary:
        temporary.write_text("".join(f"{value}  {file}\n" for file, value in lines), encoding="utf-8")
