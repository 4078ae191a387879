"""Expands paths as users write them, and writes files completely or not at all."""

import errno
import fcntl
import json
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

from ontarget.errors import UserError

_SIZES = "sizes.json"  # the sizes of the files in a folder of `made_once`
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def expanded(path: str) -> Path:
    """A path with `~`, `$NAME` and `${NAME}` expanded.

    Raises:
        UserError: the path has a variable that is not set.
    """

    def value(match: re.Match[str]) -> str:
        variable = match[1] or match[2]
        if not os.environ.get(variable):
            raise UserError(
                f"the path '{path}' needs the environment variable {variable}, which is not set; "
                f"set it to a folder, e.g. export {variable}=$HOME/data"
            )
        return os.environ[variable]

    return Path(re.sub(r"\$(?:(\w+)|\{(\w+)\})", value, path)).expanduser()


def cache_folder() -> Path:
    """The folder for files that can be rebuilt: `$ONTARGET_CACHE`, or the user's cache."""
    if given := os.environ.get("ONTARGET_CACHE"):
        return Path(given).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "ontarget"


@contextmanager
def folders_of(path: Path) -> Iterator[None]:
    """Creates the parent folders of a path; after an error, removes the created ones if they are empty."""
    made = [folder for folder in path.parents if not folder.exists()]  # the deepest first
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield
    except BaseException:
        for folder in made:
            with suppress(OSError):  # the folder is not empty
                folder.rmdir()
        raise


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Puts `path` into errors of its temporary file or folder, and into those for lack of room, if they name
    nothing."""
    try:
        yield
    except OSError as error:
        hidden = str(path.resolve().with_name(f".{path.resolve().name}."))
        if str(error.filename or "").startswith(hidden) or (not error.filename and error.errno in _NO_ROOM):
            error.filename = str(path)
        raise


@contextmanager
def whole_file(path: Path, *, private: bool = False) -> Iterator[Path]:
    """Yields a temporary path beside `path`, and renames it to `path` when the block ends without an error.

    A symbolic link is kept, and its target is replaced. An existing file keeps its permissions. A device or a
    pipe, such as `/dev/stdout`, is written directly. With `private`, only its owner may read the file.
    """
    if path.exists() and not path.is_file():
        yield path
        return
    given, path = path, path.resolve()
    # mkstemp makes a private file, but results are for everyone who may read the folder.
    mode = 0o600 if private else stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o644
    with _named(given), folders_of(path):
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        os.close(handle)
        temporary = Path(name)
        try:
            yield temporary
            temporary.chmod(mode)
            _flush(temporary)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Yields an empty temporary folder beside `path`, and moves it to `path` when the block succeeds.

    Everybody may read its files, as those of `whole_file`: safetensors writes private ones.
    """
    with _named(path), folders_of(path):
        temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
        try:
            yield temporary
            temporary.chmod(0o755)
            for file in temporary.rglob("*"):
                if file.is_file() and not file.is_symlink():
                    file.chmod(file.stat().st_mode | 0o644)
            move_whole(temporary, path)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def locked(path: Path, *, wait: bool) -> Iterator[None]:
    """Holds a lock file for this process; the system releases it even after kill -9.

    The file is removed at the end. After an error, empty folders that were created for it are removed, too.

    Args:
        path: the lock file.
        wait: waits until another process releases the lock.
    Raises:
        BlockingIOError: another process holds the lock, and `wait` is false.
    """
    how = fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB
    with folders_of(path), _held(path, how):
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


@contextmanager
def _held(path: Path, how: int) -> Iterator[None]:
    """Opens and locks the file; repeats this if the previous holder has removed it in the meantime."""
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w") as file:
            fcntl.flock(file, how)
            if _is_at(path, file.fileno()):
                yield
                return


def _is_at(path: Path, descriptor: int) -> bool:
    try:
        return path.stat().st_ino == os.fstat(descriptor).st_ino
    except FileNotFoundError:
        return False


def made_once(folder: Path, make: Callable[[], None]) -> None:
    """Makes a folder if it does not exist: one process makes it, and other processes on the machine wait.

    The folder is made again if a file is missing or has another size than when it was made.
    """
    if _as_made(folder):
        return
    with locked(folder.with_name(f".{folder.name}.lock"), wait=True):
        if not _as_made(folder):
            make()
            write_json(folder / _SIZES, _sizes(folder))


def _as_made(folder: Path) -> bool:
    try:
        found: object = json.loads((folder / _SIZES).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return found == _sizes(folder)


def _sizes(folder: Path) -> dict[str, int]:
    """Name -> size in bytes of each file in a folder, except for the file of sizes itself."""
    files = (path for path in sorted(folder.iterdir()) if path.is_file() and path.name != _SIZES)
    return {path.name: path.stat().st_size for path in files}


def move_whole(temporary: Path, path: Path) -> None:
    """Flushes the files of a finished folder to disk, and moves the folder to its place on the same disk."""
    for file in temporary.rglob("*"):
        if file.is_file():
            _flush(file)
    if path.exists():
        shutil.rmtree(path)
    temporary.replace(path)


@contextmanager
def full_disk_said(folder: Path) -> Iterator[None]:
    """Turns the errors of libraries for a full disk into one sentence.

    Raises:
        UserError: the disk of `folder` is full, the user's quota is exceeded, or a file is larger than
            allowed.
    """
    try:
        yield
    except Exception as error:
        where = getattr(error, "filename", None) or folder
        if _is_too_large(error):
            raise UserError(
                f"'{where}' could not be written: a file is larger than its disk or this shell allows; raise "
                "the limit (ulimit -f) and run the same command again to resume"
            ) from error
        if not _is_full_disk(error):
            raise
        raise UserError(
            f"the disk is full: '{where}' could not be written; free some space and run the same command "
            "again to resume"
        ) from error


def _is_too_large(error: Exception) -> bool:
    """Recognises the errors of Python and of safetensors (only a text)."""
    return error.errno == errno.EFBIG if isinstance(error, OSError) else "File too large" in str(error)


def _is_full_disk(error: Exception) -> bool:
    """Recognises the errors of Python, of safetensors (only a text), and of torch's writer (without a
    reason).

    Torch's zip writer finds fewer bytes in the file than it wrote (`unexpected pos 704 vs 598`), or cannot
    close the file (`iostream error`).
    """
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    text = str(error)
    return any(
        words in text
        for words in ("No space left", "quota exceeded", "unexpected pos", "StreamWriter", "iostream error")
    )


def write_json(path: Path, value: Any, *, private: bool = False) -> None:
    """Writes `value` as indented UTF-8 JSON, completely or not at all; see `whole_file`."""
    with whole_file(path, private=private) as temporary:
        temporary.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def write_jsonl(path: Path, rows: list[dict[str, Any]]) -> None:
    """Writes one JSON object per line, completely or not at all."""
    with whole_file(path) as temporary:
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        temporary.write_text(text, encoding="utf-8")


def read_jsonl(path: Path, damaged: Literal["error", "skip"] = "error") -> list[dict[str, Any]]:
    """Reads a file of `write_jsonl`. Lines end only at LF, since text may contain other line separators.

    Raises:
        UserError: a line is not a JSON object, and `damaged` is `error`.
    """
    rows = []
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                row = json.loads(line.decode("utf-8"))
            except ValueError:
                row = None
            if isinstance(row, dict):
                rows.append(row)
            elif damaged == "error":
                raise UserError(
                    f"{path}, line {number}: not a JSON object; remove the file and run the command again"
                )
    return rows


def _flush(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
