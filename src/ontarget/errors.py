"""The exception for users' mistakes, and hints for misspelt words."""

from collections.abc import Iterable
from difflib import get_close_matches


class UserError(Exception):
    """A mistake in the user's input: one sentence with the mistake, its place and the remedy.

    The command line prints it without a traceback and exits with code 2; in Python it is an ordinary
    exception.
    """


def nearest(word: str, known: Iterable[str]) -> str:
    """Returns `, did you mean 'x' or 'y'?` for the known words closest to `word`, or an empty string."""
    options = {option.lower(): option for option in known}
    close = [repr(options[match]) for match in get_close_matches(word.lower(), options, n=3, cutoff=0.5)]
    return f"; did you mean {' or '.join(close)}?" if close else ""


def excerpt(text: str, longest: int = 40) -> str:
    """Returns a user's text for a message: what is too long loses its middle, and halves of pairs are `?`.

    Args:
        text: the text.
        longest: number of characters to keep.
    """
    text = text.encode("utf-8", "replace").decode()
    end = longest // 4
    return text if len(text) <= longest else f"{text[: longest - end]}…{text[-end:]}"


def counted(number: int, noun: str, plural: str = "") -> str:
    """Returns a number with its noun: `1 line`, `2 lines`; `plural` is for nouns with an irregular plural."""
    return f"{number} {noun if number == 1 else plural or f'{noun}s'}"
