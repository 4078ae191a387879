"""The header of a safetensors file: what is in it, and whether the file ends where it says.

A little-endian number of 8 bytes, the length of the JSON that follows (tensor -> dtype, shape and
data_offsets); then the data.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from ontarget.errors import UserError

_LENGTH = 8  # bytes of the number at the beginning
_LONGEST = 100_000_000  # bytes of a header, as the library has it


def check_safetensors(file: Path) -> None:
    """Looks whether a file is whole.

    Raises:
        UserError: it is cut or damaged, or something else.
    """
    size = file.stat().st_size
    with file.open("rb") as opened:
        length = int.from_bytes(opened.read(_LENGTH), "little")
        if size < _LENGTH or length > _LONGEST:
            raise UserError(_damaged(file, "it does not begin like one"))
        if size < _LENGTH + length:
            raise UserError(_cut(file, size, _LENGTH + length))
        header = opened.read(length)
    end = _LENGTH + length + _data_bytes(file, header)
    if size < end:
        raise UserError(_cut(file, size, end))
    if size > end:
        raise UserError(_damaged(file, f"it has {size - end:,} bytes more than its header names"))


def _data_bytes(file: Path, header: bytes) -> int:
    """How many bytes of tensors a header names."""
    try:
        tensors = {name: of for name, of in json.loads(header).items() if name != "__metadata__"}
        ends = [of["data_offsets"][1] for of in tensors.values() if isinstance(of, Mapping)]
        if len(ends) == len(tensors) and all(isinstance(end, int) for end in ends):
            return max(ends, default=0)
    except (ValueError, AttributeError, LookupError, TypeError, RecursionError):
        pass  # said below
    raise UserError(_damaged(file, "its header cannot be read"))


def _cut(file: Path, size: int, end: int) -> str:
    return (
        f"'{file}' is cut off: it has {size:,} bytes, and its header names {end:,} or more; "
        "download or copy the file again"
    )


def _damaged(file: Path, why: str) -> str:
    return f"'{file}' is damaged, or not a safetensors file: {why}; download or copy the file again"
