"""A run directory: where it is, who holds it, and that a refused command leaves nothing in it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from ontarget import given
from ontarget.errors import UserError
from ontarget.files import locked

SAID = ("recipe.yaml", "log.jsonl", "points.json", "significance.json")
"""What is written before the first artifact."""

_LOCK = ".lock"


def run_directory(directory: Path | str | None, name: str) -> Path:
    """Where a recipe's results go: the directory that was given, or `runs/<name>`."""
    return Path("runs") / name if directory is None else Path(given.place(directory, "directory"))


@contextmanager
def held(directory: Path) -> Iterator[None]:
    """Holds a directory for this process, see `files.locked`.

    One that was empty, or was not there, is so again where a mistake is found before anything was made.

    Raises:
        UserError: another process holds it, or it cannot be written to.
    """
    try:
        empty = not (directory.exists() and any(directory.iterdir()))
        with ExitStack() as lock:
            lock.enter_context(locked(directory / _LOCK, wait=False))
            rest = lock.pop_all()
    except BlockingIOError:
        raise UserError(
            f"another process works in {directory}; wait for it, or give another directory"
        ) from None
    except OSError as error:
        raise UserError(
            f"'{directory}' cannot be a run directory: {error.strerror}; give another directory"
        ) from None
    with rest:
        try:
            yield
        except UserError:
            if empty:
                _leave_nothing(directory)
            raise


def _leave_nothing(directory: Path) -> None:
    """Removes what is written before the first artifact, if there is nothing else."""
    inside = list(directory.rglob("*"))
    files = [path for path in inside if not path.is_dir() and path.name != _LOCK]
    if all(path.parent == directory and path.name in SAID for path in files):
        for path in files:
            path.unlink()
        for folder in sorted((path for path in inside if path.is_dir()), reverse=True):
            folder.rmdir()
