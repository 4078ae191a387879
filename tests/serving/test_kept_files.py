from pathlib import Path

import pytest

from ontarget.serving.failure import Failure
from ontarget.serving.kept_files import KeptFiles


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_file_is_there_until_its_time_is_up(temporary: Path) -> None:
    clock = Clock()
    kept = KeptFiles(seconds=10, clock=clock)
    first = kept.put("../a.txt", b"one")
    clock.now = 6.0
    second = kept.put("a.txt", b"two")
    assert kept.get(first).path.read_bytes() == b"one"
    assert kept.get(first).path.parent.parent == temporary  # whatever the client calls it
    clock.now = 10.0
    with pytest.raises(Failure, match="there is no such file") as gone:
        kept.get(first)
    assert gone.value.status == 404
    assert kept.get(second).name == "a.txt"
    assert [path.read_bytes() for path in files_in(temporary)] == [b"two"]


def test_nothing_is_left(temporary: Path) -> None:
    kept = KeptFiles()
    token = kept.put("a.txt", b"one")
    kept.put("b.txt", b"two")
    kept.remove(token)
    kept.remove(token)
    assert len(files_in(temporary)) == 1
    assert (temporary / next(temporary.iterdir())).stat().st_mode & 0o077 == 0
    kept.close()
    assert list(temporary.iterdir()) == []


def test_there_is_room_for_so_many_bytes() -> None:
    kept = KeptFiles(largest=5)
    token = kept.put("a.txt", b"one")
    with pytest.raises(Failure, match="wait for their download") as full:
        kept.put("b.txt", b"two")
    assert full.value.headers == {"Retry-After": "60"}
    kept.remove(token)
    kept.put("b.txt", b"two")


def test_tokens_cannot_be_guessed() -> None:
    kept = KeptFiles()
    tokens = {kept.put("a.txt", b"") for _ in range(50)}
    assert len(tokens) == 50
    assert min(map(len, tokens)) >= 43  # 256 bits
    kept.close()
