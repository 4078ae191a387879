import json
from pathlib import Path

import pytest

from ontarget.checkpoints.safetensors import check_safetensors, numbers_in
from ontarget.errors import UserError


def file_of(folder: Path, header: object, data: bytes = b"", length: int | None = None) -> Path:
    text = json.dumps(header).encode() if not isinstance(header, bytes) else header
    path = folder / "x.safetensors"
    path.write_bytes((len(text) if length is None else length).to_bytes(8, "little") + text + data)
    return path


ONE = {"__metadata__": {"format": "pt"}, "a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}


def test_a_whole_file_is_let_be(tmp_path: Path) -> None:
    check_safetensors(file_of(tmp_path, ONE, bytes(8)))
    check_safetensors(file_of(tmp_path, {}))  # none of its own, as the library writes it


def test_the_numbers_of_all_tensors_are_counted(tmp_path: Path) -> None:
    header = ONE | {"b": {"dtype": "F16", "shape": [3, 5], "data_offsets": [8, 38]}}
    header["c"] = {"dtype": "F32", "shape": [], "data_offsets": [38, 42]}  # a single number
    assert numbers_in(file_of(tmp_path, header, bytes(42))) == 2 + 15 + 1


def test_what_the_library_writes_is_whole(tmp_path: Path) -> None:
    numpy = pytest.importorskip("safetensors.numpy")
    import numpy as np

    numpy.save_file({"b": np.zeros((3, 5)), "a": np.zeros(7, dtype=np.float16)}, tmp_path / "x.safetensors")
    check_safetensors(tmp_path / "x.safetensors")


def test_a_file_that_is_cut_says_how_much_is_missing(tmp_path: Path) -> None:
    whole = file_of(tmp_path, ONE, bytes(8)).read_bytes()
    for size in (len(whole) - 1, len(whole) - 8, 20, 8):
        (tmp_path / "x.safetensors").write_bytes(whole[:size])
        with pytest.raises(UserError, match=rf"x\.safetensors' is cut off: it has {size} bytes"):
            check_safetensors(tmp_path / "x.safetensors")


@pytest.mark.parametrize(
    ("header", "data", "why"),
    [
        (ONE, bytes(9), "1 bytes more than its header names"),
        (b"{", b"", "its header cannot be read"),
        (b"[1]", b"", "its header cannot be read"),
        ({"a": 1}, b"", "its header cannot be read"),
        ({"a": {"data_offsets": [0]}}, b"", "its header cannot be read"),
        ({"a": {"data_offsets": [0, "8"]}}, b"", "its header cannot be read"),
        (b"\xff\xfe", b"", "its header cannot be read"),
    ],
)
def test_anything_else_is_damaged(tmp_path: Path, header: object, data: bytes, why: str) -> None:
    with pytest.raises(UserError, match=f"is damaged, or not a safetensors file: .*{why}"):
        check_safetensors(file_of(tmp_path, header, data))


@pytest.mark.parametrize("text", ["version", "<html>a login page</html>"])
def test_text_is_damaged(tmp_path: Path, text: str) -> None:
    (tmp_path / "x").write_text(text)
    with pytest.raises(UserError, match="it does not begin like one"):
        check_safetensors(tmp_path / "x")
