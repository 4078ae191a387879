"""A run directory: its place and its lock; a refused command leaves nothing in it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from ontarget import given
from ontarget.errors import UserError
from ontarget.files import locked

SAID = ("recipe.yaml", "log.jsonl", "points.json", "significance.json")
"""Files that are written before the first artifact."""

_LOCK = ".lock"


def run_directory(directory: Path | str | None, name: str) -> Path:
    """The directory for a recipe's results: the given one, or `runs/<name>`."""
    return Path("runs") / name if directory is None else Path(given.place(directory, "directory"))


@contextmanager
def held(directory: Path) -> Iterator[None]:
    """Reserves a directory for this process, see `files.locked`.

    If a mistake is found before anything was made, an empty or missing directory is empty or missing again.

    Raises:
        UserError: another process uses the directory, or it cannot be written.
    """
    try:
        empty = not (directory.exists() and any(directory.iterdir()))
        with ExitStack() as lock:
            lock.enter_context(locked(directory / _LOCK, wait=False))
            rest = lock.pop_all()
    except BlockingIOError:
        raise UserError(
            f"another process uses {directory}; wait for it, or choose another directory"
        ) from None
    except OSError as error:
        raise UserError(
            f"'{directory}' cannot be a run directory: {error.strerror}; choose another directory"
        ) from None
    with rest:
        try:
            yield
        except UserError:
            if empty:
                _leave_nothing(directory)
            raise


def _leave_nothing(directory: Path) -> None:
    """Removes files that are written before the first artifact, if the directory has nothing else."""
    inside = list(directory.rglob("*"))
    files = [path for path in inside if not path.is_dir() and path.name != _LOCK]
    if all(path.parent == directory and path.name in SAID for path in files):
        for path in files:
            path.unlink()
        for folder in sorted((path for path in inside if path.is_dir()), reverse=True):
            folder.rmdir()
