"""Reads line-aligned text files, one per language and split, compressed or not."""

from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

from ontarget.corpora.corpus import Corpus, Part, without_line_breaks
from ontarget.corpora.file_names import path_of
from ontarget.corpora.opening import BYTE_ORDER_MARK, not_utf8, opened, require_narrow
from ontarget.errors import UserError, counted
from ontarget.languages import Language


def load(name: str, patterns: Mapping[str, str], languages: Sequence[Language]) -> Corpus:
    """Reads a corpus from files whose lines are aligned across languages.

    Args:
        name: the name of the corpus in messages.
        patterns: split -> path with `{language}`; `~` and variables such as `$ONTARGET_DATA` are expanded.
        languages: the languages to read.

    Raises:
        UserError: a file is missing, empty, broken or not UTF-8, the numbers of lines differ, or a variable
            is not set.
    """
    splits: dict[str, list[Part]] = {}
    line_breaks: dict[str, int] = {}
    for split, pattern in patterns.items():
        paths = {language: path_of(pattern, language) for language in languages}
        lines = {language: read_lines(path) for language, path in paths.items()}
        for first, other in pairwise(languages):
            if len(lines[first]) != len(lines[other]):
                raise UserError(
                    f"corpus '{name}', split '{split}': '{paths[first]}' has "
                    f"{counted(len(lines[first]), 'line')} but '{paths[other]}' has {len(lines[other])}; "
                    "line n of both must be the same segment"
                )
        splits[split], line_breaks[split] = without_line_breaks([Part(lines)])
    return Corpus(name, splits, line_breaks=line_breaks)


def read_lines(path: Path) -> list[str]:
    """The lines of a UTF-8 text file, compressed or not, without their ends.

    Lines end only at LF or CR LF. U+2028, U+0085, form feeds and single CRs are kept in lines; they become
    spaces later, when lines become segments (see text.py).

    Raises:
        UserError: the file is missing, empty, broken, or not UTF-8, or its lines end with CR alone, as on old
            Macs; the message says where.
    """
    with opened(path) as file:
        data = file.read()
    return decode_lines(data, f"'{path}'")


def decode_lines(data: bytes, name: str) -> list[str]:
    """The lines of UTF-8 text in memory, as in `read_lines`; `name` is its name in messages.

    Raises:
        UserError: the text is empty, or is not UTF-8.
    """
    return list(lines_in(BytesIO(data), name))


def lines_of(path: Path) -> Iterator[str]:
    """The lines of `read_lines`, streamed, for files of any size.

    Raises:
        UserError: as in `read_lines`.
    """
    with opened(path) as file:
        yield from lines_in(file, f"'{path}'")


def lines_in(file: BinaryIO, name: str) -> Iterator[str]:
    """The lines of a UTF-8 stream, as in `read_lines`; `name` is its name in messages.

    Raises:
        UserError: as in `read_lines`.
    """
    offset, found, line = 0, 0, ""
    for number, data in enumerate(file, start=1):
        if number == 1:
            require_narrow(data, name)
        text = data.removeprefix(BYTE_ORDER_MARK) if number == 1 else data
        try:
            line = text.decode("utf-8")
        except UnicodeDecodeError as error:
            place = error.start + len(data) - len(text)
            raise not_utf8(name, number, offset + place, data[place]) from None
        offset += len(data)
        if line:
            found += 1
            yield line.removesuffix("\n").removesuffix("\r")
    if found == 1 and "\n" not in line and "\r" in line.rstrip("\r"):
        raise UserError(
            f"the lines of {name} end with CR only; convert them, e.g. tr '\\r' '\\n' < old.txt > new.txt"
        )
    if not found:
        raise UserError(f"{name} is empty; it must have one segment per line")
