import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ontarget.bulk.journal import Journal


@pytest.fixture
def job(tmp_path: Path) -> Path:
    """A job of two finished shards."""
    journal = Journal(tmp_path)
    assert journal.header is None
    journal.begin({"model": "m"})
    journal.add({"lines/a": b"eins\n", "report": b"1\n"}, 1, summary={"n": 1})
    journal.add({"lines/a": b"zwei\n", "lines/b": b"drei\n", "report": b"2\n3\n"}, 2, summary={"n": 3})
    return tmp_path


def resumed(folder: Path) -> Journal:
    journal = Journal(folder)
    journal.resume()
    return journal


def files(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in ("lines/a", "lines/b", "report")}


WHOLE = {"lines/a": b"eins\nzwei\n", "lines/b": b"drei\n", "report": b"1\n2\n3\n"}


def test_a_journal_knows_what_was_done(job: Path) -> None:
    journal = resumed(job)
    assert (journal.header, journal.lines, journal.last["summary"]) == ({"model": "m"}, 3, {"n": 3})
    assert files(job) == WHOLE


def test_parts_of_a_shard_that_was_not_finished_are_cut_off(job: Path) -> None:
    with (job / "lines" / "a").open("ab") as file:
        file.write(b"halb")
    (job / "lines" / "c").write_bytes(b"half of a new file")
    with (job / "journal.jsonl").open("ab") as file:
        file.write(b'{"lines": 5, "wro')
    journal = resumed(job)
    assert journal.lines == 3
    assert files(job) == WHOLE
    journal.add({"lines/c": b"vier\n"}, 1)
    assert (job / "lines" / "c").read_bytes() == b"vier\n"
    assert resumed(job).lines == 4


@pytest.mark.parametrize("damaged", ["lines/a", "lines/b", "report"])
@pytest.mark.parametrize("how", ["changed", "cut", "removed"])
def test_a_shard_whose_files_are_damaged_is_done_again(job: Path, damaged: str, how: str) -> None:
    path = job / damaged
    data = path.read_bytes()
    match how:
        case "changed":
            path.write_bytes(data[:-2] + b"#\n")
        case "cut":
            path.write_bytes(data[:-1])
        case _:
            path.unlink()
    journal = Journal(job)
    first = 0 if how == "removed" and damaged != "lines/b" else 1
    assert journal.lines == first
    journal.resume()
    if first:
        assert (job / "lines" / "a").read_bytes() == b"eins\n"
    assert len((job / "journal.jsonl").read_bytes().splitlines()) == 1 + first


@given(st.integers(0, 10**4))
def test_a_kill_at_any_byte_leaves_whole_shards(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    folder = tmp_path_factory.mktemp("job")
    journal = Journal(folder)
    journal.begin({})
    for number in range(4):
        journal.add({"a": b"%d\n" % number}, 1)
    entries = (folder / "journal.jsonl").read_bytes()
    kept = entries[: len(entries.split(b"\n")[0]) + 1 + cut % len(entries)]
    (folder / "journal.jsonl").write_bytes(kept)
    lines = resumed(folder).lines
    assert lines == kept.count(b"\n") - 1
    if lines:
        assert (folder / "a").read_bytes() == b"".join(b"%d\n" % number for number in range(lines))


def test_a_complete_job_does_not_look_for_files_that_have_moved(job: Path) -> None:
    Journal(job).finish()
    (job / "lines" / "a").unlink()
    journal = Journal(job)
    assert (journal.complete, journal.lines, journal.last["summary"]) == (True, 3, {"n": 3})


def test_entries_are_json_lines(job: Path) -> None:
    first, *entries = map(json.loads, (job / "journal.jsonl").read_text(encoding="utf-8").splitlines())
    assert first == {"model": "m"}
    assert [entry["lines"] for entry in entries] == [1, 2]
    assert entries[1]["wrote"]["lines/b"][0] == 5
