"""What is said of a model that cannot be loaded, or that is loaded in a way worth a line."""

import logging
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from ontarget.errors import UserError

_LOG = logging.getLogger(__name__)


@lru_cache(maxsize=64)  # however often stages and systems load a model
def warn_once(sentence: str) -> None:
    """Tells whoever runs this, once in a process."""
    _LOG.warning("%s", sentence)


@contextmanager
def said(what: str, place: Path | str) -> Iterator[None]:
    """Makes one sentence of whatever is raised while files of a user are read.

    transformers, tokenizers, safetensors, PEFT and json raise all sorts: a damaged file is met wherever
    something first makes no sense.

    Raises:
        UserError: it could not be loaded, and why.
    """
    try:
        yield
    except UserError:
        raise
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":  # of Rust
            raise
        hub = "" if isinstance(place, Path) else ", which is no directory here, from the Hugging Face hub"
        raise UserError(f"cannot load the {what} '{place}'{hub}: {_reason(error)}") from error


@contextmanager
def nothing_on_standard_output() -> Iterator[None]:
    """Sends what is printed to standard error meanwhile.

    The Rust code of tokenizers prints what it ignores to file descriptor 1, where translations go.
    """
    sys.stdout.flush()
    kept = os.dup(1)
    try:
        os.dup2(2, 1)
        yield
        sys.stdout.flush()
    finally:
        os.dup2(kept, 1)
        os.close(kept)


def _reason(error: BaseException) -> str:
    """What an exception says, in a line; some say no more than a missing key."""
    line = re.sub(r"^Error\(s\) in loading state_dict for \w+: ", "", first_line(error)).rstrip(".")
    if isinstance(error, ImportError):
        return f"it needs a library that is not installed: {line}; install it, or take a model without that"
    if line and (isinstance(error, OSError | ValueError | RuntimeError) or type(error) is Exception):
        return line
    return f"its files do not fit together ({type(error).__name__}: {line}); download or copy them again"


def first_line(error: object) -> str:
    """The first line of a message, and the next where that only announces it."""
    lines = [line.strip() for line in str(error).split("\n") if line.strip()]
    return " ".join(lines[: 2 if lines and lines[0].endswith(":") else 1])
