"""Reads JSON lists and JSON lines from text files; their beginning distinguishes them from plain text."""

import json
import re
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from typing import Any

from ontarget.errors import UserError

Records = Iterator[tuple[str, Any]]
"""Each record with its place in the file, for messages."""

_NAMED = re.compile(r"\.(json|jsonl|ndjson)(\.\w+)?$", re.IGNORECASE)
_RECORD = re.compile(r'\{\s*"')
_LIST = re.compile(r'\[\s*(["\[{\]]|$)')
_LIST_OF_RECORDS = re.compile(r'\s*\[\s*\{\s*"')
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_LOOK = 100  # lines searched for the beginning of text, since a file may have only blank lines


def parsed(text: str, where: str, remedy: str = "write one JSON object per line") -> Any:
    """The value of a JSON text; `where` and `remedy` are the beginning and end of error messages.

    Raises:
        UserError: the text is not JSON, an object has a key twice, or the text has half of a surrogate pair.
    """
    try:
        value = json.loads(text, object_pairs_hook=_unique)
    except _TwiceError as twice:
        raise UserError(f"{where}: the key '{twice}' occurs twice; remove one of them") from None
    except json.JSONDecodeError as error:
        line = f", line {error.lineno}" if "\n" in text else ""
        what = error.msg.removesuffix(" starting at")
        raise UserError(f"{where}{line}: not JSON ({what}, column {error.colno}); {remedy}") from None
    except ValueError:
        raise UserError(f"{where}: a number has thousands of digits; write it as text, in quotes") from None
    except RecursionError:
        raise UserError(f"{where}: the JSON is nested too deeply; {remedy}") from None
    if _SURROGATE.search(text) and _has_surrogate(value):
        raise UserError(
            f"{where}: half of a surrogate pair (\\ud800 to \\udfff) is not a character; "
            "write the whole pair, or the character itself"
        )
    return value


def named_json(name: str) -> bool:
    """Whether a file name ends like JSON, compressed or not."""
    return bool(_NAMED.search(name))


def text_or_records(
    lines: Iterable[str], name: str, *, surely: bool = False
) -> tuple[Iterator[str], Records | None]:
    """The lines and None for plain text; no lines and the records for JSON.

    JSON lines are streamed; a list is read into memory as a whole. Blank lines between records are skipped.

    Args:
        lines: the lines of the file.
        name: the file's name in messages.
        surely: the file's name says JSON, so any other content is a mistake.
    Raises:
        UserError: the file begins like JSON but is broken; or, while records are read, a line is not JSON.
    """
    rest = iter(lines)
    begun = list(islice(rest, _LOOK))
    start = next((line.lstrip() for line in begun if line.strip()), "")
    everything = chain(begun, rest)
    if _LIST.match(start) or start.rstrip() == "{":
        every = list(everything)
        found = _whole(every, name, surely)
        return iter(every if found is None else ()), found
    if _RECORD.match(start) or surely:
        return iter(()), _by_line(everything, name)
    return everything, None


def _whole(lines: list[str], name: str, surely: bool) -> Records | None:
    """The items of a list; None if the lines are text in brackets."""
    text = "\n".join(lines)
    try:
        value = parsed(text, name, "write a list of records, or one JSON object per line")
    except UserError:
        if surely or _LIST_OF_RECORDS.match(text):
            raise
        return None
    if not isinstance(value, list):
        raise UserError(
            f"{name} is one JSON object over several lines; write a list of records, or one object per line"
        )
    return ((f"{name}, record {number}", record) for number, record in enumerate(value, start=1))


def _by_line(lines: Iterator[str], name: str) -> Records:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            where = f"{name}, line {number}"
            yield where, parsed(line, where)


class _TwiceError(Exception):
    """An object has a key twice: JSON readers would silently use one of the two values."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise _TwiceError(next(key for key in keys if keys.count(key) > 1))
    return found


def _has_surrogate(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False
