"""Extracts named files from zip and tar archives; no other file of an archive is written to disk."""

import gzip
import lzma
import shutil
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from ontarget.errors import UserError
from ontarget.files import whole_file

_ARCHIVES = (".zip", ".tgz", ".tar", ".tar.gz", ".tar.xz", ".tar.bz2")
_BROKEN = (
    zipfile.BadZipFile,
    tarfile.TarError,
    gzip.BadGzipFile,
    EOFError,
    zlib.error,
    lzma.LZMAError,
    NotImplementedError,  # a zip compressed in a way that Python does not know
)


def unpack(archive: Path, wanted: Mapping[str, Path]) -> None:
    """Writes members of a zip or tar archive, all of them or none.

    Members are written to the caller's paths, so their own names cannot point elsewhere. Links and devices
    are ignored. Archives within the archive are searched, one level deep.

    Args:
        archive: the file.
        wanted: the end of a member's path, such as `dev/deu_Latn.dev` -> the path to write.

    Raises:
        UserError: the file is broken or is not an archive, or lacks one of the members.
    """
    missing = dict(wanted)
    try:
        _take(archive, missing, depth=0)
        if missing:
            raise UserError(
                f"'{archive}' has no file '{next(iter(missing))}', so it is not the expected archive; "
                "remove it and download it again"
            )
    except (*_BROKEN, UserError) as error:
        for member in wanted.keys() - missing.keys():
            wanted[member].unlink(missing_ok=True)
        if isinstance(error, UserError):
            raise
        raise UserError(
            f"'{archive}' is a broken archive ({error}); remove it and download it again"
        ) from None


def _take(archive: Path, missing: dict[str, Path], depth: int) -> None:
    with _members(archive) as members:
        for name, read in members:
            member = next((end for end in missing if f"/{name}".endswith(f"/{end}")), None)
            if member:
                with read() as content, whole_file(missing.pop(member)) as path, path.open("wb") as file:
                    shutil.copyfileobj(content, file, 1 << 20)
            elif depth == 0 and name.endswith(_ARCHIVES):
                with tempfile.NamedTemporaryFile(dir=archive.parent) as inner:
                    with read() as content:
                        shutil.copyfileobj(content, inner, 1 << 20)
                    inner.flush()
                    _take(Path(inner.name), missing, depth + 1)


@contextmanager
def _members(archive: Path) -> Iterator[Iterator[tuple[str, Callable[[], IO[bytes]]]]]:
    """The plain files of an archive, each with a function that opens it."""
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as zipped:
            yield (
                (info.filename, lambda info=info: zipped.open(info))  # type: ignore[misc]
                for info in zipped.infolist()
                if not info.is_dir() and not stat.S_ISLNK(info.external_attr >> 16)
            )
    else:
        with tarfile.open(archive) as tar:
            plain = (info for info in tar if info.isreg())
            yield ((info.name, lambda info=info: _opened(tar, info)) for info in plain)  # type: ignore[misc]
            assert tar.fileobj is not None
            while tar.fileobj.read(1 << 20):
                pass  # reads to the end, where the checksum of the compression is


def _opened(tar: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    file = tar.extractfile(info)
    assert file is not None  # it is a regular file
    return file
