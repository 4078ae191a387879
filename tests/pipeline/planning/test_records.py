"""Records of files: complete after work, right after a kill, and written without repetition."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ontarget.pipeline.planning import records
from ontarget.pipeline.planning.records import read_record, recording

JOURNAL = "ontarget.journal"


def add(folder: Path, **entries: int) -> None:
    with recording(folder) as record:
        for key, size in entries.items():
            with record.making(key, lambda size=size: {"size": size}):
                pass


def test_a_record_is_one_file_when_the_work_is_done(tmp_path: Path) -> None:
    add(tmp_path, a=1, b=2)
    add(tmp_path, b=3, c=4)
    assert [path.name for path in tmp_path.iterdir()] == ["ontarget.json"]
    found = json.loads((tmp_path / "ontarget.json").read_text())
    assert found == read_record(tmp_path) == {"a": {"size": 1}, "b": {"size": 3}, "c": {"size": 4}}


def test_all_entries_are_written_once_and_each_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Writing them all for each file would cost the square of their number."""
    written, write = list[int](), records.write_json
    monkeypatch.setattr(records, "write_json", lambda path, of: written.append(len(of)) or write(path, of))
    lines = list[int]()
    with recording(tmp_path) as record:
        for number in range(50):
            before = (tmp_path / JOURNAL).stat().st_size if number else 0
            with record.making(f"{number:02}", lambda: {"size": 1}):
                pass
            lines.append((tmp_path / JOURNAL).stat().st_size - before)
    assert written == [50]
    assert len(set(lines)) == 1


def test_what_was_made_before_a_kill_counts_and_the_file_in_progress_does_not(tmp_path: Path) -> None:
    add(tmp_path, a=1, b=2)
    record = records.Recorder(tmp_path)
    with record.making("c", lambda: {"size": 3}):
        pass
    with record.making("a", lambda: {"size": 4}):
        assert read_record(tmp_path) == {"b": {"size": 2}, "c": {"size": 3}}, "as a kill leaves it"
    assert read_record(tmp_path)["a"] == {"size": 4}
    add(tmp_path, d=5)
    assert not (tmp_path / JOURNAL).exists()
    assert set(read_record(tmp_path)) == {"a", "b", "c", "d"}


def test_an_error_leaves_the_other_entries(tmp_path: Path) -> None:
    add(tmp_path, a=1, b=2)
    with pytest.raises(KeyError), recording(tmp_path) as record, record.making("a", lambda: {"size": 3}):
        raise KeyError
    assert read_record(tmp_path) == {"b": {"size": 2}}
    assert [path.name for path in tmp_path.iterdir()] == ["ontarget.json"]


@given(st.integers(0, 57))
def test_a_journal_that_was_cut_counts_up_to_its_last_whole_line(
    tmp_path_factory: pytest.TempPathFactory, size: int
) -> None:
    folder = tmp_path_factory.mktemp("cut")
    lines = [json.dumps({key: {"size": 1}}) + "\n" for key in "abc"]
    (folder / JOURNAL).write_text("".join(lines)[:size])
    end = len(lines[0])
    whole = [key for number, key in enumerate("abc", start=1) if size >= number * end - 1]
    assert list(read_record(folder)) == whole
    add(folder, d=2)
    assert list(read_record(folder)) == [*whole, "d"]


@pytest.mark.parametrize("content", [b"3\n", b"[1]\n", b"\xff\xfe\x00", b"null\n", b'{"a": '])
def test_a_damaged_journal_counts_for_nothing(tmp_path: Path, content: bytes) -> None:
    add(tmp_path, a=1)
    (tmp_path / JOURNAL).write_bytes(content)
    assert read_record(tmp_path) == {"a": {"size": 1}}


def test_without_work_nothing_is_written(tmp_path: Path) -> None:
    with recording(tmp_path / "none"):
        pass
    assert not (tmp_path / "none").exists()
