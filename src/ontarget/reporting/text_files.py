"""Reads text files of a run directory; messages name the command that makes a missing one."""

from pathlib import Path

from ontarget.errors import UserError


def lines_of(text: str) -> list[str]:
    """The non-empty lines. Only LF ends a line, since text may contain other line separators."""
    return [line for line in text.split("\n") if line]


def read_text(path: Path, run: Path | None = None) -> str:
    """Reads a file of a run directory (default: its parent).

    Raises:
        UserError: the file is missing or not UTF-8.
    """
    try:
        with path.open(encoding="utf-8", newline="\n") as file:
            return file.read()
    except FileNotFoundError:
        raise UserError(f"{path} is missing; {remedy(run or path.parent)}") from None
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 at byte {error.start}; {remedy(run or path.parent)}") from None


def remedy(run: Path) -> str:
    """The end of a message about a missing or damaged file: the command that makes it.

    Args:
        run: a run directory, or the folder of its second test.
    """
    run = run.resolve()
    of_second = run.is_dir() and not (run / "recipe.yaml").exists() and (run.parent / "recipe.yaml").exists()
    return f"'ontarget run {(run.parent if of_second else run).name}' makes it"
