"""Downloads the files of a corpus to the data folder, and checks their checksums."""

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

Task = Callable[[str], AbstractContextManager[Advance]]  # name of a download -> a function for its progress

_DOWNLOADS = ".downloads"  # in the data folder: archives, until they are unpacked


@dataclass(frozen=True, slots=True)
class Fetched:
    """A downloaded file.

    Attributes:
        file: its path below the data folder.
        sha256: the checksum of its bytes.
        known: whether the catalogue or an earlier download has this checksum.
    """

    file: str
    sha256: str
    known: bool


def missing(entry: Entry, languages: Sequence[Language], folder: Path) -> list[Item]:
    """The files of a corpus in these languages that are missing in the folder."""
    return [item for item in entry.items(languages) if find(folder, item.file) is None]


def get(items: Iterable[Item], folder: Path, task: Task, mirror: str | None = None) -> list[Fetched]:
    """Downloads files to the folder, and writes their checksums to its SHA256SUMS.

    Files must have the checksum in the catalogue. If it has none, later downloads must equal the first one.

    Args:
        items: the files to download.
        folder: the data folder.
        task: makes a context for each download.
        mirror: a base URL; `https://HOST/PATH` is downloaded from `MIRROR/HOST/PATH`.

    Raises:
        UserError: a file has no URL, or a download failed, is broken, or has another checksum than expected.
            Earlier files are kept.
    """
    by_address: dict[str, list[Item]] = {}
    for item in items:
        if item.address is None:
            raise UserError(
                f"'{item.file}' cannot be downloaded; make it as 'ontarget data card "
                f"{item.file.split('/')[0]}' describes, and put it into '{folder}'"
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
    """Downloads an archive, extracts the wanted files, and removes the archive."""
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
                    f"'{file}' of {address} differs from its first download (SHA-256 {value}, not "
                    f"{expected[file]}), so its publisher has changed it. To accept the new file, remove its "
                    f"line from '{folder / 'SHA256SUMS'}'"
                )
        for file, path in fresh.items():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            path.replace(folder / file)
    finally:
        for path in (archive, *fresh.values()):
            path.unlink(missing_ok=True)
    return found
