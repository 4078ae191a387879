"""What a bulk translation takes the place of, and what it says of an unfinished one."""

import json
import os
from pathlib import Path

import pytest
from tests.bulk.conftest import Bench, Upper
from tests.bulk.test_translate import SmallShards, started

from ontarget.errors import UserError


def test_a_report_calls_an_input_by_one_name(bench: Bench, small_shards: SmallShards) -> None:
    small_shards(1)
    report = bench.folder / "report"
    started(bench, report=report)
    (bench.folder / "text").rename(bench.folder / "renamed")
    bench.run(bench.job("renamed", report=report))
    rows = [json.loads(line) for line in bench.read("report").splitlines()]
    assert [row["file"] for row in rows] == [str(bench.folder / "text")] * 2


@pytest.mark.parametrize("option", ["-o", "--report"])
def test_a_pipe_is_not_replaced(bench: Bench, option: str) -> None:
    bench.write(text="a\n")
    os.mkfifo(bench.folder / "pipe")
    given = {"out": "pipe"} if option == "-o" else {"report": bench.folder / "pipe"}
    with pytest.raises(UserError, match=f"^{option} '.*pipe' is not a file, and would be replaced; choose"):
        bench.run(bench.job("text", **given))  # type: ignore[arg-type]
    assert bench.left == ["pipe", "text"]
    reading, writing = os.pipe()
    given = {key: Path(f"/dev/fd/{writing}") for key in given}
    with pytest.raises(
        UserError, match=f"^{option} '/dev/fd/.*' is not a file, and would be replaced; choose"
    ):
        bench.run(bench.job("text", **given))  # type: ignore[arg-type]
    os.close(reading)
    os.close(writing)


@pytest.mark.parametrize(
    ("names", "report"),
    [
        (["text"], "out"),
        (["text"], "./in/../out"),
        (["text"], "out/report"),
        (["text"], "out.part"),
        (["text"], "out.part/report.jsonl"),
        (["text", "in"], "out"),
        (["text", "in"], "out/text"),
        (["text", "in"], "out/sub"),
        (["text", "in"], "in/sub/a"),
    ],
)
def test_a_report_never_takes_the_place_of_text(bench: Bench, names: list[str], report: str) -> None:
    (bench.folder / "in" / "sub").mkdir(parents=True)
    bench.write(**{"text": "a\n", "in/sub/a": "b\n"})
    asked = Upper()
    with pytest.raises(UserError, match=r"^--report '.*'.* overwr.*choose another path"):
        bench.run(bench.job(*names, report=bench.folder / report, overwrite=True), asked)
    assert (asked.shards, bench.left) == ([], ["in", "text"])
    assert bench.read("in/sub/a") == "b\n"


def test_names_that_are_not_utf_8(bench: Bench, small_shards: SmallShards) -> None:
    small_shards(1)
    name = os.fsdecode(b"nom\xe9")
    (bench.folder / "in").mkdir()
    bench.write(**{f"in/{name}": "a\nb\n"})
    job = bench.job("in", report=bench.folder / "report")
    with pytest.raises(KeyboardInterrupt):
        bench.run(job, Upper(stop_at="b"))
    rest = Upper()
    bench.run(job, rest)
    assert (rest.shards, bench.read(f"out/{name}")) == ([["b"]], "A\nB\n")
    rows = [json.loads(line) for line in bench.read("report").splitlines()]
    assert [row["file"] for row in rows] == [str(bench.folder / "in" / r"nom\xe9")] * 2


@pytest.mark.parametrize("damaged", [b"", b"{}\n", b"[]\n", b"\xff\n", b'{"settings": {}}\n'])
def test_a_damaged_journal_is_one_sentence_and_can_be_replaced(
    bench: Bench, small_shards: SmallShards, damaged: bytes
) -> None:
    small_shards(1)
    started(bench)
    (bench.folder / "out.part" / "journal.jsonl").write_bytes(damaged)
    with pytest.raises(UserError) as refused:
        bench.run(bench.job("text"))
    assert str(refused.value) == (
        f"'{bench.folder / 'out.part'}' is an unfinished translation with a damaged journal; move it away, "
        "or add --overwrite to begin this one"
    )
    assert bench.read("out.part/lines/out") == "A\n"
    bench.run(bench.job("text", overwrite=True))
    assert (bench.read("out"), bench.left) == ("A\nB\n", ["out", "text"])


def test_an_entry_that_is_not_one_is_translated_again(bench: Bench, small_shards: SmallShards) -> None:
    small_shards(1)
    started(bench)
    with (bench.folder / "out.part" / "journal.jsonl").open("a", encoding="utf-8") as file:
        file.write("{}\n")
    rest = Upper()
    bench.run(bench.job("text"), rest)
    assert (rest.shards, bench.read("out")) == ([["b"]], "A\nB\n")
