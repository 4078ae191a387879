"""Git LFS pointers: small text files that a clone without Git LFS has in the place of large ones."""

import re

from ontarget.errors import UserError


def require_no_pointer(start: bytes, name: str) -> None:
    """Refuses what Git LFS leaves in the place of a large file; `start` are its first bytes.

    Raises:
        UserError: it is such a pointer.
    """
    if start.startswith(b"version https://git-lfs.github.com/spec/"):
        size = re.search(rb"\nsize (\d+)", start)
        of = f" of {int(size[1]):,} bytes" if size else ""
        raise UserError(
            f"{name} is a Git LFS pointer, which stands for a file{of}: run 'git lfs pull' in its folder, "
            "or download the file"
        )
