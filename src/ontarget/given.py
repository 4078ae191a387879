"""Checks arguments from Python; the error message for a wrong argument is one sentence.

A string is a sequence of its letters, and a mapping or a data frame is an iterable of its keys. Without these
checks they would be scored silently as lists of texts.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from math import isfinite
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from ontarget.errors import UserError, counted, nearest

_SHOWN = 60  # characters of a value in a message
_TOGETHER = 1000  # items that are checked at once
_STRINGS = "strings, one for each segment"


def several(given: Any, what: str, of: str = _STRINGS) -> Iterator[Any]:
    """An iterator over a list, an array, a series or a stream.

    Args:
        given: the argument.
        what: its name in messages, such as `hypotheses`.
        of: the expected items in messages.
    Raises:
        UserError: the argument is a single value, or a collection without an order.
    """
    if isinstance(given, str | bytes | bytearray):  # these are also sequences, of letters and of numbers
        is_text = isinstance(given, str)
        kind = "one string" if is_text else "bytes, not text"
        raise UserError(f"the {what} are {kind}; give a list of {of}")
    rows = getattr(given, "ndim", 1)  # an array, a series or a frame
    if isinstance(given, Mapping | Set) or not isinstance(given, Iterable) or rows != 1:
        raise UserError(f"the {what} are {shown(given)}; give a list of {of}")
    return iter(given)


def text(given: Any, one: str, number: int | None = None, empty: str = "text") -> str:
    """Returns the argument if it is a string that can be encoded as UTF-8.

    Args:
        given: the argument, or an item of the argument.
        one: its name in messages, such as `hypothesis`.
        number: the number of the item, from 0.
        empty: the name of an empty string in messages.
    Raises:
        UserError: it is something else, such as None, NaN or bytes, or has half of a surrogate pair.
    """
    which = one if number is None else f"{one} {number}"
    if not isinstance(given, str):
        raise UserError(f"{which} is {shown(given)}, not a string; an empty {empty} is ''")
    if not given.isascii():
        try:
            given.encode("utf-8")
        except UnicodeEncodeError as error:
            raise UserError(
                f"{which} has half of a surrogate pair, {given[error.start]!r}, at position {error.start}; "
                "decode the text again from its bytes"
            ) from None
    return given


def texts(given: Any, what: str, one: str, *, begin: int = 0, empty: str = "text") -> list[str]:
    """A list of strings, from any ordered collection.

    Args:
        given: the argument.
        what: its name in messages, such as `hypotheses`.
        one: the name of one item, such as `hypothesis`.
        begin: the number of the first item.
        empty: the name of an empty string in messages.
    Raises:
        UserError: the argument is a single value, or an item is not text; the message has the item's number.
    """
    items = list(several(given, what))
    for start in range(0, len(items), _TOGETHER):
        some = items[start : start + _TOGETHER]
        try:
            "".join(some).encode("utf-8")  # all of them at once, since hardly any list has a wrong item
        except (TypeError, UnicodeEncodeError):
            for number, item in enumerate(some, start=begin + start):
                text(item, one, number, empty)
    return items


def hypotheses(given: Any, begin: int = 0) -> list[str]:
    """A list of hypotheses, see `texts`."""
    return texts(given, "hypotheses", "hypothesis", begin=begin, empty="hypothesis")


def references(given: Any) -> list[str]:
    """A list of references, see `texts`."""
    return texts(given, "references", "reference")


def aligned(lines: Sequence[object], what: str, n: int) -> None:
    """Checks that there is one line for each of `n` hypotheses.

    Args:
        lines: the lines.
        what: the name of one line in messages, such as `source`.
        n: number of hypotheses.
    Raises:
        UserError: the numbers differ.
    """
    if len(lines) != n:
        raise UserError(
            f"{counted(n, 'hypothesis', 'hypotheses')} but {counted(len(lines), what)}; "
            "they must be aligned line by line"
        )


def choice(given: Any, what: str, choices: Sequence[str]) -> None:
    """Checks that a setting is one of two or more names.

    Raises:
        UserError: it is something else; the message has the nearest name.
    """
    if given not in choices:
        hint = nearest(str(given), choices)
        raise UserError(f"{what} {shown(given)} is neither {' nor '.join(choices)}{hint}")


def numbers(given: Any, what: str, one: str) -> list[float]:
    """A list of finite numbers.

    Raises:
        UserError: the argument is not a list, or an item is not a finite number; the message has its number,
            from 0.
    """
    items = list(several(given, what, of="numbers, one for each segment"))
    for number, item in enumerate(items):
        if not isinstance(item, Real) or not isfinite(item):
            raise UserError(f"{one} {number} is {shown(item)}, not a number; remove the segment")
    return [float(item) for item in items]


def count(given: Any, what: str) -> int:
    """A whole number of at least 1.

    Raises:
        UserError: the argument is something else.
    """
    if not isinstance(given, Integral) or isinstance(given, bool) or given < 1:
        raise UserError(f"{what} must be a whole number of at least 1, not {shown(given)}")
    return int(given)


def progress(given: Any, hint: str = "give a function of two numbers") -> Any:
    """A function that is called with the number of finished texts and the number of all, or None.

    Raises:
        UserError: the argument is something else; the message has the hint.
    """
    if given is not None and not callable(given):
        raise UserError(f"progress is {shown(given)}; {hint}")
    return given


def place(given: Any, what: str) -> str | Path:
    """A path or a name.

    Raises:
        UserError: the argument is empty, or something else, such as None or bytes.
    """
    if not isinstance(given, str | Path) or not str(given).strip() or "\0" in str(given):
        raise UserError(f"{what} is {shown(given)}; give a path or a name")
    return given


def shown(value: object) -> str:
    """A value for a message: its `repr` in one line, shortened if necessary."""
    text = " ".join(repr(value).split())
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
