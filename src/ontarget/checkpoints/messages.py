"""Messages about loading models: one sentence for each error, and warnings given once."""

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


@lru_cache(maxsize=64)  # stages and systems may load a model many times
def warn_once(sentence: str) -> None:
    """Logs a warning once in a process."""
    _LOG.warning("%s", sentence)


@contextmanager
def as_user_error(what: str, place: Path | str) -> Iterator[None]:
    """Turns any exception into a `UserError` of one sentence while a user's files are read.

    Transformers, tokenizers, safetensors, PEFT and json raise many kinds of exceptions, because a damaged
    file may fail anywhere.

    Args:
        what: the kind of file, such as `tokenizer`.
        place: the model, as the user named it.
    Raises:
        UserError: the files could not be loaded; the message gives the reason.
    """
    try:
        yield
    except UserError:
        raise
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":  # of Rust
            raise
        hub = "" if isinstance(place, Path) else ", which is not a directory here, from the Hugging Face Hub"
        raise UserError(f"cannot load the {what} '{place}'{hub}: {_reason(error)}") from error


@contextmanager
def nothing_on_standard_output() -> Iterator[None]:
    """Redirects standard output to standard error for a while.

    The Rust code of tokenizers prints notices to file descriptor 1, where translations go.
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
    """The message of an exception in one line; some messages are only a missing key."""
    line = re.sub(r"^Error\(s\) in loading state_dict for \w+: ", "", first_line(error)).rstrip(".")
    if isinstance(error, ImportError):
        return f"it needs a library that is not installed: {line}; install it, or use another model"
    if line and (isinstance(error, OSError | ValueError | RuntimeError) or type(error) is Exception):
        return line
    return f"its files do not fit together ({type(error).__name__}: {line}); download or copy them again"


def first_line(error: object) -> str:
    """The first line of a message, and the second if the first ends with a colon."""
    lines = [line.strip() for line in str(error).split("\n") if line.strip()]
    return " ".join(lines[: 2 if lines and lines[0].endswith(":") else 1])
