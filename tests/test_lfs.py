import pytest

from ontarget.errors import UserError
from ontarget.lfs import require_no_pointer

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"ab" * 32


def test_a_pointer_is_told_with_the_size_of_its_file() -> None:
    with pytest.raises(UserError, match=r"^x is a Git LFS pointer to a file of 1,300 bytes; run"):
        require_no_pointer(POINTER + b"\nsize 1300\n", "x")
    with pytest.raises(UserError, match=r"^x is a Git LFS pointer to a file; run 'git lfs pull'"):
        require_no_pointer(POINTER, "x")


@pytest.mark.parametrize("start", [b"", b"version 1", b"Read version https://git-lfs.github.com/spec/v1"])
def test_other_text_is_left_alone(start: bytes) -> None:
    require_no_pointer(start, "x")
