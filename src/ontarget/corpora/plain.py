"""Line-aligned text files, one per language and split, plain or gzip."""

import gzip
import hashlib
import os
import re
import zlib
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from ontarget.corpora.corpus import Corpus
from ontarget.errors import UserError, nearest
from ontarget.languages import Language

_GZIP_MAGIC = b"\x1f\x8b"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def load(name: str, patterns: Mapping[str, str], languages: Sequence[Language]) -> Corpus:
    """Reads a corpus from files whose lines are aligned across languages.

    Args:
        name: what messages call the corpus.
        patterns: split -> path with `{language}` in it; `~`, `$ONTARGET_DATA` and the like are expanded.
        languages: those to read.

    Raises:
        UserError: a file is missing, empty, broken or not UTF-8; line counts differ; a variable is not set.
    """
    splits: dict[str, dict[Language, list[str]]] = {}
    for split, pattern in patterns.items():
        paths = {language: path_of(pattern, language) for language in languages}
        lines = {language: read_lines(path) for language, path in paths.items()}
        for first, other in pairwise(languages):
            if len(lines[first]) != len(lines[other]):
                raise UserError(
                    f"corpus '{name}', split '{split}': '{paths[first]}' has {len(lines[first])} lines but "
                    f"'{paths[other]}' has {len(lines[other])}; line n of both must be the same segment"
                )
        splits[split] = lines
    return Corpus(name, splits)


def read_lines(path: Path) -> list[str]:
    """The lines of a UTF-8 text file, gzip or not, without their ends.

    Lines end at LF (or CR LF) alone: U+2028, U+0085, form feeds and lone CRs are part of the text.

    Raises:
        UserError: the file is missing, empty, broken gzip, or not UTF-8; the message says where.
    """
    return decode_lines(_content(path), f"'{path}'")


def decode_lines(data: bytes, name: str) -> list[str]:
    """The lines of UTF-8 text in memory, as `read_lines` has them; `name` is what messages call it.

    Raises:
        UserError: there is nothing, or it is not UTF-8.
    """
    text = data.removeprefix(_BYTE_ORDER_MARK)
    if not text:
        raise UserError(f"{name} is empty; it must hold one segment a line")
    try:
        lines = text.decode("utf-8").removesuffix("\n").split("\n")
    except UnicodeDecodeError as error:
        offset = error.start + len(data) - len(text)
        line = data.count(b"\n", 0, offset) + 1
        raise UserError(
            f"{name} is not UTF-8: line {line}, byte {offset} of the text is 0x{data[offset]:02x}; "
            "convert the file, e.g. iconv -f latin1 -t utf-8"
        ) from None
    return [line.removesuffix("\r") for line in lines]


def fingerprint(patterns: Mapping[str, str], languages: Sequence[Language]) -> str:
    """The SHA-256 of what the files hold: it changes with their bytes, not with the folder they lie in.

    Raises:
        UserError: a file is missing or cannot be read.
    """
    whole = hashlib.sha256()
    for split, pattern in sorted(patterns.items()):
        for language in sorted(languages):
            digest = hashlib.sha256(_bytes(path_of(pattern, language))).hexdigest()
            whole.update(f"{split} {language} {digest}\n".encode())
    return whole.hexdigest()


def path_of(pattern: str, language: Language) -> Path:
    """The file of one language: variables, `~` and `{language}` of the pattern filled in.

    Raises:
        UserError: the pattern has no `{language}`, or names a variable that is not set.
    """
    if "{language}" not in pattern:
        raise UserError(f"the path '{pattern}' needs {{language}} where the language's code stands")
    return Path(_expanded(pattern.replace("{language}", str(language)))).expanduser()


def _expanded(pattern: str) -> str:
    def value(match: re.Match[str]) -> str:
        variable = match[1] or match[2]
        if not os.environ.get(variable):
            raise UserError(
                f"the path '{pattern}' needs the environment variable {variable}, which is not set; "
                f"set it to the folder that holds your data, e.g. export {variable}=$HOME/data"
            )
        return os.environ[variable]

    return re.sub(r"\$(?:(\w+)|\{(\w+)\})", value, pattern)


def _content(path: Path) -> bytes:
    """What the file holds, decompressed if its first bytes say that it is gzip, whatever its name says."""
    data = _bytes(path)
    if not data.startswith(_GZIP_MAGIC):
        return data
    try:
        return gzip.decompress(data)
    except (EOFError, OSError, zlib.error) as error:
        raise UserError(f"'{path}' is a broken gzip file ({error}); copy or download it again") from None


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise UserError(_missing(path)) from None
    except OSError as error:
        raise UserError(f"cannot read '{path}': {error.strerror}") from None


def _missing(path: Path) -> str:
    if path.parent.is_dir():
        return f"there is no file '{path}'{nearest(path.name, [p.name for p in path.parent.iterdir()])}"
    return f"there is no file '{path}': its folder '{path.parent}' does not exist"
