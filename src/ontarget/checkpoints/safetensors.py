"""Reads the header of a safetensors file: whether the file is complete, and how many numbers it holds.

The file begins with a little-endian number of 8 bytes: the length of the header. The header is JSON, with
dtype, shape and data_offsets of each tensor. The data follow.
"""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ontarget.errors import UserError

_LENGTH = 8  # bytes of the number at the beginning
_LONGEST = 100_000_000  # bytes of a header; the limit of the library


def check_safetensors(file: Path) -> None:
    """Checks that a file is complete.

    Raises:
        UserError: the file is cut off, damaged, or not a safetensors file.
    """
    size = file.stat().st_size
    length, tensors = _header(file, size)
    end = _LENGTH + length + _data_bytes(file, tensors)
    if size < end:
        raise UserError(_cut(file, size, end))
    if size > end:
        raise UserError(_damaged(file, f"it has {size - end:,} bytes more than its header names"))


def numbers_in(file: Path) -> int:
    """The number of values in all tensors of a file.

    Raises:
        UserError: its header is damaged.
    """
    _, tensors = _header(file, file.stat().st_size)
    try:
        return sum(math.prod(of["shape"]) for of in tensors.values())
    except (LookupError, TypeError):
        raise UserError(_damaged(file, "its header cannot be read")) from None


def _header(file: Path, size: int) -> tuple[int, dict[str, Any]]:
    """The length of the header in bytes, and tensor -> its description."""
    with file.open("rb") as opened:
        length = int.from_bytes(opened.read(_LENGTH), "little")
        if size < _LENGTH or length > _LONGEST:
            raise UserError(_damaged(file, "it does not begin like one"))
        if size < _LENGTH + length:
            raise UserError(_cut(file, size, _LENGTH + length))
        header = opened.read(length)
    try:
        return length, {name: of for name, of in json.loads(header).items() if name != "__metadata__"}
    except (ValueError, AttributeError, RecursionError):
        raise UserError(_damaged(file, "its header cannot be read")) from None


def _data_bytes(file: Path, tensors: Mapping[str, Any]) -> int:
    """The number of bytes of tensors that a header names."""
    try:
        ends = [of["data_offsets"][1] for of in tensors.values() if isinstance(of, Mapping)]
        if len(ends) == len(tensors) and all(isinstance(end, int) for end in ends):
            return max(ends, default=0)
    except (LookupError, TypeError):
        pass  # reported below
    raise UserError(_damaged(file, "its header cannot be read"))


def _cut(file: Path, size: int, end: int) -> str:
    return (
        f"'{file}' is cut off: it has {size:,} bytes, and its header names {end:,} or more; "
        "download or copy the file again"
    )


def _damaged(file: Path, why: str) -> str:
    return f"'{file}' is damaged, or not a safetensors file: {why}; download or copy the file again"
