"""Bringing the files of a corpus into the data folder, each checked against what is known of it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ontarget.corpora.catalogue.entry import Entry, Item, served
from ontarget.corpora.catalogue.folder import find, record, recorded
from ontarget.corpora.download import Advance, download
from ontarget.corpora.opening import digest
from ontarget.corpora.unpack import unpack
from ontarget.errors import UserError
from ontarget.languages import Language

Task = Callable[[str], AbstractContextManager[Advance]]  # what is fetched -> who is told of its bytes

_DOWNLOADS = ".downloads"  # in the data folder: archives, until they are unpacked


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that has come.

    Attributes:
        file: its place below the data folder.
        sha256: of its bytes.
        known: whether that is what the catalogue, or an earlier download, says of it.
    """

    file: str
    sha256: str
    known: bool


def missing(entry: Entry, languages: Sequence[Language], folder: Path) -> list[Item]:
    """The files of a corpus in those languages that the folder does not have."""
    return [item for item in entry.items(languages) if find(folder, item.file) is None]


def get(items: Iterable[Item], folder: Path, task: Task, mirror: str | None = None) -> list[Fetched]:
    """Fetches files into the folder, and writes their checksums into its SHA256SUMS.

    Bytes must be those that the catalogue knows. Where it knows none, the first download counts, and later
    ones must be like it.

    Args:
        items: what to fetch.
        folder: the data folder.
        task: a context for each download.
        mirror: fetch from `MIRROR/HOST/PATH` what is at `https://HOST/PATH`.

    Raises:
        UserError: no address serves one of them; or a download failed, is broken, or has other bytes than
            expected, and files before it stay.
    """
    by_address: dict[str, list[Item]] = {}
    for item in items:
        if item.address is None:
            raise UserError(
                f"no address serves '{item.file}', which is to be put into '{folder}'; "
                f"'ontarget data card {item.file.split('/')[0]}' says how it is made"
            )
        by_address.setdefault(item.address, []).append(item)
    fetched = []
    for address, wanted in by_address.items():
        sums = recorded(folder)
        expected = {item.file: served().get(item.file) or sums.get(item.file) for item in wanted}
        at = f"{mirror.rstrip('/')}/{address.partition('://')[2]}" if mirror else address
        if wanted[0].member is None:
            file = wanted[0].file
            with task(file) as advance:
                found = {file: download(at, folder / file, expected[file], advance)}
        else:
            found = _from_archive(at, wanted, expected, folder, task)
        record(folder, found)
        fetched += [Fetched(file, value, expected[file] is not None) for file, value in found.items()]
    return fetched


def _from_archive(
    address: str, wanted: Sequence[Item], expected: Mapping[str, str | None], folder: Path, task: Task
) -> dict[str, str]:
    """Fetches an archive, takes what is wanted of it, and removes it."""
    parts = urlsplit(address)
    archive = folder / _DOWNLOADS / f"{parts.netloc}{parts.path}{parts.query}".replace("/", "_")
    with task(Path(parts.path).name) as advance:
        download(address, archive, None, advance)
    fresh = {item.file: archive.with_name(f"{archive.name}.{number}") for number, item in enumerate(wanted)}
    try:
        unpack(archive, {str(item.member): fresh[item.file] for item in wanted})
        found = {file: digest(path) for file, path in fresh.items()}
        for file, value in found.items():
            if expected[file] not in (None, value):
                raise UserError(
                    f"'{file}' of {address} has other bytes than when it was first fetched (SHA-256 {value}, "
                    f"not {expected[file]}); its publisher has changed it. To take the new one, remove its "
                    f"line from '{folder / 'SHA256SUMS'}'"
                )
        for file, path in fresh.items():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            path.replace(folder / file)
    finally:
        for path in (archive, *fresh.values()):
            path.unlink(missing_ok=True)
    return found
