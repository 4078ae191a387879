"""String tables in JSON: all values that are strings are text, names and structure stay."""

import json
import re
from pathlib import Path

from ontarget.documents.parts import Slot, Unit, lines_apart, parts_of, written_whole
from ontarget.documents.text_file import LineNumbers, TextDocument, decoded
from ontarget.errors import UserError

_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')  # in valid JSON, each quotation mark begins or ends a string
_IS_NAME = re.compile(r"\s*:")


def read_json(data: bytes, path: Path) -> TextDocument:
    """A JSON file.

    Raises:
        UserError: it is not valid JSON.
    """
    file = decoded(data, path)
    try:
        json.loads(file.text)
    except json.JSONDecodeError as error:
        raise UserError(
            f"'{path}', line {error.lineno}, column {error.colno}: not valid JSON ({error.msg})"
        ) from None
    except RecursionError:
        raise UserError(f"'{path}' is nested too deeply") from None
    except ValueError:
        raise UserError(f"'{path}': not valid JSON (a number has too many digits)") from None
    write = written_whole(_escaped_ascii if file.text.isascii() and "\\u" in file.text else _escaped)
    lines, slots = LineNumbers(file.text), list[Slot]()
    for found in _STRING.finditer(file.text):
        if found[1] and not _IS_NAME.match(file.text, found.end()):
            parts = parts_of(lines_apart(str(json.loads(found[0], strict=False))))
            slots.append(Slot(*found.span(1), Unit(parts, lines.at(found.start())), write))
    return TextDocument(file, slots)


def _escaped(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _escaped_ascii(text: str) -> str:
    return json.dumps(text)[1:-1]
