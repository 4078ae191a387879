import errno
import os
import stat
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ontarget.errors import UserError
from ontarget.files import (
    folders_of,
    full_disk_said,
    locked,
    made_once,
    read_jsonl,
    whole_file,
    whole_folder,
    write_json,
    write_jsonl,
)


class Killed(Exception):
    """Stands for whatever ends a block before its time."""


def killed_while_writing(path: Path) -> None:
    path.write_text("half")
    raise Killed


def test_whole_file_appears_when_the_block_ends(tmp_path: Path) -> None:
    path = tmp_path / "new" / "scores.json"
    with whole_file(path) as temporary:
        temporary.write_text("new")
        assert not path.exists()
        assert temporary.parent == path.parent, "a rename is only atomic within one file system"
    assert path.read_text() == "new"
    assert list(path.parent.iterdir()) == [path]
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_a_broken_block_leaves_the_old_file_whole_and_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "scores.json"
    path.write_text("old")
    with pytest.raises(Killed), whole_file(path) as temporary:
        killed_while_writing(temporary)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_an_error_about_room_names_the_file_and_not_the_temporary_one(tmp_path: Path, number: int) -> None:
    for whole in (whole_file, whole_folder):
        path = tmp_path / whole.__name__
        with pytest.raises(OSError, match="full") as caught, whole(path):
            raise OSError(number, "full")  # as of a file object, which does not know its name
        assert caught.value.filename == str(path)
        with pytest.raises(OSError, match="full") as caught, whole(path) as temporary:
            raise OSError(number, "full", str(temporary / "inner"))
        assert caught.value.filename == str(path)
    assert list(tmp_path.iterdir()) == []


def test_an_error_about_something_else_is_not_blamed_on_the_file(tmp_path: Path) -> None:
    with pytest.raises(ConnectionResetError) as caught, whole_file(tmp_path / "x"):
        raise ConnectionResetError(errno.ECONNRESET, "reset")
    assert caught.value.filename is None
    with pytest.raises(OSError, match="full") as other, whole_file(tmp_path / "x"):
        raise OSError(errno.ENOSPC, "full", "other")
    assert other.value.filename == "other"


def test_a_broken_block_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(Killed), whole_file(tmp_path / "x"):
        raise Killed
    assert list(tmp_path.iterdir()) == []


def test_whole_folder_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "model"
    path.mkdir()
    (path / "stale.bin").write_text("old")
    with whole_folder(path) as temporary:
        (temporary / "sub").mkdir()
        (temporary / "sub" / "weights.bin").write_text("new")
        assert (path / "stale.bin").exists()
    assert [p.relative_to(path) for p in path.rglob("*") if p.is_file()] == [Path("sub/weights.bin")]
    assert list(tmp_path.iterdir()) == [path]
    assert stat.S_IMODE(path.stat().st_mode) == 0o755


def test_everybody_may_read_the_files_of_a_whole_folder(tmp_path: Path) -> None:
    with whole_folder(tmp_path / "model") as temporary:
        (temporary / "deeper").mkdir()
        for name in ("weights", "deeper/program"):
            (temporary / name).touch(mode=0o600)
        (temporary / "deeper" / "program").chmod(0o700)
    modes = [(tmp_path / "model" / name).stat().st_mode & 0o777 for name in ("weights", "deeper/program")]
    assert modes == [0o644, 0o744]


def test_a_broken_block_leaves_the_old_folder_whole_and_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "model"
    path.mkdir()
    (path / "weights.bin").write_text("old")
    with pytest.raises(Killed), whole_folder(path) as temporary:
        killed_while_writing(temporary / "weights.bin")
    assert (path / "weights.bin").read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_json_is_utf8_and_ends_in_a_newline(tmp_path: Path) -> None:
    write_json(tmp_path / "x.json", {"name": "němčina"})
    assert (tmp_path / "x.json").read_bytes() == '{\n  "name": "němčina"\n}\n'.encode()


def test_json_that_cannot_be_written_leaves_the_old_file(tmp_path: Path) -> None:
    write_json(tmp_path / "x.json", 1)
    with pytest.raises(TypeError):
        write_json(tmp_path / "x.json", object())
    assert (tmp_path / "x.json").read_text() == "1\n"
    assert len(list(tmp_path.iterdir())) == 1


@given(texts=st.lists(st.text(st.characters(codec="utf-8"))))
def test_jsonl_reads_back_whatever_the_text(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    """Line separators other than LF stay inside their row."""
    path = tmp_path_factory.getbasetemp() / "rows.jsonl"
    rows = [{"text": text, "n": n} for n, text in enumerate([*texts, "a\u2028b\x85c\rd\ne"])]
    write_jsonl(path, rows)
    assert read_jsonl(path) == rows
    assert path.read_bytes().count(b"\n") == len(rows)


def test_jsonl_of_no_rows_is_an_empty_file(tmp_path: Path) -> None:
    write_jsonl(tmp_path / "x.jsonl", [])
    assert (tmp_path / "x.jsonl").read_bytes() == b""
    assert read_jsonl(tmp_path / "x.jsonl") == []


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EDQUOT, "Disk quota exceeded"),
        Exception("Error while serializing: I/O error: No space left on device (os error 28)"),
        RuntimeError("[enforce fail at inline_container.cc:672] . unexpected pos 704 vs 598"),
        RuntimeError("basic_ios::clear: iostream error"),
    ],
    ids=["python", "quota", "safetensors", "torch", "torch, closing"],
)
def test_a_full_disk_is_one_sentence_whoever_meets_it(tmp_path: Path, error: Exception) -> None:
    said = f"the disk is full: '{tmp_path}' could not be written; free some space"
    with pytest.raises(UserError, match=said), full_disk_said(tmp_path):
        raise error


def test_a_full_disk_names_the_file_where_python_knows_it(tmp_path: Path) -> None:
    device = Path("/dev/full")
    if not device.is_char_device():
        pytest.skip("no /dev/full")
    with pytest.raises(UserError, match=str(tmp_path)), full_disk_said(tmp_path), device.open("w") as file:
        file.write("x" * 100_000)
    error = OSError(errno.ENOSPC, "No space left on device", "a/b.json")
    with pytest.raises(UserError, match=r"'a/b\.json' could not be written"), full_disk_said(tmp_path):
        raise error


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.EFBIG, "File too large", "a/b.json"),
        Exception("Error while serializing: I/O error: File too large (os error 27)"),
    ],
)
def test_a_file_that_is_larger_than_it_may_be_is_one_sentence(tmp_path: Path, error: Exception) -> None:
    said = r"could not be written: a file is larger than its disk or this shell allows; raise the limit"
    with pytest.raises(UserError, match=said), full_disk_said(tmp_path):
        raise error


@pytest.mark.parametrize(
    "error", [OSError(errno.EACCES, "Permission denied"), RuntimeError("bad"), KeyError("x")]
)
def test_other_errors_are_what_they_were(tmp_path: Path, error: Exception) -> None:
    with pytest.raises(type(error)) as caught, full_disk_said(tmp_path):
        raise error
    assert caught.value is error


def test_of_several_that_want_a_folder_one_makes_it_and_the_others_wait(tmp_path: Path) -> None:
    folder, made = tmp_path / "cache" / "x", []

    def make() -> None:
        made.append(1)
        with whole_folder(folder) as temporary:
            time.sleep(0.05)
            (temporary / "text").write_text("all of it")

    def want(_: int) -> str:
        made_once(folder, make)
        return (folder / "text").read_text()

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(want, range(8))) == ["all of it"] * 8
    assert made == [1]


def made_of(folder: Path, **files: str) -> Callable[[], None]:
    def make() -> None:
        with whole_folder(folder) as temporary:
            for name, text in files.items():
                (temporary / name).write_text(text)

    return make


def test_what_is_there_is_not_made_nor_is_anything_written(tmp_path: Path) -> None:
    made_once(tmp_path / "x", made_of(tmp_path / "x", a="1", b=""))
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    made_once(tmp_path / "x", lambda: pytest.fail("made again"))
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


@pytest.mark.parametrize("file", ["a", "b", "sizes.json"])
@pytest.mark.parametrize(
    "damage",
    [
        Path.unlink,
        lambda path: path.write_text(""),
        lambda path: path.write_text(path.read_text()[:-3]),
        lambda path: path.write_text("[1]"),
    ],
)
def test_what_is_no_longer_as_it_was_made_is_made_again(
    tmp_path: Path, file: str, damage: Callable[[Path], object]
) -> None:
    folder = tmp_path / "x"
    made_once(folder, made_of(folder, a="some", b="lines"))
    damage(folder / file)
    made_once(folder, made_of(folder, a="other", b="text"))
    assert [(folder / name).read_text() for name in "ab"] == ["other", "text"]
    made_once(folder, lambda: pytest.fail("made again"))


def test_what_could_not_be_made_is_tried_again(tmp_path: Path) -> None:
    def fails() -> None:
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        made_once(tmp_path / "x", fails)
    made_once(tmp_path / "x", (tmp_path / "x").mkdir)
    assert (tmp_path / "x").is_dir()


def test_folders_that_were_made_for_nothing_are_removed(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    with pytest.raises(Killed), whole_file(tmp_path / "there" / "a" / "b" / "file") as temporary:
        killed_while_writing(temporary)
    with pytest.raises(Killed), whole_folder(tmp_path / "c" / "folder") as temporary:
        killed_while_writing(temporary / "file")
    assert [path.name for path in tmp_path.rglob("*")] == ["there"]
    with pytest.raises(Killed), folders_of(tmp_path / "a" / "b" / "file"):
        killed_while_writing(tmp_path / "a" / "kept")
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == ["kept"]


def held_elsewhere(lock: Path) -> None:
    with pytest.raises(BlockingIOError), locked(lock, wait=False):
        pass
    assert lock.exists(), "it is still held"
    raise Killed


def test_a_lock_is_held_by_one_and_leaves_nothing(tmp_path: Path) -> None:
    lock = tmp_path / "runs" / "x" / ".lock"
    with pytest.raises(Killed), locked(lock, wait=False):
        held_elsewhere(lock)
    assert list(tmp_path.iterdir()) == []


def test_of_many_that_wait_for_a_lock_one_holds_it_at_a_time(tmp_path: Path) -> None:
    lock, within, most = tmp_path / "a" / "b" / ".lock", [], []

    def hold(number: int) -> None:
        with locked(lock, wait=True):
            within.append(number)
            most.append(len(within))
            time.sleep(0.001)
            within.remove(number)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(hold, range(100)))
    assert most == [1] * 100
    assert not lock.exists()


def test_a_device_or_a_pipe_is_written_as_it_is(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with whole_file(pipe) as place:
        place.write_text("text", encoding="utf-8")
    assert os.read(reader, 100) == b"text"
    os.close(reader)
    assert pipe.is_fifo()


def test_a_link_stays_and_a_file_keeps_its_permissions(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("old", encoding="utf-8")
    target.chmod(0o600)
    link.symlink_to(target)
    with whole_file(link) as place:
        place.write_text("new", encoding="utf-8")
    assert link.is_symlink()
    assert target.read_text(encoding="utf-8") == "new"
    assert target.stat().st_mode & 0o777 == 0o600
