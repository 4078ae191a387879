"""What a caller from Python gives: it is what it should be, or one sentence says what it is instead.

A string is a sequence of strings, its letters, and a mapping or a data frame is one of its keys: taken for
lists of texts, they would be scored in silence.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from math import isfinite
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from ontarget.errors import UserError, counted, nearest

_SHOWN = 60  # characters of a value in a message
_STRINGS = "strings, one for each segment"


def several(given: Any, what: str, of: str = _STRINGS) -> Iterator[Any]:
    """An iterator over what may be a list, an array, a series or a stream.

    Args:
        given: what was passed.
        what: in messages: `hypotheses`.
        of: what a list of them would hold.
    Raises:
        UserError: it is one value, or a collection without an order of its own.
    """
    if isinstance(given, str | bytes | bytearray):  # sequences as well: of letters and of numbers
        is_text = isinstance(given, str)
        kind = "one string" if is_text else "bytes, not text"
        raise UserError(f"the {what} are {kind}; give a list of {of}")
    rows = getattr(given, "ndim", 1)  # an array, a series or a frame
    if isinstance(given, Mapping | Set) or not isinstance(given, Iterable) or rows != 1:
        raise UserError(f"the {what} are {shown(given)}; give a list of {of}")
    return iter(given)


def text(given: Any, one: str, number: int | None = None, empty: str = "text") -> str:
    """The same string, if it is one that can be written as UTF-8.

    Args:
        given: what was passed, or an item of it.
        one: in messages: `hypothesis`.
        number: which of several, from 0.
        empty: what an empty string is called.
    Raises:
        UserError: it is something else, such as None, NaN or bytes; or it holds half a character.
    """
    which = one if number is None else f"{one} {number}"
    if not isinstance(given, str):
        raise UserError(f"{which} is {shown(given)}, not a string; an empty {empty} is ''")
    if not given.isascii():
        try:
            given.encode("utf-8")
        except UnicodeEncodeError as error:
            raise UserError(
                f"{which} holds half a character, {given[error.start]!r}, at position {error.start}; "
                "decode the text again from its bytes"
            ) from None
    return given


def texts(given: Any, what: str, one: str, *, begin: int = 0, empty: str = "text") -> list[str]:
    """A list of strings, from whatever holds several in an order.

    Args:
        given: what was passed.
        what: in messages, of all: `hypotheses`.
        one: of one: `hypothesis`.
        begin: how many came before.
        empty: what an empty string is called.
    Raises:
        UserError: it is one value, or one of the items is not text; names the item, counted from 0.
    """
    items = enumerate(several(given, what), start=begin)
    return [text(item, one, number, empty) for number, item in items]


def hypotheses(given: Any, begin: int = 0) -> list[str]:
    """What a system has answered, as `texts` has it."""
    return texts(given, "hypotheses", "hypothesis", begin=begin, empty="answer")


def references(given: Any) -> list[str]:
    """Right answers, as `texts` has them."""
    return texts(given, "references", "reference")


def aligned(lines: Sequence[object], what: str, n: int) -> None:
    """Checks that there is one for each of `n` hypotheses.

    Args:
        lines: what belongs to the hypotheses, line by line.
        what: in messages, one of them: `source`.
        n: how many hypotheses there are.
    Raises:
        UserError: there are more, or fewer.
    """
    if len(lines) != n:
        raise UserError(
            f"{counted(n, 'hypothesis', 'hypotheses')} but {counted(len(lines), what)}; "
            "they must be aligned line by line"
        )


def choice(given: Any, what: str, choices: Sequence[str]) -> None:
    """Checks that a setting is one of two or more names.

    Raises:
        UserError: it is something else; names the nearest.
    """
    if given not in choices:
        hint = nearest(str(given), choices)
        raise UserError(f"{what} {shown(given)} is neither {' nor '.join(choices)}{hint}")


def numbers(given: Any, what: str, one: str) -> list[float]:
    """A list of finite numbers.

    Raises:
        UserError: it is not a list, or an item is not a number, or is NaN; names the item, counted from 0.
    """
    items = list(several(given, what, of="numbers, one for each segment"))
    for number, item in enumerate(items):
        if not isinstance(item, Real) or not isfinite(item):
            raise UserError(f"{one} {number} is {shown(item)}, not a number; leave the segment out")
    return [float(item) for item in items]


def count(given: Any, what: str) -> int:
    """A whole number from 1.

    Raises:
        UserError: it is something else.
    """
    if not isinstance(given, Integral) or isinstance(given, bool) or given < 1:
        raise UserError(f"{what} must be a whole number of at least 1, not {shown(given)}")
    return int(given)


def place(given: Any, what: str) -> str | Path:
    """A path or a name.

    Raises:
        UserError: it is something else, such as None or bytes, or empty.
    """
    if not isinstance(given, str | Path) or not str(given).strip() or "\0" in str(given):
        raise UserError(f"{what} is {shown(given)}; give a path or a name")
    return given


def shown(value: object) -> str:
    """A value in a message: as Python writes it, in one line and not too long."""
    said = " ".join(repr(value).split())
    return said if len(said) <= _SHOWN else f"{said[:_SHOWN]}…"
