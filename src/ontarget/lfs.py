"""Detects Git LFS pointers, the small text files that replace large files in a clone without Git LFS."""

import re

from ontarget.errors import UserError


def require_no_pointer(start: bytes, name: str) -> None:
    """Rejects a Git LFS pointer; `start` is the first bytes of a file, `name` its name in messages.

    Raises:
        UserError: the file is a pointer.
    """
    if start.startswith(b"version https://git-lfs.github.com/spec/"):
        size = re.search(rb"\nsize (\d+)", start)
        of = f" of {int(size[1]):,} bytes" if size else ""
        raise UserError(
            f"{name} is a Git LFS pointer to a file{of}; run 'git lfs pull' in its folder, "
            "or download the file"
        )
