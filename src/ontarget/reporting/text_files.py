"""Text of a run directory, and what is said where it is missing."""

from pathlib import Path

from ontarget.errors import UserError


def lines_of(text: str) -> list[str]:
    """Lines end at LF alone: text may hold other line separators."""
    return [line for line in text.split("\n") if line]


def read_text(path: Path, run: Path | None = None) -> str:
    """A file of a run directory (default: the one that it lies in).

    Raises:
        UserError: it is missing, or not UTF-8.
    """
    try:
        with path.open(encoding="utf-8", newline="\n") as file:
            return file.read()
    except FileNotFoundError:
        raise UserError(f"{path} is missing; {remedy(run or path.parent)}") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 at byte {error.start}; {remedy(run or path.parent)}") from None


def remedy(run: Path) -> str:
    """The end of a sentence about a missing or damaged file: what makes it."""
    return f"'ontarget run {run.resolve().name}' makes it"
