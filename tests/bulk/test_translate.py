import errno
import gzip
import io
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.bulk.conftest import Bench, Upper

from ontarget.bulk import journal
from ontarget.bulk.local import Workers, in_this_process
from ontarget.bulk.translate import translate_files
from ontarget.errors import UserError
from ontarget.files import locked
from ontarget.text import in_one_line

SmallShards = Callable[[int], None]


def test_a_file_line_by_line(bench: Bench) -> None:
    bench.write(text="ein Hund\n\nzwei\u2028Hunde\r\nlong\noff")
    result = bench.run(bench.job("text"))
    assert bench.read("out") == "EIN HUND\n\nZWEI HUNDE\n\nOFF\n"
    assert bench.left == ["out", "text"]
    assert (result.summary.n, result.summary.off, list(result.summary.too_long), result.failed) == (
        5,
        1,
        [4],
        0,
    )
    assert bench.reporter.progress[0] == (0, 5)
    assert bench.reporter.progress[-1] == (5, 5)
    assert bench.reporter.said == []


def test_the_output_is_compressed_as_its_name_says(bench: Bench, small_shards: SmallShards) -> None:
    small_shards(2)
    (bench.folder / "text.gz").write_bytes(gzip.compress(b"a\nb\nc\n"))
    bench.run(bench.job("text.gz", out="out.gz"))
    assert gzip.decompress((bench.folder / "out.gz").read_bytes()) == b"A\nB\nC\n"


def test_standard_input_is_read_twice_from_a_copy(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"ein\nzwei\n")))
    bench.run(bench.job(names=["-"]))
    assert bench.read("out") == "EIN\nZWEI\n"
    assert bench.left == ["out"]


def test_a_folder_is_mirrored_and_small_files_share_shards(bench: Bench) -> None:
    (bench.folder / "in" / "sub").mkdir(parents=True)
    for name, text in {"a": "1a\n2a\n", "empty": "", "sub/c.gz": "1c\n"}.items():
        data = text.encode()
        (bench.folder / "in" / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    (bench.folder / "in" / "empty.gz").write_bytes(b"")
    upper = Upper()
    bench.run(bench.job("in", report=bench.folder / "report"), upper)
    assert upper.shards == [["1a", "2a", "1c"]]
    assert bench.read("out/a") == "1A\n2A\n"
    assert bench.read("out/empty") == ""
    assert gzip.decompress((bench.folder / "out" / "empty.gz").read_bytes()) == b""
    assert gzip.decompress((bench.folder / "out" / "sub" / "c.gz").read_bytes()) == b"1C\n"
    assert bench.left == ["in", "out", "report"]
    rows = [json.loads(line) for line in bench.read("report").splitlines()]
    assert [(Path(row["file"]).name, row["line"], row["text"]) for row in rows] == [
        ("a", 1, "1A"),
        ("a", 2, "2A"),
        ("c.gz", 1, "1C"),
    ]


def test_an_output_folder_keeps_its_other_files(bench: Bench) -> None:
    bench.write(a="1\n", b="2\n")
    (bench.folder / "out").mkdir()
    (bench.folder / "out" / "other").write_text("mine", encoding="utf-8")
    bench.run(bench.job("a", "b"))
    assert (bench.read("out/a"), bench.read("out/b"), bench.read("out/other")) == ("1\n", "2\n", "mine")


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    files=st.lists(st.lists(st.text("abß \u2028\r", max_size=4), max_size=8), min_size=1, max_size=4),
    size=st.integers(1, 5),
    stops=st.lists(st.integers(0, 19), max_size=4).map(sorted),
)
def test_stops_anywhere_change_nothing(
    tmp_path_factory: pytest.TempPathFactory,
    small_shards: SmallShards,
    files: list[list[str]],
    size: int,
    stops: list[int],
) -> None:
    """Whatever the text, the shards and the places of kills are, each output has the lines of its input."""
    bench = Bench(tmp_path_factory.mktemp("job"))
    small_shards(size)
    (bench.folder / "in").mkdir()
    inputs = [*files, [f"line {number}" for number in range(20)]]
    for number, lines in enumerate(inputs):
        data = "".join(f"{line}\n" for line in lines).encode()
        (bench.folder / "in" / str(number)).write_bytes(data)
    for stop in stops:
        with pytest.raises(KeyboardInterrupt):
            bench.run(bench.job("in"), Upper(stop_at=f"line {stop}"))
    bench.run(bench.job("in"))
    for number, lines in enumerate(inputs):
        expected = [in_one_line(line.removesuffix("\r").upper()) for line in lines]
        assert bench.read(f"out/{number}") == "".join(f"{line}\n" for line in expected)


def test_a_job_goes_on_after_the_last_finished_shard(bench: Bench, small_shards: SmallShards) -> None:
    small_shards(2)
    bench.write(text="a\nb\nc\noff\ne\n")
    with pytest.raises(KeyboardInterrupt):
        bench.run(bench.job("text"), Upper(stop_at="e"))
    assert bench.left == ["out.part", "text"]
    rest = Upper()
    result = bench.run(bench.job("text"), rest)
    assert rest.shards == [["e"]]
    assert bench.read("out") == "A\nB\nC\nOFF\nE\n"
    assert (result.summary.n, result.summary.off) == (5, 1)
    assert bench.reporter.said == ["resuming: 4 of 5 lines were translated before"]
    assert bench.left == ["out", "text"]


@pytest.mark.parametrize("kill_at", ["b", "report", "removal"])
def test_a_job_that_was_killed_while_its_files_move_translates_nothing_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, kill_at: str
) -> None:
    (bench.folder / "in").mkdir()
    for name in "ab":
        (bench.folder / "in" / name).write_text(f"{name}\n", encoding="utf-8")
    replace = Path.replace

    def killed(self: Path, target: Path) -> Path:
        if target.name == kill_at:
            raise KeyboardInterrupt
        return replace(self, target)

    def stop(folder: Path) -> None:
        raise KeyboardInterrupt

    job = bench.job("in", report=bench.folder / "report")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", killed)
        if kill_at == "removal":
            patch.setattr("shutil.rmtree", stop)
        with pytest.raises(KeyboardInterrupt):
            bench.run(job)
    rest = Upper()
    result = bench.run(job, rest)
    assert rest.shards == []
    assert (bench.read("out/a"), bench.read("out/b"), result.summary.n) == ("A\n", "B\n", 2)
    assert bench.read("report").count("\n") == 2
    assert bench.left == ["in", "out", "report"]


def started(bench: Bench, **changes: object) -> None:
    """Leaves an unfinished job."""
    bench.write(text="a\nb\n")
    with pytest.raises(KeyboardInterrupt):
        bench.run(bench.job("text", **changes), Upper(stop_at="b"))


def test_another_job_in_the_same_place_is_refused_or_replaces_it(
    bench: Bench, small_shards: SmallShards
) -> None:
    small_shards(1)
    started(bench)
    other = {"--model": "m", "--num-beams": 1}
    part = bench.folder / "out.part"
    with pytest.raises(UserError) as refused:
        bench.run(bench.job("text", settings=other))
    assert str(refused.value) == (
        f"'{part}' is an unfinished translation with --num-beams 4; give the same options to finish it, or "
        "add --overwrite to begin this one"
    )
    with pytest.raises(UserError, match="with --report off; give the same options"):
        bench.run(bench.job("text", report=bench.folder / "report"))
    bench.write(text="a\nc\n")
    with pytest.raises(UserError, match=r"translation of '.*text' with other content; give the same"):
        bench.run(bench.job("text"))
    bench.write(renamed="a\nc\n")
    with pytest.raises(UserError, match=r"translation of '.*text'; give the same input"):
        bench.run(bench.job("renamed"))
    (bench.folder / "renamed").unlink()
    bench.write(text="a\nb\n", more="c\n")
    with pytest.raises(UserError, match="of other inputs"):
        bench.run(bench.job("text", "more"))
    assert (part / "lines" / "out").read_bytes() == b"A\n"  # all of it is still there
    fresh = Upper()
    bench.run(bench.job("text", settings=other, overwrite=True), fresh)
    assert fresh.shards == [["a"], ["b"]]
    assert bench.read("out") == "A\nB\n"


def test_the_same_job_resumes_with_overwrite_too(bench: Bench, small_shards: SmallShards) -> None:
    small_shards(1)
    bench.write(out="old\n")
    started(bench, overwrite=True)
    assert bench.read("out") == "old\n"
    rest = Upper()
    bench.run(bench.job("text", overwrite=True), rest)
    assert (rest.shards, bench.read("out")) == ([["b"]], "A\nB\n")


def test_an_output_that_exists_is_kept(bench: Bench) -> None:
    bench.write(text="a\n", out="old\n")
    with pytest.raises(UserError, match=r"out' exists; choose another path, or add --overwrite"):
        bench.run(bench.job("text"))
    assert (bench.read("out"), bench.left) == ("old\n", ["out", "text"])


@pytest.mark.parametrize(
    ("data", "sentence"),
    [(b"", "is empty; it must have one segment per line"), (b"a\n\xff\n", "is not UTF-8: line 2")],
)
def test_a_mistake_in_the_input_leaves_nothing(bench: Bench, data: bytes, sentence: str) -> None:
    (bench.folder / "text").write_bytes(data)

    def no_workers(first: list[str]) -> None:
        raise AssertionError("the model was loaded before the check")

    with pytest.raises(UserError, match=sentence):
        translate_files(bench.job("text"), no_workers, bench.reporter)  # type: ignore[arg-type]
    assert bench.left == ["text"]


def test_files_of_the_user_in_the_place_of_the_job_are_left_alone(bench: Bench) -> None:
    bench.write(text="a\n")
    (bench.folder / "out.part").mkdir()
    (bench.folder / "out.part" / "mine").write_text("x", encoding="utf-8")
    with pytest.raises(UserError, match=r"holds other files \(mine\)"):
        bench.run(bench.job("text"))
    assert bench.read("out.part/mine") == "x"


def test_workers_are_given_the_first_lines_of_all_files(bench: Bench) -> None:
    bench.write(a="eins\nzwei\n", b="\n".join(f"{n}" for n in range(600)))
    given = list[list[str]]()

    def workers(first: list[str]) -> Workers:
        given.append(list(first))
        return in_this_process(Upper())

    translate_files(bench.job("a", "b"), workers, bench.reporter)
    assert given == [["eins", "zwei", *map(str, range(498))]]


def test_a_part_of_a_stream_from_before_a_kill_is_read_anew(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    (bench.folder / "out.part").mkdir()
    for name in ("input-0", ".journal.jsonl.k2f_x"):  # what a kill leaves before there is a journal
        (bench.folder / "out.part" / name).write_text("ei", encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"ein\nzwei\n")))
    bench.run(bench.job(names=["-"]))
    assert bench.read("out") == "EIN\nZWEI\n"
    assert bench.left == ["out"]


def test_two_processes_do_not_share_a_job(bench: Bench) -> None:
    bench.write(text="a\n")
    with (
        locked(bench.folder / "out.part" / ".lock", wait=False),
        pytest.raises(UserError, match="another process is translating into"),
    ):
        bench.run(bench.job("text"))


def test_a_full_disk_is_one_sentence_and_costs_one_shard(
    bench: Bench, small_shards: SmallShards, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_shards(1)
    bench.write(text="a\nb\nc\n")
    append = journal._append

    def full(path: Path, data: bytes, *, new: bool = False) -> None:
        if data == b"B\n":
            append(path, b"half", new=new)
            raise OSError(errno.ENOSPC, "No space left on device", str(path))
        append(path, data, new=new)

    with monkeypatch.context() as patch:
        patch.setattr(journal, "_append", full)
        with pytest.raises(UserError, match=r"the disk is full.*resume"):
            bench.run(bench.job("text"))
    rest = Upper()
    bench.run(bench.job("text"), rest)
    assert (rest.shards, bench.read("out")) == ([["b"], ["c"]], "A\nB\nC\n")


def test_a_mistake_during_the_work_says_what_is_kept(bench: Bench, small_shards: SmallShards) -> None:
    small_shards(1)
    bench.write(text="a\nb\n")
    with pytest.raises(UserError, match=r"stopped here \(1 of 2 lines are done; the same command resumes\)"):
        bench.run(bench.job("text"), Upper("b", UserError))
    with pytest.raises(UserError, match=r"stopped here$"):
        bench.run(bench.job("text", out="other"), Upper("a", UserError))


def test_the_first_ctrl_c_waits_for_the_end_of_the_shard(bench: Bench, small_shards: SmallShards) -> None:
    small_shards(2)
    bench.write(text="a\nb\nc\n")

    class Interrupted(Upper):
        def __call__(self, texts: object, **how: object) -> object:  # type: ignore[override]
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0)
            return super().__call__(texts, **how)  # type: ignore[arg-type]

    with pytest.raises(KeyboardInterrupt):
        bench.run(bench.job("text"), Interrupted())  # type: ignore[arg-type]
    assert bench.reporter.said == ["stopping at the end of this shard; press Ctrl-C again to stop at once"]
    rest = Upper()
    bench.run(bench.job("text"), rest)
    assert rest.shards == [["c"]]
    assert bench.read("out") == "A\nB\nC\n"


def test_a_number_of_translations_that_is_wrong_is_a_bug_not_an_output(bench: Bench) -> None:
    bench.write(text="a\nb\n")
    with pytest.raises(ValueError, match="1 translations of 2 lines"):
        bench.run(bench.job("text"), lambda texts, progress=None: Upper()(texts[:1]))
    assert "out" not in bench.left


def parquet(path: Path, columns: dict[str, Any]) -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="comes with the extra `data`")
    pytest.importorskip("pyarrow.parquet").write_table(pyarrow.table(columns), path, row_group_size=2)


def test_parquet_gets_a_column(bench: Bench, small_shards: SmallShards) -> None:
    small_shards(2)
    rows = {"id": [3, 1, 2], "de": ["ein", None, "zwei\nZeilen"]}
    parquet(bench.folder / "a.parquet", rows)
    bench.run(bench.job("a.parquet", out="b.parquet"))
    read = pytest.importorskip("pyarrow.parquet").read_table(bench.folder / "b.parquet").to_pydict()
    assert read == {**rows, "fr": ["EIN", "", "ZWEI ZEILEN"]}
    bench.run(bench.job("a.parquet", out="b.txt"))
    assert bench.left == ["a.parquet", "b.parquet", "b.txt"]


def test_parquet_under_a_name_that_is_not_utf_8(bench: Bench) -> None:
    parquet(bench.folder / "a.parquet", {"de": ["ein"]})
    (bench.folder / "in").mkdir()
    (bench.folder / "a.parquet").rename(bench.folder / "in" / os.fsdecode(b"\xe9.parquet"))
    bench.run(bench.job("in"))
    with (bench.folder / "out" / os.fsdecode(b"\xe9.parquet")).open("rb") as file:
        read = pytest.importorskip("pyarrow.parquet").read_table(file)
    assert read.to_pydict() == {"de": ["ein"], "fr": ["EIN"]}


def test_a_column_of_categories_stays_one(bench: Bench, small_shards: SmallShards) -> None:
    small_shards(2)
    pyarrow = pytest.importorskip("pyarrow", reason="comes with the extra `data`")
    cells = pyarrow.array(["ein", "zwei", "ein", None]).dictionary_encode()
    parquet(bench.folder / "a.parquet", {"de": cells})
    bench.run(bench.job("a.parquet", out="b.parquet"))
    read = pytest.importorskip("pyarrow.parquet").read_table(bench.folder / "b.parquet")
    assert read.column("de").combine_chunks().to_pylist() == cells.to_pylist()
    assert read.schema.field("de").type == cells.type
    assert read.column("fr").to_pylist() == ["EIN", "ZWEI", "EIN", ""]


def test_parquet_from_text_or_over_a_column_is_refused(bench: Bench) -> None:
    bench.write(text="a\n")
    parquet(bench.folder / "a.parquet", {"de": ["ein"], "fr": ["un"]})
    with pytest.raises(UserError, match=r"is not Parquet, so '.*out\.parquet' cannot be; choose .*out\.txt'"):
        bench.run(bench.job("text", out="out.parquet"))
    with pytest.raises(UserError, match="already has a column 'fr'"):
        bench.run(bench.job("a.parquet", out="out.parquet", column="de"))
    assert bench.left == ["a.parquet", "text"]
